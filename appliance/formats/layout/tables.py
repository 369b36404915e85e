"""Finds the tables among the rows of a region, with their heads, and puts cells together.  Pure.

A table begins with a row of several cells and goes on over rows of one cell as long as these look
like labels: they end before the first column of figures.  Headings above it that stand over its
columns are taken in.  Where the figures no longer fit the columns, or headings stand between
figures, another table begins.  A label or a heading on several lines becomes one cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from appliance.formats.layout.grid import (
    Grid,
    Placed,
    around,
    columns_of,
    fits,
    is_figure,
    is_number,
    placed,
    widen,
)
from appliance.formats.layout.lines import Fragment, Row, WordAt

FARTHEST = 3.5  # times the line height: a row that far below is not part of the table
MOST_LABELS = 3  # rows of one cell in a row
MOST_HEADS = 6  # rows of headings
SAME_CELL = 1.45  # times the line height: farther below, a line begins another cell
LONGEST_HEAD = 120  # characters of one heading
LONGEST_OVER_COLUMNS = 50  # characters of a heading that stands alone in its row


class TableRow(NamedTuple):
    """One row as it is kept."""

    cells: list[Placed]
    heads: bool


class Table(NamedTuple):
    """A table in a region: which of its rows, from ``begin`` to before ``end``, and its cells."""

    begin: int
    end: int
    grid: Grid
    rows: list[TableRow]


def tables(rows: Sequence[Row], tabular: Sequence[bool], word: WordAt) -> Iterator[Table]:
    """The tables of a region, in order.

    Args:
        rows: the region's rows.
        tabular: which of them have several cells.
        word: gives the words of a fragment, to part headings that stand close together.
    """
    free = at = 0
    while at < len(rows):
        if not tabular[at]:
            at += 1
            continue
        end = _end(rows, tabular, at)
        begin = _with_heads_above(rows, free, at, end)
        for first, last in _parts(rows, begin, end):
            yield _table(rows[first:last], first, last, word)
        free = at = end


def _end(rows: Sequence[Row], tabular: Sequence[bool], begin: int) -> int:
    """The first row after the table that begins here."""
    end = at = begin + 1
    edge = _figures_from(rows[begin:end])
    figures = any(is_figure(f.text) for f in rows[begin][1:])
    while at < len(rows):
        row, above = rows[at], rows[at - 1]
        if row[0].top - above[0].top > FARTHEST * max(row[0].size, above[0].size):
            break
        if tabular[at] or (len(row) > 1 and any(is_number(f.text) for f in row[1:])):
            end = at + 1
            figures = figures or any(is_figure(f.text) for f in row[1:])
            edge = min(edge, _figures_from(rows[at:end]))
        elif at - end >= MOST_LABELS or not (
            _is_label(row, edge) or (not figures and _is_short(row))
        ):
            break
        at += 1
    return _with_ends_of_cells(rows, end, edge)


def _with_ends_of_cells(rows: Sequence[Row], end: int, edge: float) -> int:
    """A last label may go on below its figures."""
    while end < len(rows) and _goes_on(rows[end - 1], rows[end]) and _is_label(rows[end], edge):
        end += 1
    return end


def _figures_from(rows: Sequence[Row]) -> float:
    """Where the columns beside the labels begin."""
    figures = [f.x0 for row in rows for f in row[1:] if is_number(f.text)]
    return min(figures or [row[1].x0 for row in rows if len(row) > 1], default=float("inf"))


def _is_short(row: Row) -> bool:
    """It may be a heading over several columns: nothing that reads as a line of prose."""
    return len(row) == 1 and len(row[0].text) <= LONGEST_OVER_COLUMNS


def _is_label(row: Row, edge: float) -> bool:
    return row[-1].x1 < edge and len(row[0].text) <= LONGEST_HEAD


def _with_heads_above(rows: Sequence[Row], free: int, begin: int, end: int) -> int:
    """Where the headings above a table begin: rows that stand over its figures alone."""
    edge = _figures_from(rows[begin:end])
    left = min(row[0].x0 for row in rows[begin:end])
    if edge == float("inf"):
        return begin
    found = at = begin
    while at > free and begin - at < MOST_HEADS:
        above, row = rows[at - 1], rows[at]
        height = max(above[0].size, row[0].size)
        if row[0].top - above[0].top > 2.5 * height or sum(map(_length, above)) > LONGEST_HEAD:
            break
        at -= 1
        if above[0].x0 >= edge - 3 * height and above[0].x0 - left >= 2 * height:
            found = at
        elif not _is_label(above, edge):  # labels may stand between headings and figures
            break
    return found


def _length(piece: Fragment) -> int:
    return len(piece.text)


def _parts(rows: Sequence[Row], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut where other columns begin."""
    columns: list[tuple[float, float]] = []
    first = begin
    figures = False
    for at in range(begin, end):
        row = rows[at]
        if _is_head(row) and figures and _heads_figures(row, columns):
            start = _first_head(rows, first, at, columns)
            yield first, start
            first, figures, columns = start, False, []
        elif any(is_figure(f.text) for f in row[1:]):
            if not fits(columns, row):
                start = _first_head(rows, first, at, columns)
                if start > first:
                    yield first, start
                    first, columns = start, []
            widen(columns, row)
            figures = True
    yield first, end


def _first_head(
    rows: Sequence[Row], first: int, at: int, columns: Sequence[tuple[float, float]]
) -> int:
    """Headings right above a cut go to the part below it."""
    while at - 1 > first and _is_head(rows[at - 1]) and _heads_figures(rows[at - 1], columns):
        at -= 1
    return at


def _is_head(row: Row) -> bool:
    return not any(is_figure(f.text) for f in row)


def _heads_figures(row: Row, columns: Sequence[tuple[float, float]]) -> bool:
    """Whether the cells of a row stand over columns of figures, and at least one does."""
    if not columns:
        return False
    edge = min(x0 for x0, _ in columns)
    return row[-1].x1 > edge and row[0].x0 > edge - 2 * row[0].size


def _table(rows: Sequence[Row], begin: int, end: int, word: WordAt) -> Table:
    count = _heads(rows)
    body = rows[count:] or rows
    columns = columns_of([row for row in body if len(row) > 1] or list(body))
    found = [
        TableRow(placed(row, columns, word, at < count), at < count) for at, row in enumerate(rows)
    ]
    merged = list(_merged(rows, found))
    return Table(begin, end, Grid(tuple(columns), any(row.heads for row in merged)), merged)


def _heads(rows: Sequence[Row]) -> int:
    """How many rows at the top name the columns."""
    for at, row in enumerate(rows):
        if any(is_figure(f.text) for f in row[1:]) or (len(row) == 1 and is_figure(row[0].text)):
            return _without_labels(rows, at)
    first = rows[0]
    several = len(rows) > 1 and len(first) > 1
    stands_out = all(f.bold for f in first) and not all(f.bold for f in rows[-1])
    return 1 if several and stands_out else 0


def _without_labels(rows: Sequence[Row], count: int) -> int:
    """Single labels between the headings and the first figures name rows, not columns."""
    left = min(row[0].x0 for row in rows)
    edge = _figures_from(rows[count : count + 1])
    while count:
        row = rows[count - 1]
        if len(row) > 1 or row[0].x1 > edge or row[0].x0 > left + (edge - left) / 2 > edge:
            return count
        count -= 1
    return 0


# --- cells on several lines ----------------------------------------------------------------------


def _merged(rows: Sequence[Row], found: Sequence[TableRow]) -> Iterator[TableRow]:
    held: TableRow | None = None
    labels = [row[0].x1 for row, kept in zip(rows, found, strict=True) if _is_labelled(kept)]
    right = max(labels, default=0.0)
    for at, row in enumerate(found):
        if held is not None and _is_one(rows[at - 1], rows[at], held, row, right):
            held = TableRow(_one(held.cells, row.cells), held.heads)
            continue
        if held is not None:
            yield held
        held = row
    if held is not None:
        yield held


def _is_one(above: Row, below: Row, upper: TableRow, lower: TableRow, right: float) -> bool:
    """Whether two lines are one row of the table."""
    step = below[0].top - above[0].top
    if step > SAME_CELL * max(above[0].size, below[0].size) or upper.heads != lower.heads:
        return False
    columns = [(cell.column, cell.width) for cell in lower.cells]
    if upper.heads:
        same = columns == [(cell.column, cell.width) for cell in upper.cells]
        return same and lower.cells[0].column > 0
    if any(is_number(cell.text) for cell in lower.cells if cell.column):
        only_label = len(upper.cells) == 1 and upper.cells[0].column == 0
        if not only_label or lower.cells[0].column:
            return False
        return _goes_on(above, below) or _is_full(above, below, right)
    if lower.cells[0].column == 0:
        return len(lower.cells) == 1 and _goes_on(above, below)
    return True  # no label and no figure: the cells above go on


def _is_labelled(row: TableRow) -> bool:
    return not row.heads and row.cells[0].column == 0 and row.cells[0].width == 1


def _is_full(above: Row, below: Row, right: float) -> bool:
    """Whether a label ends where it does because the next word had no room before ``right``."""
    first = below[0]
    word = len(first.text.split(" ", 1)[0]) + 1
    room = word * (first.x1 - first.x0) / len(first.text)
    same = abs(first.x0 - above[0].x0) < 2 * first.size
    return same and above[0].x1 + room > right and not above[0].text.endswith(":")


def _goes_on(above: Row, below: Row) -> bool:
    """Whether a label goes on below: nothing else begins with a small letter."""
    first = below[0]
    if first.top - above[0].top > SAME_CELL * max(above[0].size, first.size):
        return False
    return first.text[:1].islower() and not above[0].text.endswith((":", ".", ";"))


def _one(upper: list[Placed], lower: list[Placed]) -> list[Placed]:
    cells = list(upper)
    for cell in lower:
        at = next(
            (
                n
                for n, c in enumerate(cells)
                if c.column < cell.column + cell.width and cell.column < c.column + c.width
            ),
            None,
        )
        if at is None:
            cells.append(cell)
            continue
        last = cells[at]
        text = f"{last.text} {cell.text}"
        cells[at] = last._replace(text=text, box=around([last.box, cell.box]))
    return sorted(cells, key=lambda cell: cell.column)
