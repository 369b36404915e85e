"""The columns of a table: found where its numbers stand, and given to every cell.  Pure.

Numbers of one column stand below each other, so their extents overlap, while the gaps between
columns stay free.  Headings are wider or narrower than their column: they are placed once the
columns are known, and a heading over several columns covers all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from appliance.documents import Box
from appliance.formats.layout.lines import Fragment, Row, WordAt, box_of, fragment

NEAR_GAP = 0.45  # times the line height: a gap at least this wide may part two headings
OVERLAP = 0.2  # share of the smaller extent that two things must share to stand over each other
CENTRED = 0.15  # share of its columns' width by which a heading's centre may be off theirs

_NUMBER = re.compile(
    r"""[(\[<>~+≈]*\s*(?:[A-Z]{0,3}[$€£¥]|[A-Z]{3})?\s*[(\-\u2212\u2013+]?\s*[$€£¥]?\s*
        (?:\d[\d.,'\u2019\u00a0 ]*|\.\d+)\s*
        (?:%|[xX]|bps|pts|pp|bn|[mMkK])?\s*[)\]]?\s*%?
        (?:\s*\(\w{1,2}\)|\s*[*\u2020\u2021]+)?""",
    re.VERBOSE,
)
_NOTHING = re.compile(r"[$€£¥\s]*(?:[-\u2010-\u2015\u2212*]+|[nN]/?[aAmM]\.?|nil)\s*%?\)?")
_YEAR = re.compile(r"(?:FY|CY|Q[1-4])?\s*'?(?:19|20)\d\d[EAF]?(?:\s*\(\w{1,2}\))?")


class Placed(NamedTuple):
    """One cell of a table with its columns."""

    text: str
    box: Box
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The columns of one table by their left and right edges; column 0 holds the row labels."""

    columns: tuple[tuple[float, float], ...]
    has_heads: bool

    def mapped(self, other: Grid) -> tuple[int, ...] | None:
        """For each column of ``other`` the column of this grid it continues; None: it does not."""
        found: list[int] = []
        for x0, x1 in other.columns:
            over = [at for at, (a, b) in enumerate(self.columns) if min(b, x1) > max(a, x0)]
            if len(over) != 1 or over[0] in found:
                return None
            found.append(over[0])
        return tuple(found)


@lru_cache(maxsize=8192)
def is_number(text: str) -> bool:
    """Whether a cell holds a figure, or the sign that there is none."""
    return _NUMBER.fullmatch(text) is not None or _NOTHING.fullmatch(text) is not None


@lru_cache(maxsize=8192)
def is_figure(text: str) -> bool:
    """A number that is not a year: what stands below headings."""
    return is_number(text) and not _YEAR.fullmatch(text)


def columns_of(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """The extents of the columns that these rows have, from left to right.

    Figures come first, as they are never wider than their column; then what stands beside them.
    """
    figured = [row for row in rows if any(is_figure(f.text) for f in row[1:])]
    columns = _swept((f.x0, f.x1) for row in figured for f in row[1:] if is_number(f.text))
    most = max(map(len, rows))
    full = [row for row in rows if len(row) == most]
    columns = _with(columns, [f for row in [*figured, *full] for f in row[1:]])
    limit = columns[0][0] if columns else float("inf")
    labels = [row[0] for row in rows if row[0].x0 < limit and _is_free(columns, row[0])]
    if labels:  # as wide as they like, but never over the next column
        left, right = min(f.x0 for f in labels), max(f.x1 for f in labels)
        columns.insert(0, (left, min(right, limit - 0.1)))
    return _with(columns, [f for row in rows if len(row) > 1 for f in row])


def _swept(extents: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Extents that overlap as one, from left to right."""
    result: list[tuple[float, float]] = []
    for x0, x1 in sorted(extents):
        if result and x0 < result[-1][1]:
            if x1 > result[-1][1]:
                result[-1] = (result[-1][0], x1)
        else:
            result.append((x0, x1))
    return result


def _with(
    columns: list[tuple[float, float]], pieces: Iterable[Fragment]
) -> list[tuple[float, float]]:
    """The columns, and new ones where pieces stand beside all of them."""
    free = [(f.x0, f.x1) for f in pieces if _is_free(columns, f)]
    return sorted([*columns, *_swept(free)]) if free else columns


def _is_free(columns: Sequence[tuple[float, float]], piece: Fragment) -> bool:
    x0, x1 = piece.x0, piece.x1
    for a, b in columns:  # noqa: SIM110 -- asked for every cell: a generator costs twice as much
        if a < x1 and b > x0:
            return False
    return True


def _over(columns: Sequence[tuple[float, float]], piece: Fragment) -> list[int]:
    x0, x1 = piece.x0, piece.x1
    return [at for at, (a, b) in enumerate(columns) if a < x1 and b > x0]


def fits(columns: list[tuple[float, float]], row: Row) -> bool:
    """Whether the figures of a row stand in these columns, or in new ones beside them."""
    taken: set[int] = set()
    for piece in row[1:]:
        if not is_figure(piece.text):
            continue
        over = _over(columns, piece)
        if len(over) > 1 or (over and over[0] in taken):
            return False
        taken.update(over)
    return True


def widen(columns: list[tuple[float, float]], row: Row) -> None:
    """Take the figures of a row, which fit the columns, into them."""
    for piece in row[1:]:
        if not is_number(piece.text):
            continue
        over = _over(columns, piece)
        if not over:
            columns.append((piece.x0, piece.x1))
        elif len(over) == 1:
            x0, x1 = columns[over[0]]
            columns[over[0]] = (min(x0, piece.x0), max(x1, piece.x1))


def placed(row: Row, grid: Sequence[tuple[float, float]], word: WordAt, head: bool) -> list[Placed]:
    """Every fragment of a row in its column or columns; what shares a column becomes one cell."""
    pieces = [cut for piece in row for cut in _cut(piece, grid, word)] if head else row
    spread = _spread(pieces, grid) if head else None
    cells: list[Placed] = []
    for at, piece in enumerate(sorted(pieces, key=lambda f: f.x0)):
        begin, end = spread[at] if spread else _columns_below(piece, grid, head)
        if cells and begin < cells[-1].column + cells[-1].width:
            last = cells[-1]
            if end < last.column + last.width or last.width == 1 or begin == last.column:
                cells[-1] = _merged(last, piece, max(end, last.column + last.width - 1))
                continue
            cells[-1] = last._replace(width=begin - last.column)
        cells.append(Placed(piece.text, box_of([piece]), begin, end - begin + 1))
    return cells


def _merged(cell: Placed, piece: Fragment, end: int) -> Placed:
    return cell._replace(
        text=f"{cell.text} {piece.text}",
        box=around([cell.box, box_of([piece])]),
        width=end - cell.column + 1,
    )


def around(boxes: Sequence[Box]) -> Box:
    """The rectangle around rectangles."""
    if len(boxes) == 1:
        return boxes[0]
    return Box(
        min([box.x0 for box in boxes]),
        min([box.y0 for box in boxes]),
        max([box.x1 for box in boxes]),
        max([box.y1 for box in boxes]),
    )


def _columns_below(
    piece: Fragment, grid: Sequence[tuple[float, float]], head: bool
) -> tuple[int, int]:
    """First and last column over which a fragment stands."""
    over = []
    for at in _over(grid, piece):
        x0, x1 = grid[at]
        shared = min(x1, piece.x1) - max(x0, piece.x0)
        if shared > OVERLAP * min(x1 - x0, piece.x1 - piece.x0):
            over.append(at)
    if not over:
        middle = (piece.x0 + piece.x1) / 2
        nearest = min(range(len(grid)), key=lambda at: _distance(grid[at], middle))
        return nearest, nearest
    if over[0] == 0 and not head:  # a label may be wider than its column
        return 0, 0
    return over[0], over[-1]


def _distance(column: tuple[float, float], x: float) -> float:
    return max(column[0] - x, x - column[1], 0.0)


_Groups = tuple[float, list[tuple[int, int]]]  # how far off in all, and the groups so far


def _spread(pieces: Row, grid: Sequence[tuple[float, float]]) -> list[tuple[int, int]] | None:
    """Headings that share all columns among them, each centred over its own; else None."""
    columns = len(grid) - 1
    if not 0 < len(pieces) < columns:
        return None
    best: dict[int, _Groups] = {0: (0.0, [])}  # by the number of columns given away
    for centre in sorted((f.x0 + f.x1) / 2 for f in pieces):
        following: dict[int, _Groups] = {}
        for begin, (sum_off, groups) in best.items():
            for end in range(begin + 1, columns + 1):
                x0, x1 = grid[begin + 1][0], grid[end][1]
                off = abs(centre - (x0 + x1) / 2)
                if off > CENTRED * (x1 - x0):
                    continue
                if end not in following or sum_off + off < following[end][0]:
                    following[end] = (sum_off + off, [*groups, (begin + 1, end)])
        best = following
    groups = best[columns][1] if columns in best else []
    sizes = {end - begin + 1 for begin, end in groups}
    # a heading over the middle one of three columns looks like one over all three
    unclear = len(sizes) > 1 and any(size > 1 and size % 2 for size in sizes)
    return None if unclear else groups or None


def _cut(piece: Fragment, grid: Sequence[tuple[float, float]], word: WordAt) -> list[Fragment]:
    """A heading whose words stand over different columns with some room between, in parts."""
    if piece.first < 0 or piece.first == piece.last or len(grid) < 3:
        return [piece]
    words = [word(at) for at in range(piece.first, piece.last + 1)]
    parts: list[Fragment] = []
    begin = 0
    for at in range(1, len(words)):
        gap = words[at].x0 - words[at - 1].x1
        if gap < NEAR_GAP * piece.size:
            continue
        before, after = (
            min(range(len(grid)), key=lambda c, w=w: _distance(grid[c], (w.x0 + w.x1) / 2))  # type: ignore[misc]
            for w in (words[at - 1], words[at])
        )
        if before < after:
            parts.append(fragment(words, begin, at - 1))
            begin = at
    parts.append(fragment(words, begin, len(words) - 1))
    return parts if len(parts) > 1 else [piece]
