"""The answer of the confined reader: what is built comes back, what breaks a bound is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import ElementKind
from appliance.errors import ReaderViolation
from appliance.formats import reading
from appliance.formats.build import DocumentBuilder
from appliance.formats.reading import Part, Reading, Scan, Wishes


def answer() -> Reading:
    builder = DocumentBuilder("application/pdf")
    builder.add(ElementKind.TEXT, "One two.", 1)
    parts = (Part("a/b.txt", b"three"), Part("c.bin", b"", "it is encrypted"))
    return Reading(builder.finish(pages=2), parts, 2, (Scan(1, 2), Scan(7)))


def sent(tail: bytes = b"", **changes: object) -> bytes:
    head: dict[str, object] = {"document": None, "parts": [], "next": None, "scans": []}
    encoded = json.dumps(head | changes).encode()
    return len(encoded).to_bytes(4, "big") + encoded + tail


def test_an_answer_and_wishes_come_back() -> None:
    wishes = Wishes(".txt", ("pässwort", "\udcff"), 3, 7)

    assert reading.decode(reading.encode(answer())) == answer()
    assert reading.decode(sent()) == Reading(None)
    assert Wishes.decode(wishes.encode()) == wishes


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        sent(extra=1),
        sent(document=-1),
        sent(document=5),
        sent(document=2, tail=b"{}"),
        sent(tail=b"more than was said"),
        sent(parts=[["a", 4, ""]], tail=b"abc"),
        sent(parts=[["../a", 0, ""]]),
        sent(parts=[["/a", 0, ""]]),
        sent(parts=[["a\nb", 0, ""]]),
        sent(parts=[["", 0, ""]]),
        sent(parts=[["x" * 1025, 0, ""]]),
        sent(parts=[["a", 0, "x" * 201]]),
        sent(parts=[["a", True, ""]], tail=b"x"),
        sent(parts=[["a", 0]]),
        sent(next=-1),
        sent(next="2"),
        sent(scans=[[0, 1]]),
        sent(scans=[[-1, None]]),
        sent(scans={}),
        (1 << 31).to_bytes(4, "big") + b"{}",
        (2).to_bytes(4, "big") + b"[]",
        (2).to_bytes(4, "big") + b"\xff\xff",
    ],
)
def test_everything_out_of_bounds_is_refused(untrusted: bytes) -> None:
    with pytest.raises(ReaderViolation, match="broke its bounds"):
        reading.decode(untrusted)


@given(st.binary(max_size=300) | st.integers(0, 200).map(lambda at: reading.encode(answer())[:at]))
def test_any_bytes_are_refused_and_nothing_else_happens(untrusted: bytes) -> None:
    with pytest.raises(ReaderViolation):
        reading.decode(untrusted)
