"""The cells of a sheet, parted into tables: a sheet often holds several, with titles above them.

Blank rows part tables, and so do blank columns where what stands behind them has words of its own
in its first column; figures behind a blank column belong to the row labels before it.  A block of
rows that names no columns goes on with the table above it.  A row with one cell, above the heads,
is a title.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from appliance.documents import ElementKind
from appliance.formats import table_heads
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.table import add_table

Area = tuple[int, int, int, int]  # first row, first column, last row, last column
Row = tuple[int, dict[int, str]]

_MOST_MERGED_WORK = 200_000  # rows of merged areas that are looked at
_LONGEST_TITLE = 150  # characters; a longer lone cell is a note


@dataclass(slots=True)
class Sheet:
    """The cells of one sheet that hold text: by row from 1, then by column from 0."""

    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    tables: list[tuple[Area, int]] = field(default_factory=list)  # marked, with rows of heads
    margins: list[tuple[ElementKind, str]] = field(default_factory=list)  # on every printed page


def add_sheet(sheet: Sheet, builder: DocumentBuilder) -> None:
    """Add the tables of one sheet, from the top, and what stands between them.

    Raises:
        ReadingFailed: the document grows beyond its bounds.
    """
    _join_merged(sheet)
    Tables(builder, sheet.merged, sheet.tables).add(sheet.rows)
    for kind, text in sheet.margins:
        builder.add(kind, text)


def _join_merged(sheet: Sheet) -> None:
    """What a merged area holds beside its first cell is not shown by any program: keep one."""
    work = 0
    for top, left, bottom, right in sheet.merged:
        work += bottom - top + 1
        if work > _MOST_MERGED_WORK:
            return
        pieces = [
            cells.pop(column)
            for at in range(top, bottom + 1)
            if (cells := sheet.rows.get(at))
            for column in sorted(c for c in cells if left <= c <= right)
        ]
        if pieces:
            sheet.rows.setdefault(top, {})[left] = " ".join(dict.fromkeys(pieces))


class Tables:
    """Parts the rows of one sheet into tables and adds them."""

    def __init__(
        self,
        builder: DocumentBuilder,
        merged: Sequence[Area],
        marked: Sequence[tuple[Area, int]],
    ) -> None:
        self._builder = builder
        self._widths = {(a[0], a[1]): a[3] - a[1] + 1 for a in merged}
        self._heights = {(a[0], a[1]): a[2] - a[0] + 1 for a in merged}
        self._marked = {(area[0], area[1]): count for area, count in marked}
        self._starts = {area[0] for area, _ in marked}
        self._above: tuple[int, int, int] | None = None  # table, its first and last column

    def add(self, rows: dict[int, dict[int, str]]) -> None:
        """Add all of them."""
        for band in self._bands(rows):
            for part in _diagonal(band):
                for block in self._beside(part):
                    self._add_block(block)

    def _bands(self, rows: dict[int, dict[int, str]]) -> Iterable[list[Row]]:
        """Rows without a blank one between them; a marked table begins a band of its own."""
        band: list[Row] = []
        for at in sorted(rows):
            if not rows[at]:
                continue
            if band and (at > band[-1][0] + 1 or at in self._starts):
                yield band
                band = []
            band.append((at, rows[at]))
        if band:
            yield band

    def _beside(self, band: list[Row]) -> list[list[Row]]:
        """The tables that stand beside each other in a band."""
        used = sorted({column for _, cells in band for column in cells})
        covered = {
            column + shift
            for at, cells in band
            for column in cells
            for shift in range(min(self._widths.get((at, column), 1), 1000))
        }
        starts = [used[0]] if used else []
        for before, column in pairwise(used):
            blank = column > before + 1 and column - 1 not in covered
            if blank and (self._has_labels(band, column) or _begins_lower(band, column)):
                starts.append(column)
        blocks = []
        for start, end in zip(starts, [*starts[1:], 1 << 20], strict=True):
            part = [
                (at, {c: t for c, t in cells.items() if start <= c < end}) for at, cells in band
            ]
            blocks.append([(at, cells) for at, cells in part if cells])
        return blocks

    @staticmethod
    def _has_labels(band: list[Row], column: int) -> bool:
        """Whether a column begins a table: most of its cells are words, below its first too."""
        texts = [cells[column] for _, cells in band if column in cells]
        words = sum(not table_heads.is_figure(text) for text in texts[1:])
        beside = any(c > column for _, cells in band for c in cells)
        return len(texts) > 1 and beside and words * 2 > len(texts) - 1

    def _add_block(self, block: list[Row]) -> None:
        while block and self._is_title(block):
            (text,) = block[0][1].values()
            kind = ElementKind.TITLE if len(text) <= _LONGEST_TITLE else ElementKind.TEXT
            self._builder.add(kind if len(block) > 1 else ElementKind.TEXT, text)
            block = block[1:]
        if not block:
            return
        left = min(column for _, cells in block for column in cells)
        right = max(column for _, cells in block for column in cells)
        if left == right and not any(table_heads.is_figure(cells[left]) for _, cells in block):
            for _, cells in block:
                self._builder.add(ElementKind.TEXT, cells[left])
            return
        marked = self._marked.get((block[0][0], left), 0)
        entries = [self._entries(at, cells, 0) for at, cells in block]
        shifted = [[_shifted(entry, left) for entry in row] for row in entries]
        count = table_heads.head_count(shifted, min(marked, len(shifted)))
        above = self._above
        if above and not count and above[1] <= left and right <= above[2]:
            first = above[1]
            rows = [[_shifted(entry, first) for entry in row] for row in entries]
            add_table(self._builder, rows, table=above[0])
            return
        number = add_table(self._builder, shifted, marked=marked)
        self._above = (number, left, right) if count else None

    def _is_title(self, block: list[Row]) -> bool:
        """Whether the first row of a block is one cell above rows that have more of them."""
        (_, cells), rest = block[0], block[1:]
        if len(cells) != 1:
            return False
        (column,) = cells
        left = min(c for _, inner in block for c in inner)
        if not rest:
            return not self._goes_on_above(column)
        several = any(len(inner) > 1 for _, inner in rest)
        if column != left or not several:
            return False
        return not (self._goes_on_above(column) and len(rest[0][1]) > 1 and self._plain(rest))

    def _goes_on_above(self, column: int) -> bool:
        return self._above is not None and self._above[1] <= column <= self._above[2]

    def _plain(self, rest: list[Row]) -> bool:
        """Whether the rows name no columns themselves."""
        return table_heads.head_count([self._entries(at, cells, 0) for at, cells in rest]) == 0

    def _entries(self, at: int, cells: dict[int, str], left: int) -> list[Entry]:
        return [
            Entry(
                text,
                column - left,
                self._widths.get((at, column), 1),
                height=self._heights.get((at, column), 1),
            )
            for column, text in sorted(cells.items())
        ]


def _diagonal(band: list[Row]) -> Iterable[list[Row]]:
    """Parts a band where the rows above and the rows below share no column."""
    below: list[tuple[int, int]] = []  # first and last column of a row and those after it
    low, high = 1 << 20, -1
    for _, cells in reversed(band):
        low, high = min(low, *cells), max(high, *cells)
        below.append((low, high))
    below.reverse()
    start = 0
    low, high = 1 << 20, -1
    for at, (_, cells) in enumerate(band):
        if at > start and (below[at][0] > high or below[at][1] < low):
            yield band[start:at]
            start, low, high = at, 1 << 20, -1
        low, high = min(low, *cells), max(high, *cells)
    yield band[start:]


def _begins_lower(band: list[Row], column: int) -> bool:
    """Whether what stands from a column on begins below the top of the band, with heads."""
    rows = [
        [Entry(text, c - column) for c, text in sorted(cells.items()) if c >= column]
        for _, cells in band
    ]
    first = next(at for at, row in enumerate(rows) if row)
    own = [row for row in rows[first:] if row]
    return first > 0 and len(own[0]) > 1 and table_heads.head_count(own) > 0


def _shifted(entry: Entry, left: int) -> Entry:
    return Entry(entry.text, max(entry.column - left, 0), entry.width, None, entry.height)
