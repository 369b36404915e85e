"""Fragments in their document: page order, tables, account, and which of two texts is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import (
    Box,
    Concealment,
    ElementKind,
    Flag,
    Gap,
    ParsedDocument,
    Tally,
    Unit,
)
from appliance.formats import kinds, wire
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.merge import SUPERSEDED, layer_is_better, merge, plausibility
from appliance.formats.pdf.document import read_pdf
from appliance.formats.reading import Scan

SAMPLES = Path(__file__).parent.parent / "samples"
TOO_SLOW = "the text of this page could not be recognised: it took too long"
RECOGNISED = "\n".join(
    json.loads((SAMPLES / "scans" / "truth.json").read_text("utf-8"))["contract_tilted.pdf"]
)

Pieces = list[tuple[int | None, str]]  # page, text; a text with a bar is a row


def document(pieces: Pieces, pages: int | None, media_type: str = kinds.PDF) -> ParsedDocument:
    builder = DocumentBuilder(media_type)
    table: int | None = None
    for page, text in pieces:
        if "|" in text:
            table = builder.new_table() if table is None else table
            cells = [
                Entry(cell, at, box=Box(0, 0, 9, 9)) for at, cell in enumerate(text.split("|"))
            ]
            builder.add_row(cells, page, table=table)
        else:
            table = None
            builder.add_marked(ElementKind.TEXT, [(w, Box(1, 1, 2, 2)) for w in text.split()], page)
    return builder.finish(pages)


def texts(merged: ParsedDocument) -> Pieces:
    return [(e.page, e.span.of(merged.text)) for e in merged.elements]


def test_pages_take_their_place() -> None:
    layer = document([(1, "one"), (3, "three"), (5, "five")], 5)
    outcomes = [
        (Scan(at - 1, at), document([(at, name)], 5)) for at, name in ((4, "four"), (2, "two"))
    ]
    merged = merge(layer, outcomes)
    assert merged.text == "one\n\ntwo\n\nthree\n\nfour\n\nfive"
    assert Flag.RECOGNISED in merged.flags


def test_a_document_of_scans_alone_is_its_fragments() -> None:
    fragment = document([(2, "second page"), (2, "a|b"), (2, "c|d")], 2)
    merged = merge(
        document([], 2), [(Scan(1, 2), fragment), (Scan(0, 1), document([(1, "first")], 2))]
    )
    assert texts(merged) == [(1, "first"), (2, "second page"), (2, "a | b"), (2, "c | d")]
    for element in merged.elements:
        for mark in element.marks:
            assert element.span.begin <= mark.span.begin < mark.span.end <= element.span.end
    assert wire.decode(wire.encode(merged)) == merged


def test_tables_of_two_pages_stay_two() -> None:
    outcomes = [(Scan(at, at + 1), document([(at + 1, "a|b")], 3)) for at in range(3)]
    merged = merge(document([(1, "x|y")], 3, kinds.PDF), outcomes[1:])
    assert [e.row.table for e in merged.elements if e.row] == [0, 1, 2]
    assert [c.span.of(merged.text) for e in merged.elements if e.row for c in e.row.cells] == [
        *"xyabab"
    ]


def test_pictures_of_a_presentation_come_after_their_slide() -> None:
    layer = document([(1, "slide one"), (2, "slide two")], 2, kinds.PPTX)
    fragment = document([(None, "in the picture")], None, kinds.PPTX)
    merged = merge(layer, [(Scan(0, 1), fragment)])
    assert texts(merged) == [(1, "slide one"), (1, "in the picture"), (2, "slide two")]


def test_pictures_without_a_page_come_last() -> None:
    layer = replace(
        document([(None, "prose")], None, kinds.DOCX), tallies=(Tally(Unit.PICTURES, 2, 0),)
    )
    fragment = document([(None, "in the picture")], None, kinds.DOCX)
    merged = merge(layer, [(Scan(0), fragment), (Scan(1), TOO_SLOW)])
    assert merged.text == "prose\n\nin the picture"
    assert merged.tallies == (Tally(Unit.PICTURES, 2, 1),)
    assert merged.gaps == (Gap(TOO_SLOW, None, Unit.PICTURES),)
    assert merged.unexplained() == ()


def test_the_account_says_what_was_recognised_and_what_was_not() -> None:
    layer = replace(document([], 3), tallies=(Tally(Unit.PAGES, 3, 0),))
    blank = document([], 3)
    merged = merge(
        layer,
        [(Scan(0, 1), document([(1, "text")], 3)), (Scan(1, 2), blank), (Scan(2, 3), TOO_SLOW)],
    )
    assert merged.tallies == (Tally(Unit.PAGES, 3, 2),)
    assert merged.gaps == (Gap(TOO_SLOW, 3, Unit.PAGES),)
    assert merged.unexplained() == ()
    assert merge(layer, []).unexplained() == (Tally(Unit.PAGES, 3, 0),)


def test_what_a_fragment_says_of_itself_is_kept() -> None:
    builder = DocumentBuilder(kinds.PDF)
    builder.add(ElementKind.TITLE, "Deed of Gift", 1)
    builder.add_gap("left out", None)
    builder.hide(Concealment.TAGS, "secret", 1)
    merged = merge(document([], 1), [(Scan(0, 1), builder.finish(1))])
    assert merged.title == "Deed of Gift"
    assert merged.gaps == (Gap("left out", 1),)
    assert [hidden.text for hidden in merged.hidden] == ["secret"]
    assert set(merged.flags) == {Flag.HIDDEN_TEXT, Flag.RECOGNISED}


@given(
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["alpha", "beta gamma", "r|s", "t|u"]))),
    st.sets(st.integers(1, 6)),
)
def test_nothing_is_lost_and_pages_stay_in_order(pieces: Pieces, scanned: set[int]) -> None:
    layer = document(
        sorted((p for p in pieces if p[0] not in scanned), key=lambda piece: piece[0] or 0), 6
    )
    outcomes = [(Scan(p - 1, p), document([(p, f"page {p}"), (p, "v|w")], 6)) for p in scanned]
    merged = merge(layer, outcomes)
    pages = [e.page or 0 for e in merged.elements]
    assert pages == sorted(pages)
    wanted = texts(layer) + [piece for _, fragment in outcomes for piece in texts(fragment)]
    assert sorted(map(str, texts(merged))) == sorted(map(str, wanted))
    assert wire.decode(wire.encode(merged)) == merged
    tables = [e.row.table for e in merged.elements if e.row]
    assert len(set(tables)) == len({*(e.row.table for e in layer.elements if e.row)}) + len(scanned)


# --- a text layer, or what was recognised ---------------------------------------------------------

# as a font without a map of its own to characters gives it: every code 29 too low
SHIFTED = "".join(chr(ord(c) - 29) if "A" <= c <= "z" else c for c in RECOGNISED)
_LINES = zip(RECOGNISED.splitlines(), SHIFTED.splitlines(), strict=True)
PARTLY_SHIFTED = "\n".join(bad if at % 3 == 2 else good for at, (good, bad) in enumerate(_LINES))
WITH_SLIPS = RECOGNISED.replace("e", "c", 40).replace("rn", "m")


@pytest.mark.parametrize(
    ("layer", "recognised", "better"),
    [
        pytest.param(RECOGNISED, WITH_SLIPS, True, id="a good layer"),
        pytest.param(SHIFTED, RECOGNISED, False, id="a wrong encoding"),
        pytest.param(PARTLY_SHIFTED, RECOGNISED, False, id="one font of several is garbled"),
        pytest.param("\ue001\ue002\ue003 \ue004" * 90, RECOGNISED, False, id="no characters"),
        pytest.param(
            "Page 3 of 9", RECOGNISED + "\nPage 3 of 9", False, id="a number put on later"
        ),
        pytest.param("RECEIVED 4 May 2015", RECOGNISED, False, id="a stamp put on later"),
        pytest.param(RECOGNISED[:900], RECOGNISED, False, id="half of the page"),
        pytest.param(RECOGNISED, RECOGNISED[:900], True, id="half was recognised"),
        pytest.param(RECOGNISED, "", True, id="nothing was recognised"),
    ],
)
def test_the_better_text_is_told(layer: str, recognised: str, better: bool) -> None:
    assert layer_is_better(layer, recognised) is better


def test_real_text_is_plausible_and_garbled_text_is_not() -> None:
    for file in sorted((SAMPLES / "demo").rglob("*.pdf")):
        assert plausibility(read_pdf(file.read_bytes()).text) > 0.85, file.name
    assert plausibility(RECOGNISED) > 0.9
    assert plausibility(SHIFTED) < 0.6
    assert plausibility("") == 0


def test_a_garbled_layer_gives_way_and_is_accounted_for() -> None:
    garbled = document([(1, SHIFTED), (2, "A page that is well.")], 2)
    seen = sum(len(t.replace(" ", "")) for _, t in texts(garbled))
    layer = replace(garbled, tallies=(Tally(Unit.PAGES, 2, 1), Tally(Unit.CHARACTERS, seen, seen)))
    merged = merge(layer, [(Scan(0, 1), document([(1, RECOGNISED)], 2))])
    assert [page for page, _ in texts(merged)] == [1, 2]
    assert texts(merged)[0][1] == " ".join(RECOGNISED.split())
    lost = next(gap for gap in merged.gaps if gap.reason == SUPERSEDED)
    assert lost.unit is Unit.CHARACTERS
    assert lost.amount == len("".join(SHIFTED.split()))
    assert merged.tallies[1] == Tally(Unit.CHARACTERS, seen, seen - lost.amount)
    assert merged.unexplained() == ()


def test_a_good_layer_stays_as_it_is() -> None:
    layer = replace(document([(1, RECOGNISED)], 1), tallies=(Tally(Unit.PAGES, 1, 0),))
    merged = merge(layer, [(Scan(0, 1), document([(1, WITH_SLIPS)], 1))])
    assert merged.text == layer.text
    assert merged.tallies == (Tally(Unit.PAGES, 1, 1),)


def test_a_note_on_a_scan_is_kept_beside_what_was_recognised() -> None:
    note = "Ask counsel about clause seven"
    layer = document([(1, note), (1, "Agreement")], 1)
    merged = merge(layer, [(Scan(0, 1), document([(1, RECOGNISED)], 1))])
    assert note in merged.text
    assert merged.text.count("AGREEMENT") == RECOGNISED.count("AGREEMENT")
    assert "\n\nAgreement\n" not in merged.text + "\n"
