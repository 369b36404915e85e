"""One text, elements that point into it, and bounds."""

from __future__ import annotations

import pytest

from appliance.documents import ElementKind, Gap
from appliance.formats.build import MOST_CHARACTERS, DocumentBuilder, clean
from appliance.sandbox.outcome import Outcome, ReadingFailed


def test_elements_point_into_one_text() -> None:
    builder = DocumentBuilder("text/plain")
    builder.add(ElementKind.TITLE, "Fees")
    builder.add_row(["Year", "", "EUR\n5"])
    builder.add_row(["2023", "N/A"])
    builder.add(ElementKind.TEXT, "\x00 \n ")
    builder.add(ElementKind.TEXT, "The  end.")

    parsed = builder.finish()

    assert parsed.text == "Fees\n\nYear | EUR 5\n2023 | N/A\n\nThe end."
    assert [e.span.of(parsed.text) for e in parsed.elements] == [
        "Fees",
        "Year | EUR 5",
        "2023 | N/A",
        "The end.",
    ]
    assert parsed.title == "Fees"


def test_the_same_gap_is_said_once() -> None:
    builder = DocumentBuilder("text/plain")
    builder.add_gap("no text layer", 2)
    builder.add_gap("no text layer", 2)
    builder.add_gap("no text layer", 3)

    assert builder.finish().gaps == (Gap("no text layer", 2), Gap("no text layer", 3))


@pytest.mark.parametrize(
    ("untrusted", "cleaned"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        (" a \u00a0 b \n\n\n c ", "a b\nc"),
        ("a\x07b\x1b[0m", "ab[0m"),
        ("visible\U000e0041\U000e0042", "visible"),
        ("pair \ud83d alone", "pair alone"),
        ("Grüße 🙂 שלום", "Grüße 🙂 שלום"),
    ],
)
def test_clean(untrusted: str, cleaned: str) -> None:
    assert clean(untrusted) == cleaned


def test_a_document_without_end_is_stopped() -> None:
    builder = DocumentBuilder("text/plain")
    builder.add(ElementKind.TEXT, "begin")

    with pytest.raises(ReadingFailed) as caught:
        builder.add(ElementKind.TEXT, "x" * MOST_CHARACTERS)

    assert caught.value.outcome is Outcome.TOO_LARGE
