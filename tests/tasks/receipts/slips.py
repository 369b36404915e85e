"""Receipts as recognition reads them, made up for tests: lines at heights, prices at the right."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.documents import (
    Box,
    Cell,
    Element,
    ElementKind,
    Mark,
    ParsedDocument,
    Row,
    Span,
)

LINE = 12.0  # points from line to line


def slip(*printed: str, large: Sequence[int] = ()) -> ParsedDocument:
    """One element for each line; " | " parts cells of a row; ``large`` lines are twice as high."""
    text = ""
    elements = []
    for number, line in enumerate(printed):
        begin = len(text)
        text += f"{line}\n"
        span = Span(begin, begin + len(line))
        height = LINE * (2 if number in large else 1)
        top = 3 * LINE * number
        row = None
        marks = [Mark(span, Box(10, top, 200, top + height))]
        if " | " in line:
            cells = []
            marks = []
            at = begin
            for column, piece in enumerate(line.split(" | ")):
                cell = Cell(Span(at, at + len(piece)), column)
                cells.append(cell)
                left = 10 + 70 * column
                marks.append(Mark(cell.span, Box(left, top, left + 50, top + height)))
                at += len(piece) + 3
            row = Row(0, heads=False, cells=tuple(cells))
        kind = ElementKind.TABLE_ROW if row else ElementKind.TEXT
        box = Box(10, top, 200, top + height)
        elements.append(Element(kind, span, 1, box, tuple(marks), row, 0.9))
    return ParsedDocument(text, tuple(elements), "image/png", 1)
