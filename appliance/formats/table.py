"""Adds a table to a document: its rows, which of them are heads, and the columns of every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.table_heads import head_count, names_a_group, repeats, widened
from appliance.formats.wire import MOST_COLUMNS

WIDEST = MOST_COLUMNS // 2  # columns that one cell may cover


def add_table(
    builder: DocumentBuilder,
    rows: Sequence[Sequence[Entry]],
    *,
    marked: int = 0,
    page: int | None = None,
    table: int | None = None,
) -> int:
    """Add the rows of one table, heads told by the file's marks or else by `heads`.

    Args:
        rows: cells by column; empty ones may be left out.
        marked: how many rows from the top the file marks as heads.
        table: goes on with this table, without heads of its own.

    Returns:
        the table's number.

    Raises:
        ReadingFailed: the document grows beyond its bounds.
    """
    ordered = [in_order(row) for row in rows]
    filled = [row for row in ordered if row]
    if table is not None:
        for row in _labelled(ordered, 0):
            builder.add_row(row, page, table=table)
        return table
    number = builder.new_table()
    count = head_count(filled, min(marked, len(filled)))
    columns = max((cell.column + cell.width for row in filled for cell in row), default=0)
    filled = _labelled(ordered, count)
    below = {at for at in range(count, len(filled)) if repeats(filled[at], filled[:count])}
    # the period above heads that come back, or a group of them
    below |= {at - 1 for at in below if at > count and names_a_group(filled[at - 1])}
    for at, row in enumerate(filled):
        above = at < count - 1 or (at < count and len(row) == 1)
        above = above or (at in below and at + 1 in below)
        cells = widened(row, columns) if above else row
        builder.add_row(cells, page, table=number, heads=at < count or at in below)
    return number


def _labelled(ordered: Sequence[Sequence[Entry]], heads: int) -> list[list[Entry]]:
    """The rows that hold text; a label that reaches over several rows stands in each of them.

    Without it a figure in the second of these rows could not be told from others of its column.
    Cells that reach over several rows elsewhere stand in the first of them.
    """
    filled: list[list[Entry]] = []
    label: Entry | None = None
    reach = 0
    for row in ordered:
        reach -= 1
        if row and row[0].column == 0:
            label, reach = row[0], row[0].height
        above = len(filled) >= heads
        if row and above and label is not None and reach > 0 and row[0].column >= label.width:
            filled.append([label, *row])
        elif row:
            filled.append(list(row))
        elif reach <= 0:
            label = None
        if len(filled) <= heads:
            label = None  # a label beside heads is the corner of the table
    return filled


def in_order(row: Sequence[Entry]) -> list[Entry]:
    """The cells that hold text, by column, within bounds and none over another."""
    cells: list[Entry] = []
    free = 0
    for cell in sorted((c for c in row if c.text.strip()), key=lambda c: c.column):
        column = max(cell.column, free)
        if column >= MOST_COLUMNS:
            last = cells.pop() if cells else Entry("", 0, MOST_COLUMNS)
            cells.append(replace(last, text=f"{last.text} {cell.text}"))
            continue
        width = max(1, min(cell.width, WIDEST, MOST_COLUMNS - column))
        cells.append(Entry(cell.text, column, width, cell.box, cell.height))
        free = column + width
    return cells
