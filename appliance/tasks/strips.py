"""Lines cut into pieces that stand apart, each with its place along a ruler.

Cells of tables with boxes, words on a page with wide gaps between, columns of a sheet, and columns
of plain text made with blanks all become the same thing: pieces with a left and a right end, so
that what stands below a head can be found without knowing how it was drawn.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.documents import Box, Element, Mark, ParsedDocument, Span
from appliance.tasks.lines import Line, around, printed

WIDE_GAP = 1.1  # heights of a letter between words that belong to two columns
_BLANKS = re.compile(r"\S+(?: \S+)*")


class Ruler(StrEnum):
    """What left and right are counted in; pieces by different rulers cannot be compared."""

    POINTS = "points"
    COLUMNS = "columns"
    CHARACTERS = "characters"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line that stands apart from its neighbours."""

    span: Span
    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Strip:
    """One line as pieces from the left; ``table`` is the number of its table, or None."""

    line: Line
    pieces: tuple[Piece, ...]
    ruler: Ruler
    table: int | None = None


def strips(parsed: ParsedDocument) -> tuple[Strip, ...]:
    """Every printed line of a document, cut into pieces."""
    return tuple(_strip(parsed, line) for line in printed(parsed))


def _strip(parsed: ParsedDocument, line: Line) -> Strip:
    element = parsed.element_at(line.span.begin)
    marks = _marks(element, line.span)
    table = element.row.table if element and element.row else None
    if element is not None and element.row is not None and element.row.cells:
        placed = [(span, _box(marks, span)) for span in line.cells]
        if len({box for _, box in placed if box}) == len(placed):  # a mark for each cell
            pieces = [_piece(parsed.text, s, box.x0, box.x1) for s, box in placed if box]
            return Strip(line, tuple(pieces), Ruler.POINTS, table)
        pieces = [
            _piece(parsed.text, cell.span, cell.column, cell.column + cell.width)
            for cell in element.row.cells
        ]
        return Strip(line, tuple(pieces), Ruler.COLUMNS, table)
    if marks:
        return Strip(line, tuple(_apart(parsed.text, marks, line.height)), Ruler.POINTS)
    return Strip(line, tuple(_spaced(parsed.text, line)), Ruler.CHARACTERS)


def _piece(text: str, span: Span, left: float, right: float) -> Piece:
    return Piece(span, span.of(text), left, max(right, left + 0.1))


def _marks(element: Element | None, span: Span) -> list[Mark]:
    return [mark for mark in (element.marks if element else ()) if mark.span.overlaps(span)]


def _box(marks: Sequence[Mark], span: Span) -> Box | None:
    boxes = [mark.box for mark in marks if mark.span.overlaps(span)]
    return around(boxes) if boxes else None


def _apart(text: str, marks: Sequence[Mark], height: float) -> Iterator[Piece]:
    begin = 0
    for at in range(1, len(marks) + 1):
        gap = marks[at].box.x0 - marks[at - 1].box.x1 if at < len(marks) else None
        if gap is None or gap > WIDE_GAP * max(height, 1.0):
            group = marks[begin:at]
            span = Span(group[0].span.begin, group[-1].span.end)
            box = around([mark.box for mark in group])
            yield _piece(text, span, box.x0, box.x1)
            begin = at


def _spaced(text: str, line: Line) -> Iterator[Piece]:
    """Pieces of plain text are parted by two blanks or more, or a tab."""
    start = text.rfind("\n", 0, line.span.begin) + 1
    indent = line.span.begin - start
    for match in _BLANKS.finditer(line.text):
        span = Span(line.span.begin + match.start(), line.span.begin + match.end())
        yield _piece(text, span, indent + match.start(), indent + match.end())
