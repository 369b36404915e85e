"""Cutting documents into chunks: nothing is lost, nothing short is cut, headings travel."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.formats.build import DocumentBuilder
from appliance.index.chunk import LONGEST_HEADING, LONGEST_HEADS, chunk, searched_text
from tests.index.doubles import paragraphs

TITLE, TEXT, ROW = ElementKind.TITLE, ElementKind.TEXT, ElementKind.TABLE_ROW


@st.composite
def documents(draw: st.DrawFn) -> ParsedDocument:
    """Any text, with elements that may overlap, leave gaps, be empty or stand out of order."""
    text = draw(st.text(alphabet="ab.; \n\t|é𝔘", max_size=200))
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places, st.sampled_from(ElementKind)), max_size=12))
    elements = tuple(Element(kind, Span(min(a, b), max(a, b))) for a, b, kind in spans)
    return ParsedDocument(text, elements, "text/plain")


@st.composite
def tidy_documents(draw: st.DrawFn) -> ParsedDocument:
    """Elements one after the other, as readers give them."""
    texts = draw(st.lists(st.text(alphabet="ab. ", min_size=1, max_size=60), max_size=10))
    kinds = [draw(st.sampled_from(ElementKind)) for _ in texts]
    return paragraphs(*texts, kinds=kinds)


@settings(deadline=None)
@given(documents(), st.integers(1, 80))
def test_every_character_that_is_not_blank_is_in_a_chunk(parsed: ParsedDocument, size: int) -> None:
    covered = {
        at for piece in chunk(parsed, size) for at in range(piece.span.begin, piece.span.end)
    }
    lost = [at for at, mark in enumerate(parsed.text) if not mark.isspace() and at not in covered]
    assert not lost


@settings(deadline=None)
@given(documents(), st.integers(1, 80))
def test_chunks_are_in_order_fit_the_size_and_hold_something(
    parsed: ParsedDocument, size: int
) -> None:
    chunks = chunk(parsed, size)
    for piece in chunks:
        assert 0 < piece.span.end - piece.span.begin <= size
        assert piece.span.of(parsed.text).strip()
    for earlier, later in pairwise(chunks):
        assert earlier.span.end <= later.span.begin


@settings(deadline=None)
@given(tidy_documents(), st.integers(1, 80))
def test_only_an_element_longer_than_the_size_is_cut(parsed: ParsedDocument, size: int) -> None:
    chunks = chunk(parsed, size)
    for element in parsed.elements:
        if element.span.end - element.span.begin > size or not element.span.of(parsed.text).strip():
            continue
        holding = [piece.span for piece in chunks if piece.span.overlaps(element.span)]
        assert len(holding) == 1
        assert holding[0].begin <= element.span.begin
        assert element.span.end <= holding[0].end


@settings(deadline=None)
@given(tidy_documents(), st.integers(1, 80))
def test_a_heading_is_the_last_title_above_the_chunk(parsed: ParsedDocument, size: int) -> None:
    for piece in chunk(parsed, size):
        if piece.heading is None:
            continue
        above = [
            e.span
            for e in parsed.elements
            if e.kind is TITLE
            and e.span.begin < piece.span.begin
            and e.span.end - e.span.begin <= size
            and e.span.of(parsed.text).strip()
        ]
        assert piece.heading == above[-1]


def test_short_paragraphs_share_a_chunk_up_to_the_size() -> None:
    parsed = paragraphs("a" * 40, "b" * 40, "c" * 40)
    assert [piece.span for piece in chunk(parsed, 90)] == [Span(0, 82), Span(84, 124)]


def test_a_title_opens_a_chunk_and_travels_with_the_ones_below() -> None:
    parsed = paragraphs("x" * 60, "12. Term", "y" * 80, "z" * 80, kinds=[TEXT, TITLE, TEXT, TEXT])
    first, second, third = chunk(parsed, 100)
    assert first.heading is None
    assert second.span.of(parsed.text).startswith("12. Term")
    assert second.heading is None  # it stands in the chunk itself
    assert third.heading is not None
    assert searched_text(parsed.text, third) == "12. Term\n" + "z" * 80


def test_a_paragraph_taken_for_a_title_does_not_travel() -> None:
    long = "w" * (LONGEST_HEADING + 1)
    parsed = paragraphs(long, "y" * 250, kinds=[TITLE, TEXT])
    assert [piece.heading for piece in chunk(parsed, 300)] == [None, None]


def test_a_long_paragraph_is_cut_at_the_end_of_a_sentence() -> None:
    sentence = "The parties agree as follows. "
    parsed = paragraphs((sentence * 10).strip())
    for piece in chunk(parsed, 100):
        assert piece.span.of(parsed.text).startswith("The parties")


def test_a_long_word_is_cut_where_the_size_ends() -> None:
    assert [piece.span for piece in chunk(paragraphs("x" * 25), 10)] == [
        Span(0, 10),
        Span(10, 20),
        Span(20, 25),
    ]


def test_a_table_row_stays_whole() -> None:
    rows = [f"row {number} | 1,234.50 | USD" for number in range(20)]
    parsed = paragraphs(*rows, kinds=[ROW] * 20)
    for piece in chunk(parsed, 100):
        lines = [line for line in piece.span.of(parsed.text).split("\n\n") if line]
        assert all(line in rows for line in lines)


def test_text_that_no_element_covers_is_searched_too() -> None:
    parsed = ParsedDocument("head body tail", (Element(TEXT, Span(5, 9)),), "text/plain")
    assert [piece.span for piece in chunk(parsed, 100)] == [Span(0, 14)]


def test_an_empty_document_has_no_chunks() -> None:
    assert chunk(ParsedDocument(" \n ", (), "text/plain")) == ()


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        chunk(paragraphs("a"), 0)


def table(rows: int, *heads: str) -> ParsedDocument:
    """A paragraph, then a table with these head rows and so many rows of figures."""
    builder = DocumentBuilder("text/plain")
    builder.add(TEXT, "The revenue by product was as follows.")
    number = builder.new_table()
    for head in heads:
        builder.add_row(head.split(";"), table=number, heads=True)
    for row in range(rows):
        builder.add_row([f"Product {row}", f"{row},100.50", f"{row},200.75"], table=number)
    return builder.finish()


def test_the_heads_of_a_table_travel_with_the_rows_below() -> None:
    parsed = table(30, ";Year ended", "Product;2019;2018")
    first, *others = chunk(parsed, 200)
    heads = "Year ended\nProduct | 2019 | 2018"
    assert first.table is None  # they stand in the chunk itself
    assert heads in first.span.of(parsed.text)
    assert len(others) > 3
    for piece in others:
        assert piece.table is not None
        assert piece.table.of(parsed.text) == heads
        assert searched_text(parsed.text, piece) == f"{heads}\n{piece.span.of(parsed.text)}"


def test_of_long_heads_those_next_to_the_figures_travel() -> None:
    parsed = table(9, "w" * LONGEST_HEADS, "Product;2019;2018")
    last = chunk(parsed, 100)[-1]
    assert last.table is not None
    assert last.table.of(parsed.text) == "Product | 2019 | 2018"
    assert chunk(table(9, "w" * (LONGEST_HEADS + 1)), 100)[-1].table is None


def test_no_heads_travel_out_of_their_table() -> None:
    builder = DocumentBuilder("text/plain")
    builder.add_row(["Product", "2019"], table=builder.new_table(), heads=True)
    other = builder.new_table()
    for row in range(9):
        builder.add_row([f"Thing {row}", f"{row}.00"], table=other)
    builder.add(TEXT, "A paragraph below the tables, of some length.")
    chunks = chunk(builder.finish(), 40)
    assert len(chunks) > 3
    assert {piece.table for piece in chunks} == {None}


def test_heads_that_stand_in_the_chunk_do_not_travel() -> None:
    assert [piece.table for piece in chunk(table(3, "Product;2019;2018"), 2000)] == [None]


def test_parts_of_a_cut_row_and_rows_above_a_second_head_have_their_own() -> None:
    builder = DocumentBuilder("text/plain")
    number = builder.new_table()
    builder.add_row(["Clause", "Words"], table=number, heads=True)
    builder.add_row(["1", "long " * 40], table=number)
    builder.add_row(["Clause", "Page"], table=number, heads=True)
    builder.add_row(["2", "short " * 12], table=number)
    parsed = builder.finish()
    heads = [p.table.of(parsed.text) if p.table else None for p in chunk(parsed, 80)]
    assert heads[1:4] == ["Clause | Words"] * 3
    assert heads[-1] == "Clause | Page"
