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
        marks = []
        if " | " in line:
            cells = []
            at = begin
            for column, piece in enumerate(line.split(" | ")):
                cells.append(Cell(Span(at, at + len(piece)), column))
                at += len(piece) + 3
            row = Row(0, heads=False, cells=tuple(cells))
        marks = [Mark(span, Box(10, top, 200, top + height))]
        kind = ElementKind.TABLE_ROW if row else ElementKind.TEXT
        elements.append(Element(kind, span, 1, marks[0].box, tuple(marks), row, 0.9))
    return ParsedDocument(text, tuple(elements), "image/png", 1)
