"""Lines of a document as the eye sees them: stretches of text that stand at one height.

Readers mark lines, or words where text was recognised; a row of a table is one line.  Where there
are no marks, line breaks part an element.  Every line is a span of the text.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.documents import Box, Element, ElementKind, Mark, ParsedDocument, Span

LONGEST = 300  # characters of a line of a form, a statement or a receipt


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its text, its cells from the left, and where it stands."""

    span: Span
    text: str
    cells: tuple[Span, ...]  # cells of a row, or the line itself
    in_table: bool
    page: int | None = None
    box: Box | None = None
    height: float = 0.0  # of its letters, about, in points; 0: not known

    @property
    def words(self) -> list[str]:
        """Its text without the bars between cells, cut at white space."""
        return self.text.replace(" | ", " ").split()


def lines(parsed: ParsedDocument) -> tuple[Line, ...]:
    """The lines of a document in reading order."""
    return tuple(line for element in parsed.elements for line in _of(parsed.text, element))


def printed(parsed: ParsedDocument) -> tuple[Line, ...]:
    """The lines as long as forms and receipts print them; a paragraph in one line is none."""
    return tuple(line for line in lines(parsed) if len(line.text) <= LONGEST)


def _of(text: str, element: Element) -> Iterator[Line]:
    if element.row is not None or element.kind is ElementKind.TABLE_ROW:
        cells = element.row.cells if element.row else ()
        spans = tuple(cell.span for cell in cells) or (element.span,)
        yield _line(text, element, element.span, element.marks, spans)
        return
    for marks in _heights(element.marks, text):
        span = Span(marks[0].span.begin, marks[-1].span.end)
        yield _line(text, element, span, marks, (span,))
    if not element.marks:
        for span in _broken(text, element.span):
            yield _line(text, element, span, (), (span,))


def _heights(marks: Sequence[Mark], text: str) -> Iterator[Sequence[Mark]]:
    """Marks in reading order, parted where one stands below the one before."""
    begin = 0
    for at in range(1, len(marks) + 1):
        if at == len(marks) or _breaks(marks[at - 1], marks[at], text):
            yield marks[begin:at]
            begin = at


def _breaks(before: Mark, after: Mark, text: str) -> bool:
    middle = (after.box.y0 + after.box.y1) / 2
    below = middle > before.box.y1 or middle < before.box.y0 or after.box.x1 <= before.box.x0
    return below or "\n" in text[before.span.end : after.span.begin]


def _broken(text: str, span: Span) -> Iterator[Span]:
    begin = span.begin
    for piece in span.of(text).split("\n"):
        if piece.strip():
            start = begin + len(piece) - len(piece.lstrip())
            yield Span(start, begin + len(piece.rstrip()))
        begin += len(piece) + 1


def _line(
    text: str, element: Element, span: Span, marks: Sequence[Mark], cells: tuple[Span, ...]
) -> Line:
    boxes = [mark.box for mark in marks] or ([element.box] if element.box else [])
    box = around(boxes) if boxes else None
    heights = sorted(b.y1 - b.y0 for b in boxes) if marks else [0.0]
    return Line(
        span=span,
        text=span.of(text),
        cells=cells,
        in_table=element.row is not None,
        page=element.page,
        box=box,
        height=heights[len(heights) // 2],
    )


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of them."""
    return Box(
        min(b.x0 for b in boxes),
        min(b.y0 for b in boxes),
        max(b.x1 for b in boxes),
        max(b.y1 for b in boxes),
    )
