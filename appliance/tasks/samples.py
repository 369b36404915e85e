"""The text of a pack's example as a small document: what `pack check` and the tests read.

Blank lines part paragraphs.  Lines that begin with a bar are rows of a table, as in Markdown; the
rows before the first that has a figure are its heads.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.documents import Cell, Element, ElementKind, ParsedDocument, Row, Span

_PARAGRAPH = re.compile(r"\S(?:.|\n(?!\s*\n|\s*\|))*")
_CELL = re.compile(r"[^|\s](?:[^|]*[^|\s])?")


def sample(text: str) -> ParsedDocument:
    """A document of one page that says ``text``."""
    return ParsedDocument(text, tuple(_elements(text)), "text/plain", 1)


def _elements(text: str) -> Iterator[Element]:
    table = -1
    figures = inside = False
    for match in _PARAGRAPH.finditer(text):
        span = Span(*match.span())
        if not match[0].startswith("|"):
            bare = match[0].rstrip()
            kind = ElementKind.TITLE if bare.isupper() and bare[-1] != "." else ElementKind.TEXT
            inside = False
            yield Element(kind, span, 1)
            continue
        if not inside:
            table, inside, figures = table + 1, True, False
        cells = tuple(_cells(match[0], span.begin))
        figures = figures or _has_figure(text, cells)
        yield Element(ElementKind.TABLE_ROW, span, 1, row=Row(table, not figures, cells))


def _cells(line: str, begin: int) -> Iterator[Cell]:
    at = 1
    for column, piece in enumerate(line[1:].split("|")):
        held = _CELL.search(piece)
        if held:
            yield Cell(Span(begin + at + held.start(), begin + at + held.end()), column)
        at += len(piece) + 1


def _has_figure(text: str, cells: tuple[Cell, ...]) -> bool:
    return any(
        re.fullmatch(r"\W*\d[\d.,]*\W*", cell.span.of(text))
        and not re.fullmatch(r"(?:19|20)\d\d", cell.span.of(text))
        for cell in cells
        if cell.column
    )
