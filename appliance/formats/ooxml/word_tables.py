"""Tables of a DOCX: every cell with the columns that it covers, merged ones once.

A cell that is merged downwards stands in its first row, the label of several rows in each of them.
A table with one cell is a frame around paragraphs, and read as such; a table within a cell is a
table of its own, after the row it is in.
Source: ECMA-376 part 1, 17.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from lxml.etree import _Element as Node

from appliance.documents import Concealment, ElementKind
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.ooxml.word_runs import RunReader
from appliance.formats.ooxml.word_styles import Styles, attribute_of, fills
from appliance.formats.table import add_table
from appliance.formats.tree import alternative, attribute, child, local

_WRAPPERS = frozenset({"sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"})
_FIRST_ROW = 0x0020  # bit of ``w:tblLook``; 17.4.55
_WIDEST = 1000
_DEEPEST = 100  # tables one in the other; deeper ones are read as text


class Blocks(Protocol):
    """Adds paragraphs and tables below a node."""

    def __call__(
        self, parent: Node, kind: ElementKind, *, shaded: bool = False, depth: int = 0
    ) -> None:
        """See `word.Document.blocks`."""


@dataclass(slots=True)
class _Read:
    """One table as far as it was read."""

    shaded: bool
    rows: list[list[Entry]] = field(default_factory=list)
    later: list[Node] = field(default_factory=list)  # what hangs in its cells
    tops: dict[int, tuple[int, int]] = field(default_factory=dict)  # first cells of merged ones

    def go_on(self, column: int) -> None:
        """The cell of this column goes on down into the row that is being read."""
        if column in self.tops:
            at, place = self.tops[column]
            top = self.rows[at][place]
            self.rows[at][place] = replace(top, height=len(self.rows) - at + 1)


class TableReader:
    """Reads the tables of one document into its builder."""

    def __init__(
        self, styles: Styles, runs: RunReader, builder: DocumentBuilder, blocks: Blocks
    ) -> None:
        self._styles = styles
        self._runs = runs
        self._builder = builder
        self._blocks = blocks

    def add(self, table: Node, depth: int) -> None:
        """Add one table, and after it what stands within its cells and is no text of them."""
        if depth > _DEEPEST:
            self._blocks(table, ElementKind.TEXT, depth=depth)
            return
        style = attribute_of(child(table, "tblPr"), "tblStyle")
        shaded = self._styles.shades(style) or any(fills(node) for node in table.iter("{*}shd"))
        table_rows = [row for row in _below(table, "tr") if not self._deleted(row)]
        cells = [(row, list(_below(row, "tc"))) for row in table_rows]
        if sum(len(found) for _, found in cells) == 1:
            self._blocks(cells[0][1][0], ElementKind.TEXT, shaded=shaded, depth=depth + 1)
            return
        read = _Read(shaded)
        for row, found in cells:
            self._row(row, found, read)
        marked = self._marked(table, style, table_rows, read.rows)
        add_table(self._builder, read.rows, marked=marked)
        for node in read.later:
            wrapper = node.getparent()
            if local(node) == "tbl":
                self.add(node, depth + 1)
            elif wrapper is not None:
                self._blocks(node, ElementKind.TEXT, shaded=True, depth=depth + 1)

    def _deleted(self, row: Node) -> bool:
        if child(child(row, "trPr"), "del") is None:
            return False
        text = " ".join(t.text or "" for t in row.iter("{*}t", "{*}delText"))
        self._builder.hide(Concealment.HIDDEN, text)
        return True

    def _row(self, row: Node, cells: list[Node], read: _Read) -> None:
        column = _number(attribute_of(child(row, "trPr"), "gridBefore"), 0)
        entries: list[Entry] = []
        for cell in cells:
            properties = child(cell, "tcPr")
            width = _number(attribute_of(properties, "gridSpan"), 1)
            text = self._text(cell, read.later, shaded=read.shaded)
            merged = child(properties, "vMerge")
            if merged is not None and attribute(merged, "val") != "restart":
                if text.strip():
                    self._builder.hide(Concealment.HIDDEN, text)
                read.go_on(column)
            elif text.strip():
                read.tops[column] = (len(read.rows), len(entries))
                entries.append(Entry(text, column, width))
            else:
                read.tops.pop(column, None)
            column += width
        read.rows.append(entries)

    def _text(self, cell: Node, later: list[Node], *, shaded: bool) -> str:
        pieces: list[str] = []
        for paragraph in self._paragraphs(cell, later):
            words = self._runs.words(paragraph, shaded=shaded)
            for why, text in words.hidden:
                self._builder.hide(why, text)
            pieces += [words.text, *dict.fromkeys(words.stand_ins)]
            later += words.boxes
        return "\n".join(piece for piece in pieces if piece.strip())

    def _paragraphs(self, parent: Node, later: list[Node]) -> list[Node]:
        found: list[Node] = []
        for node in parent:
            name = local(node)
            if name == "p":
                found.append(node)
            elif name == "tbl":
                later.append(node)
            elif name in {"del", "moveFrom"}:
                text = "".join(t.text or "" for t in node.iter("{*}t", "{*}delText"))
                self._builder.hide(Concealment.HIDDEN, text)
            elif name == "AlternateContent":
                branch = alternative(node)
                found += self._paragraphs(branch, later) if branch is not None else []
            elif name in _WRAPPERS:
                found += self._paragraphs(node, later)
        return found

    def _marked(
        self, table: Node, style: str, table_rows: list[Node], read: list[list[Entry]]
    ) -> int:
        """How many rows from the top the file marks as heads, by repeating or setting them apart.

        Counted are rows that hold text.
        """
        count = 0
        for row, entries in zip(table_rows, read, strict=True):
            header = child(child(row, "trPr"), "tblHeader")
            if header is None or attribute(header, "val") in {"0", "false", "off"}:
                break
            count += bool(entries)
        if count and count < len(table_rows):
            return count
        look = child(child(table, "tblPr"), "tblLook")
        first = look is not None and (
            attribute(look, "firstRow") in {"1", "true", "on"}
            or bool(_number(attribute(look, "val"), 0, base=16) & _FIRST_ROW)
        )
        several = len(table_rows) > 1 and len(read[0]) > 1
        return 1 if first and several and self._styles.first_row(style) else 0


def _below(parent: Node, wanted: str) -> list[Node]:
    """Rows of a table or cells of a row, also those within wrappers."""
    found: list[Node] = []
    for node in parent:
        if local(node) == wanted:
            found.append(node)
        elif local(node) in _WRAPPERS:
            found += _below(node, wanted)
    return found


def _number(text: str, default: int, base: int = 10) -> int:
    try:
        return min(max(int(text, base), 0), 0xFFFF if base == 16 else _WIDEST)
    except ValueError:
        return default
