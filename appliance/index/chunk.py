"""Cut a read document into the pieces that are searched.

Pure: a document and a size in, chunks out.  What holds for every document:

- each character that is not blank lies in at least one chunk, also characters that no element
  covers;
- no chunk is longer than the size;
- a chunk begins and ends where elements do; only an element longer than the size is cut, at the
  end of a sentence where there is one, else between words.  So a table row stays whole;
- a section heading travels with the chunks below it, so that a clause is found by its title;
- the head rows of a table travel with the chunks that begin further down in it, so that a figure is
  found by the names of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.documents import Chunk, ElementKind, ParsedDocument, Span
from appliance.tables import TableHeads

# Characters.  Measured on 12 contracts with 102 questions: share of the annotated clause found in
# the first 8,000 characters of fused results, by chunk size:
#   400: 0.72   500: 0.76   600: 0.77   800: 0.75   1000: 0.69   1500: 0.69
DEFAULT_SIZE = 600
LONGEST_HEADING = 200  # characters; a longer "title" is a paragraph that its reader took for one
# Characters of head rows; of more, those next to the figures travel.  Measured on 47 questions on
# 40 tables cut into several chunks: mean reciprocal rank of the right row 0.71 without heads, 0.75
# with them.
LONGEST_HEADS = 300

_SENTENCE_END = re.compile(r"[.;:!?][\"'\u201d\u2019)\]]*\s+|\n\s*")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is never cut further: an element, or a part of one that is longer than the size."""

    span: Span
    title: bool


def chunk(parsed: ParsedDocument, size: int = DEFAULT_SIZE) -> tuple[Chunk, ...]:
    """The chunks of a document, in reading order.

    Args:
        parsed: the document; its elements may overlap or leave gaps.
        size: the longest chunk, in characters.

    Raises:
        ValueError: ``size`` is not positive.
    """
    if size < 1:
        raise ValueError("a chunk holds at least one character")
    chunks: list[Chunk] = []
    tables = TableHeads.of(parsed)
    begin = end = 0  # the chunk that is being filled; empty while begin == end
    heading: Span | None = None  # the last title at or before ``begin``
    above: Span | None = None  # the last title before the piece in hand
    for piece in _pieces(parsed, size):
        too_long = piece.span.end - begin > size
        section_begins = piece.title and end - begin >= size // 2
        if begin < end and (too_long or section_begins):
            chunks.append(Chunk(Span(begin, end), heading, _heads(parsed, tables, begin)))
            begin = end
        if begin == end:
            begin, heading = piece.span.begin, None if piece.title else above
        end = piece.span.end
        if piece.title:
            above = piece.span
    if begin < end:
        chunks.append(Chunk(Span(begin, end), heading, _heads(parsed, tables, begin)))
    return tuple(chunks)


def searched_text(text: str, piece: Chunk) -> str:
    """What is embedded and indexed for a chunk: what travels with it, and its text."""
    travelling = [span.of(text).strip() for span in (piece.heading, piece.table) if span]
    return "\n".join([*travelling, piece.span.of(text)])


def _heads(parsed: ParsedDocument, tables: TableHeads, begin: int) -> Span | None:
    """The head rows above the place in a table where a chunk begins, or the last of them."""
    element = parsed.element_at(begin)
    if element is None or not element.span.begin <= begin < element.span.end:
        return None
    for group in tables.above(element)[:1]:
        rows = [Span(row.span.begin, group.span.end) for row in group.rows]
        return next((span for span in rows if span.end - span.begin <= LONGEST_HEADS), None)
    return None


def _pieces(parsed: ParsedDocument, size: int) -> Iterator[_Piece]:
    for span, title in _cover(parsed):
        short = span.end - span.begin <= min(size, LONGEST_HEADING)
        for part in _cut(parsed.text, span, size):
            if not _BLANK.fullmatch(part.of(parsed.text)):
                yield _Piece(part, title and short)


def _cover(parsed: ParsedDocument) -> Iterator[tuple[Span, bool]]:
    """Elements in order, those that overlap made one, and the stretches between them."""
    length, done = len(parsed.text), 0
    elements = sorted(parsed.elements, key=lambda element: element.span)
    at = 0
    while at < len(elements):
        begin, end = elements[at].span.begin, elements[at].span.end
        first = at
        at += 1
        while at < len(elements) and elements[at].span.begin < end:
            end = max(end, elements[at].span.end)
            at += 1
        begin, end = min(begin, length), min(end, length)
        if done < begin:
            yield Span(done, begin), False
        if begin < end:
            alone = at == first + 1
            yield Span(begin, end), alone and elements[first].kind is ElementKind.TITLE
        done = max(done, end)
    if done < length:
        yield Span(done, length), False


def _cut(text: str, span: Span, size: int) -> Iterator[Span]:
    """The span itself if it fits, else parts of about equal length, none longer than ``size``."""
    begin = span.begin
    while span.end - begin > size:
        parts = -(-(span.end - begin) // size)
        wanted = begin + -(-(span.end - begin) // parts)
        cut = _best_cut(text, begin + size // 2 + 1, wanted, begin + size)
        yield Span(begin, cut)
        begin = cut
    if begin < span.end:
        yield Span(begin, span.end)


def _best_cut(text: str, lowest: int, wanted: int, highest: int) -> int:
    """The end of a sentence nearest to ``wanted``; else the end of a word; else ``highest``."""
    for boundary in (_SENTENCE_END, _BLANK):
        ends = [m.end() for m in boundary.finditer(text, lowest, highest)]
        if ends:
            return min(ends, key=lambda end: abs(end - wanted))
    return highest
