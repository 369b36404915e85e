"""What the rows of a read table say of each other: the heads above a cell, the label at its left.

Pure, over `ParsedDocument`: readers say which rows of which table are heads and which columns a
cell covers; from that follows what a figure means.  Asked by search, by the tasks and by tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.documents import Cell, Element, ParsedDocument, Span


@dataclass(frozen=True, slots=True)
class HeadRows:
    """Head rows of one table that stand together, from the top."""

    table: int
    rows: tuple[Element, ...]

    @property
    def span(self) -> Span:
        """Their stretch of the document's text."""
        return Span(self.rows[0].span.begin, self.rows[-1].span.end)


def head_rows(elements: Iterable[Element]) -> Iterator[HeadRows]:
    """Every group of head rows, in reading order; a table that begins anew below has several."""
    group: list[Element] = []
    table = -1
    for element in elements:
        row = element.row
        heads = row is not None and row.heads
        if group and not (heads and row and row.table == table):
            yield HeadRows(table, tuple(group))
            group = []
        if row and heads:
            group.append(element)
            table = row.table
    if group:
        yield HeadRows(table, tuple(group))


@dataclass(frozen=True, slots=True)
class TableHeads:
    """The head rows of a document's tables, looked up once for many cells."""

    _groups: dict[int, tuple[HeadRows, ...]]  # by the number of the table, in reading order

    @classmethod
    def of(cls, parsed: ParsedDocument) -> TableHeads:
        """Of every table of a document."""
        found: dict[int, tuple[HeadRows, ...]] = {}
        for group in head_rows(parsed.elements):
            found[group.table] = (*found.get(group.table, ()), group)
        return cls(found)

    def above(self, element: Element) -> tuple[HeadRows, ...]:
        """The groups of heads above a row of a table, the nearest first."""
        if element.row is None or element.row.heads:
            return ()
        groups = self._groups.get(element.row.table, ())
        return tuple(g for g in reversed(groups) if g.span.end <= element.span.begin)

    def heads(self, element: Element, cell: Cell) -> tuple[Span, ...]:
        """Texts that name the columns of a cell, from the top, out of the nearest group of heads
        that names them; none for a cell of a head row.
        """
        for group in self.above(element):
            named = tuple(
                head.span
                for row in group.rows
                for head in (row.row.cells if row.row else ())
                if _share_a_column(head, cell)
            )
            if named:
                return named
        return ()


def column_heads(parsed: ParsedDocument, element: Element, cell: Cell) -> tuple[Span, ...]:
    """Texts that name the columns of one cell of ``element``, from the top.

    For many cells of one document, keep a `TableHeads`.
    """
    return TableHeads.of(parsed).heads(element, cell)


def row_head(element: Element) -> Span | None:
    """The text that names a row: its first cell; None where the cells are not known."""
    cells = element.row.cells if element.row else ()
    return cells[0].span if cells else None


def _share_a_column(one: Cell, other: Cell) -> bool:
    return one.column < other.column + other.width and other.column < one.column + one.width
