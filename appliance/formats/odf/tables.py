"""Tables and sheets of an OpenDocument file: cells with their columns, repeated ones as often.

A repeated cell that is empty takes no space; a filled one is repeated up to a bound, so that a few
bytes cannot become a billion cells.  Source: OpenDocument 1.3 part 3, 9 (tables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from lxml.etree import _Element as Node

from appliance.documents import Concealment, ElementKind, Flag
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.odf.styles import Styles
from appliance.formats.sheet import Sheet, add_sheet
from appliance.formats.table import add_table
from appliance.formats.tree import attribute, local

MOST_CELLS = 1_000_000  # filled, in one document
_MOST_COLUMNS = 16_384
_MOST_ROWS = 1 << 20
_GROUPS = frozenset(
    {"table-rows", "table-row-group", "table-header-rows", "table-columns", "named-expressions"}
)
_CELLS = frozenset({"table-cell", "covered-table-cell"})


class Blocks(Protocol):
    """Adds paragraphs, lists and frames."""

    def __call__(self, nodes: Iterable[Node], kind: ElementKind, depth: int = 0) -> None:
        """See `odf_blocks.BlockReader.blocks`."""


@dataclass(slots=True)
class CellCount:
    """Cells that hold something, of all tables of a document."""

    seen: int = 0
    lost: int = 0
    inner_tables: int = 0  # tables that are no sheets


@dataclass(slots=True)
class _Row:
    """One row: its filled cells, and how often it repeats."""

    entries: list[Entry] = field(default_factory=list)
    heads: bool = False
    repeats: int = 1


class TableReader:
    """Reads the tables of one document into its builder."""

    def __init__(
        self,
        builder: DocumentBuilder,
        styles: Styles,
        count: CellCount,
        cell_text: Callable[[Node], str],
        blocks: Blocks,
    ) -> None:
        self._builder = builder
        self._styles = styles
        self._count = count
        self._cell_text = cell_text
        self._blocks = blocks

    def add(self, table: Node, depth: int, page: int | None) -> None:
        """Add one table of a text or a slide, then what hangs in its cells."""
        self._count.inner_tables += 1
        inner: list[Node] = []
        rows = [self._row(node, heads=heads, inner=inner) for node, heads in _rows(table)]
        marked = 0
        filled = [row for row in rows if row.entries]
        while marked < len(filled) and filled[marked].heads:
            marked += 1
        repeated = [row.entries for row in rows for _ in range(min(row.repeats, 1000))]
        add_table(self._builder, repeated, marked=marked if marked < len(filled) else 0, page=page)
        for node in inner:
            self._blocks([node], ElementKind.TEXT, depth + 1)

    def add_sheet(self, table: Node) -> None:
        """Add one sheet: its name, then its tables."""
        if self._styles.hides("table", attribute(table, "style-name")):
            self._builder.flag(Flag.HIDDEN_TEXT)
        sheet = Sheet()
        inner: list[Node] = []
        at = 1
        for node, _ in _rows(table):
            if (
                attribute(node, "visibility") in {"collapse", "filter"}
                and node.find(".//{*}p") is not None
            ):
                self._builder.flag(Flag.HIDDEN_TEXT)
            row = self._row(node, heads=False, inner=inner)
            for _ in range(self._bounded(row)):
                sheet.rows[at] = {entry.column: entry.text for entry in row.entries}
                sheet.merged += [
                    (at, e.column, at + e.height - 1, e.column + e.width - 1)
                    for e in row.entries
                    if e.width > 1 or e.height > 1
                ]
                at += 1
            at += 0 if row.entries else row.repeats
        if sheet.rows or inner:
            self._builder.add(ElementKind.TITLE, attribute(table, "name"))
        add_sheet(sheet, self._builder)
        for node in inner:
            self._blocks([node], ElementKind.TEXT, 1)

    def _bounded(self, row: _Row) -> int:
        """How often a row is kept; what is beyond the bound is counted as lost."""
        filled = len(row.entries)
        if not filled:
            return 0
        more = (row.repeats - 1) * filled
        room = max(MOST_CELLS - self._count.seen, 0)
        self._count.seen += more
        self._count.lost += max(more - room, 0)
        return 1 + min(more, room) // filled

    def _row(self, node: Node, *, heads: bool, inner: list[Node]) -> _Row:
        row = _Row(heads=heads, repeats=_number(node, "number-rows-repeated", _MOST_ROWS))
        column = 0
        for cell in node:
            name = local(cell)
            if name not in _CELLS:
                continue
            repeats = _number(cell, "number-columns-repeated", _MOST_COLUMNS)
            if len(cell) or attribute(cell, "value-type"):
                self._cell(cell, name, column, repeats, row, inner)
            column += repeats
        return row

    def _cell(
        self, cell: Node, name: str, column: int, repeats: int, row: _Row, inner: list[Node]
    ) -> None:
        text = self._cell_text(cell) or _value(cell)
        inner += [n for n in cell if local(n) not in {"p", "h", "list"}]
        if not text.strip():
            return
        if name == "covered-table-cell":
            self._builder.hide(Concealment.HIDDEN, text)
            return
        width = _number(cell, "number-columns-spanned", _MOST_COLUMNS)
        height = _number(cell, "number-rows-spanned", _MOST_ROWS)
        self._count.seen += repeats
        if self._count.seen > MOST_CELLS:
            self._count.lost += repeats - 1
            repeats = 1
        row.entries += [Entry(text, column + at, width, height=height) for at in range(repeats)]


def _value(cell: Node) -> str:
    """The value of a cell that has no text."""
    for name in ("string-value", "date-value", "time-value", "boolean-value", "value"):
        if found := attribute(cell, name):
            return found
    return ""


def _rows(table: Node, *, heads: bool = False) -> Iterator[tuple[Node, bool]]:
    """The rows of a table, and whether they are marked as heads."""
    for node in table:
        name = local(node)
        if name == "table-row":
            yield node, heads
        elif name in _GROUPS:
            yield from _rows(node, heads=heads or name == "table-header-rows")


def _number(node: Node, name: str, most: int) -> int:
    text = attribute(node, name)
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 12 else 1
