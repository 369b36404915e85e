"""What crosses from the confined child comes back equal, or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import (
    Box,
    Cell,
    Concealment,
    Element,
    ElementKind,
    Flag,
    Gap,
    HiddenText,
    Mark,
    ParsedDocument,
    Row,
    Span,
    Tally,
    Unit,
)
from appliance.errors import ReaderViolation
from appliance.formats import wire
from appliance.formats.build import DocumentBuilder, clean

GOOD = {
    "v": 2,
    "media_type": "text/plain",
    "text": "One two.",
    "title": None,
    "pages": 2,
    "elements": [
        ["table_row", 0, 8, 1, [10, 20, 35, 40], [0, 3, 1, 2, 3, 4], [0, 1, 4, 8, 2, 1], 97]
    ],
    "gaps": [["no text layer", 2, "pages", 1]],
    "tallies": [["pages", 2, 1]],
    "flags": ["recognised text"],
    "hidden": [["not painted", "three", 1]],
}
ROW = ["text", 0, 8, 1]


def sent(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_document_comes_back() -> None:
    parsed = wire.decode(sent())

    assert parsed.elements == (
        Element(
            ElementKind.TABLE_ROW,
            Span(0, 8),
            page=1,
            box=Box(1.0, 2.0, 3.5, 4.0),
            marks=(Mark(Span(0, 3), Box(0.1, 0.2, 0.3, 0.4)),),
            row=Row(0, True, (Cell(Span(4, 8), column=2),)),
            confidence=0.97,
        ),
    )
    assert parsed.gaps == (Gap("no text layer", 2, Unit.PAGES),)
    assert parsed.tallies == (Tally(Unit.PAGES, 2, 1),)
    assert parsed.flags == (Flag.RECOGNISED,)
    assert parsed.hidden == (HiddenText(Concealment.INVISIBLE, "three", 1),)
    assert wire.decode(wire.encode(parsed)) == parsed


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 1},
        {"extra": 1},
        {"text": None},
        {"text": "One two.\x00", "elements": [["text", 0, 9, 1]]},
        {"text": "One two.\ud800", "elements": [["text", 0, 9, 1]]},
        {"text": "One two.", "elements": []},
        {"text": "x One two.", "elements": [["text", 2, 10, 1]]},
        {"elements": [["text", 0, 9, 1]]},
        {"elements": [["text", 0, 8, 3]]},
        {"elements": [["text", 0, 8, 0]]},
        {"elements": [["text", 0, 8, True]]},
        {"elements": [["text", 0, 0, 1], ["text", 0, 8, 1]]},
        {"elements": [["text", 0, 5, 1], ["text", 4, 8, 1]]},
        {"elements": [["text", -1, 8, 1]]},
        {"elements": [["text", 0.0, 8, 1]]},
        {"elements": [["script", 0, 8, 1]]},
        {"elements": [[["text"], 0, 8, 1]]},
        {"elements": [[*ROW, [1, 2, 3]]]},
        {"elements": [[*ROW, [1, 2, 3, 10**9]]]},
        {"elements": [[*ROW, [1, 2, 3, "4"]]]},
        {"elements": [[*ROW, [1, 2, 3, True]]]},
        {"elements": [[*ROW, [1, 2, 3, 1.5]]]},
        {"elements": [[*ROW, None, [0, 3, 1, 2, 3]]]},
        {"elements": [[*ROW, None, [0, 9, 1, 2, 3, 4]]]},
        {"elements": [[*ROW, None, [4, 8, 1, 2, 3, 4, 0, 3, 1, 2, 3, 4]]]},
        {"elements": [[*ROW, None, None, [0]]]},
        {"elements": [[*ROW, None, None, [0, 2]]]},
        {"elements": [[*ROW, None, None, [0, 0, 4, 9, 0, 1]]]},
        {"elements": [[*ROW, None, None, [0, 0, 0, 3, 1, 1, 4, 8, 1, 1]]]},
        {"elements": [[*ROW, None, None, [0, 0, 0, 3, 0, 0]]]},
        {"elements": [[*ROW, None, None, None, 101]]},
        {"elements": [[*ROW, None, None, None, 97, 1]]},
        {"elements": {"0": 1}},
        {"gaps": [["x" * 201, 1, None, 1]]},
        {"gaps": [["x", 9, None, 1]]},
        {"gaps": [["x", 1, "pounds", 1]]},
        {"gaps": [["x", 1, None, 0]]},
        {"gaps": ["x"]},
        {"tallies": [["pages", 1, 2]]},
        {"tallies": [["pages", 2, -1]]},
        {"tallies": [["pages", 2, 1], ["pages", 2, 2]]},
        {"flags": ["harmless"]},
        {"flags": "recognised text"},
        {"hidden": [["not painted", "three", 3]]},
        {"hidden": [["painted", "three", 1]]},
        {"pages": 0},
        {"pages": 10**9},
        {"title": "x" * 301},
        {"media_type": 5},
    ],
)
def test_everything_out_of_bounds_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ReaderViolation, match="broke its bounds"):
        wire.decode(sent(**changes))


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"null",
        b"[1]",
        b"\xff",
        b"[" * 100_000,
        b'{"v":NaN}',
        b'{"v":' + b"9" * 10_000 + b"}",
        sent().replace(b"97", b"Infinity"),
        sent().replace(b"97", b"1e999"),
    ],
)
def test_what_is_no_document_is_refused(untrusted: bytes) -> None:
    with pytest.raises(ReaderViolation):
        wire.decode(untrusted)


@given(st.binary(max_size=300) | st.integers(0, 150).map(lambda at: sent()[:at]))
def test_any_bytes_are_refused_and_nothing_else_happens(untrusted: bytes) -> None:
    with pytest.raises(ReaderViolation):
        wire.decode(untrusted)


@given(st.lists(st.tuples(st.sampled_from(ElementKind), st.text(max_size=40)), max_size=12))
def test_whatever_is_built_crosses_unchanged(pieces: list[tuple[ElementKind, str]]) -> None:
    builder = DocumentBuilder("text/plain")
    for kind, text in pieces:
        builder.add(kind, text)
    built: ParsedDocument = builder.finish()

    assert wire.decode(wire.encode(built)) == built
    assert [e.span.of(built.text) for e in built.elements] == [
        cleaned for _, text in pieces if (cleaned := clean(text))
    ]


def test_a_box_beyond_every_page_is_placed_at_the_bound() -> None:
    builder = DocumentBuilder("application/pdf")
    builder.add(ElementKind.TEXT, "far away", 1, Box(-2e9, 0, 2e9, float("inf")))
    (element,) = wire.decode(wire.encode(builder.finish(1))).elements
    assert element.box == Box(-20_000.0, 0.0, 20_000.0, 20_000.0)
