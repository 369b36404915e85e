"""Numbers before paragraphs of slides: which setting holds where, and how counts are written."""

from __future__ import annotations

import struct

import pytest

from appliance.formats.ole.ppt_numbers import prefixes

BULLET, PLAIN = struct.pack("<IH", 1, 1), struct.pack("<I", 0)


def styles(*runs: tuple[int, int, int, bool]) -> bytes:
    """For each stretch of text its length, level, number of the setting, whether it has a mark."""
    paragraphs = b"".join(
        struct.pack("<IH", length, level) + (BULLET if bullet else PLAIN)
        for length, level, _, bullet in runs
    )
    return paragraphs + b"".join(
        struct.pack("<IIH", length, 0x400, setting << 10) for length, _, setting, _ in runs
    )


def setting(scheme: int | None = None, start: int = 1) -> bytes:
    if scheme is None:
        return struct.pack("<IHII", 1 << 25, 1, 0, 0)
    return struct.pack("<IHHHII", 3 << 24, 1, scheme, start, 0, 0)


NONE = struct.pack("<III", 0, 0, 0)


@pytest.mark.parametrize(
    ("scheme", "shown"),
    [(None, "1. "), (2, "1) "), (8, "(a) "), (7, "I. "), (13, "1 "), (99, "1. ")],
)
def test_schemes(scheme: int | None, shown: str) -> None:
    assert prefixes("One", styles((4, 0, 0, True)), setting(scheme)) == [shown]


def test_counting_goes_on_below_and_begins_anew_after_other_text() -> None:
    text = "A\rB\rb\rC\rplain\rD"
    runs = styles(
        (4, 0, 1, True), (2, 1, 1, True), (2, 0, 1, True), (6, 0, 0, False), (2, 0, 1, True)
    )

    found = prefixes(text, runs, NONE + setting(3, 5))

    assert found == ["5. ", "6. ", "5. ", "7. ", "", "5. "]


def test_marks_that_are_no_numbers() -> None:
    assert prefixes("A\rB", styles((4, 0, 0, True)), NONE) == ["", ""]
    assert prefixes("A\rB", styles((4, 0, 0, False)), setting()) == ["", ""]
    assert prefixes("A\rB", b"", b"") == ["", ""]


@pytest.mark.parametrize("cut", range(0, 30, 3))
def test_settings_that_are_cut_end(cut: int) -> None:
    text = "A\rB"
    assert len(prefixes(text, styles((4, 0, 0, True))[:cut], setting()[: 14 - cut // 3])) == 2
