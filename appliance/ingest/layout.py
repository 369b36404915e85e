"""From words with boxes to paragraphs, headings and table rows in reading order.  Pure.

The units, from small to large: a *word*; a *fragment*, words that follow each other on one
baseline without a wide gap (a line of prose, a cell of a table); a *row*, the fragments on one
baseline; a *block*, an element to be.  A page is first cut into *regions*: columns of prose that
stand side by side are read one after the other, everything else from top to bottom.

Coordinates are points on an upright page, origin top left.  The order of words within a fragment
is the order given (PDFium's logical order), so right-to-left script stays readable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from appliance.documents import Box, ElementKind

WIDE_GAP = 1.0  # times the line height: a gap at least this wide parts two cells
SAME_LINE = 0.5  # share of the smaller height that must overlap
WIDEST_PITCH = 3.0  # times the line height; beyond it there is a gap, not a line spacing
NEW_PARAGRAPH = 1.35  # times the usual distance between lines
COLUMN_ROWS = 4  # fewer rows are not a column
COLUMN_CHARACTERS = 22  # typical length of a line of prose; shorter pieces are cells
GUTTER_SHARE = 0.35  # a gutter is crossed by at most this share of the busiest place
FULL_WIDTH = 0.6  # share of the width from which on a line stands across the columns
BIN = 4.0  # points; width of the bins in which gutters are searched
LONGEST_HEADING = 20  # words

_LABEL = re.compile(
    r"\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[A-Za-z]|[ivxIVX]{1,5})[.)]+|[•·▪●◦■\u2013\u2014*-]"
)
_BULLET = re.compile(r"[•·▪●◦■]")
_NUMBERED = re.compile(r"(?:ARTICLE|Article|SECTION|Section|ITEM|Item|PART|Part)\s+[0-9IVXA-Z]+\b")
_GLUE_NEXT = frozenset({"$", "€", "£", "(", "US$", "$("})
_GLUE_BEFORE = frozenset({")", "%", ")%", "%)", ".", ","})


class Word(NamedTuple):
    """One word as the page gives it."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool = False
    broken: bool = False  # the next line continues it; the text ends with `hyphens.MARK`


class Fragment(NamedTuple):
    """Words on one baseline without a wide gap."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool
    broken: bool
    top: float  # of its first word: a tall sign further on must not part a paragraph
    size: float  # height of its first word


@dataclass(frozen=True, slots=True)
class Block:
    """An element to be: ``cells`` holds the texts, one for everything but a table row."""

    kind: ElementKind
    cells: list[str]
    box: Box


Row = list[Fragment]


def blocks(words: Sequence[Word], body_height: float) -> list[Block]:
    """Paragraphs, headings and table rows of one page, in reading order.

    Args:
        words: the words in the order in which the page gives them.
        body_height: usual height of a line in the document, in points; headings stand out of it.
    """
    result: list[Block] = []
    for region in _regions(_rows(list(_fragments(words)))):
        result += _region_blocks(region, body_height)
    return result


def _fragments(words: Sequence[Word]) -> Iterator[Fragment]:
    texts: list[str] = []
    x0 = y0 = x1 = y1 = top = size = 0.0
    bold = broken = False
    last: Word | None = None
    for word in words:
        if last is not None and _follows(last, word, x0, x1):
            texts.append(word.text)
            x0, x1 = min(x0, word.x0), max(x1, word.x1)
            y0, y1 = min(y0, word.y0), max(y1, word.y1)
        else:
            if texts:
                yield Fragment(" ".join(texts), x0, y0, x1, y1, bold, broken, top, size)
            texts = [word.text]
            x0, y0, x1, y1, bold = word.x0, word.y0, word.x1, word.y1, word.bold
            top, size = y0, y1 - y0
        broken = word.broken
        last = word
    if texts:
        yield Fragment(" ".join(texts), x0, y0, x1, y1, bold, broken, top, size)


def _follows(last: Word, word: Word, x0: float, x1: float) -> bool:
    """Whether ``word`` goes on where ``last`` ends: same baseline, next to what spans x0 to x1."""
    height, new_height = last.y1 - last.y0, word.y1 - word.y0
    overlap = min(last.y1, word.y1) - max(last.y0, word.y0)
    if overlap < SAME_LINE * min(height, new_height) or last.broken:
        return False
    reach = WIDE_GAP * max(height, new_height)
    if -reach < word.x0 - x1 < reach:
        return True
    if not -reach < x0 - word.x1 < reach:
        return False
    return _right_to_left(word.text) or _right_to_left(last.text)


def _right_to_left(text: str) -> bool:
    ends = text[:3] + text[-3:]
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in ends)


def _rows(fragments: list[Fragment]) -> list[Row]:
    """Fragments on one baseline together, from top to bottom, each row from left to right."""
    rows: list[Row] = []
    top = bottom = 0.0
    for fragment in sorted(fragments, key=lambda f: (2 * f.top + f.size, f.x0)):
        foot = fragment.top + fragment.size
        overlap = min(bottom, foot) - max(top, fragment.top)
        if rows and overlap >= SAME_LINE * min(bottom - top, fragment.size):
            rows[-1].append(fragment)
        else:
            rows.append([fragment])
            top, bottom = fragment.top, foot
    for row in rows:
        mirrored = sum(map(_right_to_left, (f.text for f in row))) * 2 > len(row)
        row.sort(key=lambda f: f.x0, reverse=mirrored)
    return rows


# --- columns -------------------------------------------------------------------------------------


def _regions(rows: list[Row]) -> Iterator[list[Row]]:
    """Cut a page into pieces that are each read from top to bottom."""
    gutter = _gutter(rows)
    if gutter is None:
        yield rows
        return
    band: list[Row] = []
    for row in [*rows, None]:
        if row is not None and not any(f.x0 < gutter < f.x1 for f in row):
            band.append(row)
            continue
        if band:
            yield from _band(band, gutter)
            band = []
        if row is not None:
            yield [row]


def _band(rows: list[Row], gutter: float) -> Iterator[list[Row]]:
    """Rows that all leave the gutter free: two columns if both sides hold prose."""
    left = [side for row in rows if (side := [f for f in row if f.x1 <= gutter])]
    right = [side for row in rows if (side := [f for f in row if f.x0 >= gutter])]
    if not (_is_prose(left) and _is_prose(right)):
        yield rows
        return
    yield from _regions(left)
    yield from _regions(right)


def _is_prose(rows: list[Row]) -> bool:
    if len(rows) < COLUMN_ROWS:
        return False
    return median(max(len(f.text) for f in row) for row in rows) >= COLUMN_CHARACTERS


def _gutter(rows: list[Row]) -> float | None:
    """The x of a vertical strip that few fragments cross while many stand on both sides.

    Lines across most of the width (headings, paragraphs above and below columns) do not count.
    """
    if len(rows) < COLUMN_ROWS:
        return None
    left = min(f.x0 for row in rows for f in row)
    right = max(f.x1 for row in rows for f in row)
    bins = int((right - left) / BIN) + 2
    if bins < 20:
        return None
    steps = [0] * (bins + 1)
    for row in rows:
        for fragment in row:
            if fragment.x1 - fragment.x0 > FULL_WIDTH * (right - left):
                continue
            steps[int((fragment.x0 - left) / BIN) + 1] += 1
            steps[max(int((fragment.x1 - left) / BIN), 0)] -= 1
    covered, level = [], 0
    for step in steps[:bins]:
        level += step
        covered.append(level)
    begin, end = bins // 5, bins - bins // 5
    least = min(covered[begin:end])
    busiest = min(max(covered[:begin]), max(covered[end:]))
    if busiest < COLUMN_ROWS or least > GUTTER_SHARE * busiest:
        return None
    widest = max(_runs(covered, least, begin, end), key=lambda run: run[1] - run[0])
    return left + (widest[0] + widest[1]) / 2 * BIN


def _runs(covered: list[int], least: int, begin: int, end: int) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for at in range(begin, end + 1):
        low = at < end and covered[at] <= least
        if low and start is None:
            start = at
        if not low and start is not None:
            yield start, at
            start = None


# --- paragraphs, headings, tables ----------------------------------------------------------------


def _region_blocks(rows: list[Row], body_height: float) -> list[Block]:
    if not rows:
        return []
    rows = [_glued(row) for row in rows]
    tabular = _tabular(rows)
    pitch = _pitch(rows)
    right = max(f.x1 for row in rows for f in row)
    result: list[Block] = []
    paragraph: list[Row] = []
    for row, is_table in zip(rows, tabular, strict=True):
        if paragraph and (is_table or _starts_paragraph(paragraph, row, pitch, right)):
            result.append(_paragraph(paragraph, body_height))
            paragraph = []
        if is_table:
            result.append(Block(ElementKind.TABLE_ROW, [f.text for f in row], _box([row])))
        else:
            paragraph.append(row)
    if paragraph:
        result.append(_paragraph(paragraph, body_height))
    return result


def _glued(row: Row) -> Row:
    """Join a lone currency sign, bracket or per cent sign with the number it belongs to."""
    result: Row = []
    for fragment in row:
        if result and (fragment.text in _GLUE_BEFORE or result[-1].text in _GLUE_NEXT):
            last = result[-1]
            separator = "" if fragment.text in _GLUE_BEFORE else " "
            result[-1] = Fragment(
                last.text + separator + fragment.text,
                min(last.x0, fragment.x0),
                min(last.y0, fragment.y0),
                max(last.x1, fragment.x1),
                max(last.y1, fragment.y1),
                last.bold,
                fragment.broken,
                last.top,
                last.size,
            )
        else:
            result.append(fragment)
    return result


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
    short = right - above[-1].x1 > 0.25 * (right - min(f[0].x0 for f in paragraph))
    return short and above[-1].text.endswith((".", ":", ";", "?", "!"))


def _has_label(text: str) -> bool:
    return _LABEL.fullmatch(text.split(" ", 1)[0]) is not None


def _paragraph(rows: list[Row], body_height: float) -> Block:
    pieces: list[str] = []
    for row in rows:
        for fragment in row:
            pieces.append(fragment.text if fragment.broken else fragment.text + " ")
    text = "".join(pieces).rstrip()
    return Block(_kind(rows, text, body_height), [text], _box(rows))


def _kind(rows: list[Row], text: str, body_height: float) -> ElementKind:
    if _BULLET.match(text):
        return ElementKind.LIST_ITEM
    letters = [c for c in text if c.isalpha()]
    if len(rows) <= 2 and len(letters) >= 4 and text.count(" ") < LONGEST_HEADING:
        first = rows[0][0]
        large = 0 < 1.15 * body_height < first.size
        capitals = all(not c.islower() for c in letters)
        closed = text.endswith((".", ";", ","))
        if _NUMBERED.match(text) or (not closed and (large or capitals or first.bold)):
            return ElementKind.TITLE
    return ElementKind.LIST_ITEM if _has_label(text) else ElementKind.TEXT


def _box(rows: list[Row]) -> Box:
    return Box(
        min(f.x0 for row in rows for f in row),
        min(f.y0 for row in rows for f in row),
        max(f.x1 for row in rows for f in row),
        max(f.y1 for row in rows for f in row),
    )
