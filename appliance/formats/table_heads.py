"""Which rows of a table name its columns, where the file does not say so itself.

A row of heads holds text, years or dates, and figures follow below.  Measured on the tables of
annual reports: heads of several rows (a period, the years, a unit), a corner that is empty or
names the unit, years that look like figures, heads that come back further down.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from appliance.formats.build import Entry

MOST_HEADS = 6  # rows
_LONGEST_HEAD = 200  # characters in one cell of a head
_FEWEST_ALIKE = 2  # cells that a repeated head shares with the first

_FIGURE = re.compile(
    r"[\s$€£¥(<>~+−–—*-]*(?:[A-Z]{2,3}\s?)?[$€£¥]?\s?[-−(]?\d[\d.,'’\s\u00a0]*"
    r"(?:[eE][+-]?\d+)?\s?(?:%|[$€£¥]|bps|[xX]|pts?)?\)?\s?%?(?:\s?\([a-z0-9]{1,2}\)|\*+)?"
)
_DASHES = re.compile(r"[\s$€£¥()%]*[-–—−]+[\s%)]*")
_YEAR = re.compile(r"(?:FY\s?|CY\s?)?(?:19|20)\d\d(?:[/–-]\d\d(?:\d\d)?)?[AEFPBe*]?")
_PERIOD = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:Q[1-4]|H[12])\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|"
    r"\b\d{4}-\d\d-\d\d\b",
    re.I,
)
_UNIT_NOTE = re.compile(r"\(.*\)|in (?:thousands|millions|billions)\b.*", re.I)


def is_figure(text: str) -> bool:
    """Whether a cell holds an amount (a year alone is none) or the dash that stands for one."""
    text = text.strip()
    if not text or _YEAR.fullmatch(text):
        return False
    return bool(_FIGURE.fullmatch(text) or _DASHES.fullmatch(text))


def head_count(rows: Sequence[Sequence[Entry]], marked: int = 0) -> int:
    """How many rows from the top name the columns.

    Args:
        rows: the cells that hold text, by column.
        marked: rows from the top that the file itself marks as heads.
    """
    count = marked
    for at in range(marked, min(MOST_HEADS, len(rows) - 1)):
        if not _could_be_head(rows, at) or (count and not _goes_on(rows, at)):
            break
        count = at + 1
    while count > marked and not _beside(rows[count - 1]):
        count -= 1  # a lone cell above the figures is the title of a section
    if count == marked:
        return marked
    below = rows[count:]
    if any(is_figure(cell.text) for row in below for cell in _beside(row)):
        return count
    return count if marked else _without_figures(rows)


def repeats(row: Sequence[Entry], heads: Sequence[Sequence[Entry]]) -> bool:
    """Whether a row further down says the heads again, for other periods perhaps."""
    if not row or not heads or any(is_figure(cell.text) for cell in row):
        return False
    first = {(cell.column, cell.text.strip()) for head in heads for cell in head}
    alike = sum((cell.column, cell.text.strip()) in first for cell in row)
    return alike >= _FEWEST_ALIKE


def names_a_group(row: Sequence[Entry]) -> bool:
    """Whether a row has words beside the first column, and nothing else."""
    return bool(row) and row[0].column > 0 and not any(is_figure(cell.text) for cell in row)


def widened(row: Sequence[Entry], columns: int) -> list[Entry]:
    """The cells of a head above other heads, each over the empty cells that belong to it.

    A head that names a group of columns stands over the first or the middle of them, with nothing
    beside it, where a file cannot or does not say how far it reaches.
    """
    if any(cell.width > 1 for cell in row):
        return list(row)
    wide = []
    for at, cell in enumerate(row):
        end = row[at + 1].column if at + 1 < len(row) else columns
        alone = len(row) == 1 and cell.column > 1
        column = 1 if alone else cell.column
        wide.append(replace(cell, column=column, width=max(1, end - column)))
    return wide


def _could_be_head(rows: Sequence[Sequence[Entry]], at: int) -> bool:
    row = rows[at]
    if not row or any(is_figure(c.text) or len(c.text) > _LONGEST_HEAD for c in row):
        return False
    if _beside(row):
        return True
    # one cell in the first column is a head only above heads that begin at once
    return at == 0 and bool(rows[1:]) and _is_period_row(rows[1])


def _goes_on(rows: Sequence[Sequence[Entry]], at: int) -> bool:
    """Whether a row below a head is a head as well, and not the first row of text."""
    row, above = rows[at], rows[at - 1]
    labelled = row[0].column == 0
    if not labelled or _is_period_row(row):
        return True
    if _UNIT_NOTE.fullmatch(row[0].text.strip()):
        return True
    covered = sum(cell.width for cell in _beside(above))
    return covered < len(_beside(row)) and not _beside_fills(above, row)


def _beside_fills(above: Sequence[Entry], row: Sequence[Entry]) -> bool:
    """Whether every cell of ``row`` beside the first has a head of its own above it."""
    return all(
        any(head.column <= cell.column < head.column + head.width for head in above)
        for cell in _beside(row)
    )


def _is_period_row(row: Sequence[Entry]) -> bool:
    beside = _beside(row)
    return bool(beside) and all(_PERIOD.search(cell.text) for cell in beside)


def _without_figures(rows: Sequence[Sequence[Entry]]) -> int:
    """A table of words has a head where its first row is full, short and of three columns."""
    columns = max((cell.column + cell.width for row in rows for cell in row), default=0)
    first = rows[0]
    unlabelled = next((at for at, row in enumerate(rows) if row[0].column == 0), 0)
    if columns >= 3 and 1 < unlabelled <= MOST_HEADS:
        return unlabelled  # rows without a label, above rows that have one
    missing = columns - sum(cell.width for cell in first)
    short = all(len(cell.text) <= _LONGEST_HEAD // 3 for cell in first)
    corner_only = missing == 0 or (missing == 1 and first[0].column == 1)
    return 1 if columns >= 3 and len(rows) >= 3 and corner_only and short else 0


def _beside(row: Sequence[Entry]) -> list[Entry]:
    return [cell for cell in row if cell.column > 0]
