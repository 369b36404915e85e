"""From words with boxes to paragraphs, headings and table rows in reading order.  Pure.

The units, from small to large: words and fragments (``lines``); rows, cut into regions where
columns of prose stand side by side (``columns``); tables (``tables``); and here the
*block*, an element to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from appliance.documents import Box, ElementKind
from appliance.formats.layout.columns import regions
from appliance.formats.layout.grid import Grid, Placed, around, is_number
from appliance.formats.layout.hyphens import MARK
from appliance.formats.layout.lines import (
    Fragment,
    Row,
    Word,
    WordAt,
    box_of,
    fragments,
    rows_of,
)
from appliance.formats.layout.tables import Table, tables

__all__ = ["Block", "Grid", "Line", "Word", "arranged", "blocks"]

WIDEST_PITCH = 3.0  # times the line height; beyond it there is a gap, not a line spacing
NEW_PARAGRAPH = 1.35  # times the usual distance between lines
STRETCHED = 1.8  # times the line height: a line set to full width has no wider gaps
LONGEST_HEADING = 20  # words
FEWEST_LETTERS = 4  # in a heading

_LABEL = re.compile(
    r"\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[A-Za-z]|[ivxIVX]{1,5})[.)]+|[•·▪●◦■\u2013\u2014*-]"
)
_CLAUSE = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2})+ [A-Z“\"(‘]")
_BULLET = re.compile(r"[•·▪●◦■]")
_NUMBERED = re.compile(r"(?:ARTICLE|Article|SECTION|Section|ITEM|Item|PART|Part)\s+[0-9IVXA-Z]+\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a paragraph; a broken one ends with `hyphens.MARK` and goes on in the next."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Block:
    """An element to be: lines, or the cells of a table row."""

    kind: ElementKind
    box: Box
    lines: tuple[Line, ...] = ()
    placed: tuple[Placed, ...] = ()  # of a TABLE_ROW
    grid: Grid | None = None  # rows of one table share it
    heads: bool = False

    @property
    def cells(self) -> list[str]:
        """The texts: one for everything but a table row."""
        if self.placed:
            return [cell.text for cell in self.placed]
        pieces = (line.text if line.text.endswith(MARK) else line.text + " " for line in self.lines)
        return ["".join(pieces).rstrip()]


def blocks(words: Sequence[Word], body_height: float) -> list[Block]:
    """Paragraphs, headings and table rows of one page, in reading order.

    Args:
        words: the words in the order in which the page gives them.
        body_height: usual height of a line in the document, in points; headings stand out of it.
    """
    return arranged(list(fragments(words)), words.__getitem__, body_height)


def arranged(found: Sequence[Fragment], word: WordAt, body_height: float) -> list[Block]:
    """As `blocks`, from fragments; ``word`` gives the words they are made of."""
    result: list[Block] = []
    for region in regions(rows_of(found)):
        if region:
            result += _region_blocks(region, word, body_height)
    return result


def _region_blocks(rows: list[Row], word: WordAt, body_height: float) -> list[Block]:
    left = min(row[0].x0 for row in rows)
    right = max(f.x1 for row in rows for f in row)
    rows = [_unstretched(row, right - left) if len(row) > 1 else row for row in rows]
    found = {table.begin: table for table in tables(rows, _tabular(rows), word)}
    pitch = _pitch(rows)
    result: list[Block] = []
    paragraph: list[Row] = []
    at = 0
    while at < len(rows):
        table = found.get(at)
        if paragraph and (table or _starts_paragraph(paragraph, rows[at], pitch, right)):
            result.append(_paragraph(paragraph, body_height))
            paragraph = []
        if table:
            result += _table_rows(table)
            at = table.end
        else:
            paragraph.append(rows[at])
            at += 1
    if paragraph:
        result.append(_paragraph(paragraph, body_height))
    return result


def _table_rows(table: Table) -> Iterator[Block]:
    for row in table.rows:
        yield Block(
            ElementKind.TABLE_ROW,
            around([cell.box for cell in row.cells]),
            placed=tuple(row.cells),
            grid=table.grid,
            heads=row.heads,
        )


def _unstretched(row: Row, width: float) -> Row:
    """A line of prose that was stretched to the full width has gaps, but no cells."""
    if row[-1].x1 - row[0].x0 < 0.8 * width or any(is_number(f.text) for f in row[1:]):
        return row
    widest = max(after.x0 - before.x1 for before, after in pairwise(row))
    if widest > STRETCHED * row[0].size or sum(len(f.text) for f in row) < 40:
        return row
    first, box = row[0], box_of(row)
    text = " ".join(f.text for f in row)
    joined = first._replace(
        text=text, x0=box.x0, y0=box.y0, x1=box.x1, y1=box.y1, broken=row[-1].broken
    )
    return [joined._replace(first=-1, last=-1)]


def _tabular(rows: list[Row]) -> list[bool]:
    """Which rows belong to a table: several cells, and company unless there are three."""
    several = [False, *(len(row) >= 2 and not _is_labelled(row) for row in rows), False]
    return [
        several[at] and (len(row) >= 3 or several[at - 1] or several[at + 1])
        for at, row in enumerate(rows, start=1)
    ]


def _is_labelled(row: Row) -> bool:
    """A list item: its number or bullet stands apart from its text."""
    return len(row) == 2 and _LABEL.fullmatch(row[0].text) is not None


def _pitch(rows: list[Row]) -> float:
    """The usual distance between the tops of two lines of prose; 0 where there is none."""
    height = median(row[0].size for row in rows)
    steps = [
        below[0].top - above[0].top
        for above, below in pairwise(rows)
        if len(above) == 1 and len(below) == 1
    ]
    steps = [step for step in steps if step < WIDEST_PITCH * height]
    return median(steps) if steps else 0.0


def _starts_paragraph(paragraph: list[Row], row: Row, pitch: float, right: float) -> bool:
    """Whether ``row`` begins something new rather than going on with the paragraph."""
    above, first = paragraph[-1], row[0]
    height = max(above[0].size, 0.1)
    step = first.top - above[0].top
    if not 0 <= step <= NEW_PARAGRAPH * max(pitch, height):
        return True
    if not 0.75 < first.size / height < 1.33:
        return True
    if above[-1].broken:
        return False
    indented = len(paragraph) > 1 and first.x0 - above[0].x0 > 1.2 * height
    if first.bold != above[0].bold or indented or _has_label(first.text):
        return True
    width = right - min(f[0].x0 for f in paragraph)
    free = right - above[-1].x1
    if free > 0.25 * width and above[-1].text.endswith((".", ":", ";", "?", "!")):
        return True
    # a short first line above a long one was not broken for want of room: a heading
    headed = len(paragraph) == 1 and free > 0.6 * width and row[-1].x1 - first.x0 > 0.75 * width
    return headed and not first.text[:1].islower()


def _has_label(text: str) -> bool:
    if _CLAUSE.match(text):
        return True
    return _LABEL.fullmatch(text.split(" ", 1)[0]) is not None


def _paragraph(rows: list[Row], body_height: float) -> Block:
    lines = tuple(Line(f.text, Box(f.x0, f.y0, f.x1, f.y1)) for row in rows for f in row)
    first = Block(ElementKind.TEXT, around([line.box for line in lines]), lines)
    return Block(_kind(rows, first.cells[0], body_height), first.box, lines)


def _kind(rows: list[Row], text: str, body_height: float) -> ElementKind:
    if _BULLET.match(text):
        return ElementKind.LIST_ITEM
    if len(rows) <= 2 and _is_heading(rows, text, body_height):
        return ElementKind.TITLE
    return ElementKind.LIST_ITEM if _has_label(text) else ElementKind.TEXT


def _is_heading(rows: list[Row], text: str, body_height: float) -> bool:
    if text.count(" ") >= LONGEST_HEADING:
        return False
    letters = "".join(filter(str.isalpha, text))
    if len(letters) < FEWEST_LETTERS:
        return False
    if _NUMBERED.match(text):
        return True
    if text.endswith((".", ";", ",")) or (text[0] == "(" and text[-1] == ")"):
        return False
    first = rows[0][0]
    large = 0 < 1.15 * body_height < first.size
    return large or first.bold or all(not c.islower() for c in letters)
