"""Walks a page: blocks of text in order, lists, tables with their columns, what is hidden apart.

A table that holds other tables and names no columns, or has one column, lays a page out and is read
as blocks.  A label that reaches over several rows stands in each of them.
Source: HTML Living Standard 4 (elements), 4.9.12 (tables).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml.etree import _Element as Node

from appliance.documents import Concealment, ElementKind
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.ooxml.word_numbers import written
from appliance.formats.table import add_table
from appliance.formats.web.looks import (
    Colour,
    Looks,
    concealed,
    ground,
    in_the_colour_of_its_ground,
    text_colour,
)

NOT_TEXT = frozenset({"script", "style", "template", "head", "title", "meta", "link", "base"})
_BLOCKS = frozenset(
    """
    address article aside blockquote body button caption center dd details dialog dir div dl dt
    fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html iframe label legend li
    main menu nav noframes noscript ol optgroup option p pre section select summary table tbody td
    textarea tfoot th thead tr ul video audio canvas object
    """.split()  # noqa: SIM905 -- a list of words reads better as words
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ITEMS = frozenset({"li", "dt", "dd"})
_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_LOOKS = ("hidden", "bgcolor", "background", "color")  # attributes that tell how a thing looks
_KEPT = frozenset({"pre", "textarea", "listing", "plaintext"})
_SPACE = re.compile(r"\s+")
_NOT_SHOWN_INPUTS = frozenset({"hidden", "password"})
_DEEPEST = 200
_WIDEST = 1000  # HTML Living Standard 4.9.11
_TALLEST = 2000  # the standard says 65,534; no table of words is that tall


@dataclass(frozen=True, slots=True)
class _Around:
    """What an element inherits."""

    kind: ElementKind = ElementKind.TEXT
    why: Concealment | None = None  # it is hidden
    colour: Colour | None = None  # of text
    ground: Colour | None = None
    ground_known: bool = True
    kept: bool = False  # white space as it is

    @property
    def concealment(self) -> Concealment | None:
        if self.why is not None or not self.ground_known:
            return self.why
        same = in_the_colour_of_its_ground(self.colour, self.ground)
        return Concealment.WHITE if same else None


class PageReader:
    """Reads one page into a builder."""

    def __init__(self, builder: DocumentBuilder, sheets: Iterator[str]) -> None:
        self._builder = builder
        self._looks = Looks(sheets)
        self._pending: list[str] = []
        self._counts: dict[Node, int] = {}  # items of ordered lists so far
        self._cells = 0  # depth of cells that are being read: their text is not a block

    def add(self, root: Node) -> None:
        """Add the whole page."""
        title = root.findtext(".//head/title") or root.findtext(".//title") or ""
        self._builder.title = self._builder.title or " ".join(title.split())
        self._builder.add(ElementKind.TITLE, " ".join(title.split()))
        self._walk(root, _Around(), 0)
        self._flush(ElementKind.TEXT)

    def _walk(self, node: Node, around: _Around, depth: int) -> None:
        tag = node.tag
        if not isinstance(tag, str) or tag in NOT_TEXT:
            return
        around = self._under(node, around)
        if tag == "table" and not self._cells and depth < _DEEPEST and _is_data(node):
            self._flush(around.kind)
            self._table(node, around, depth)
            return
        block = tag in _BLOCKS
        kind = _kind(tag, around.kind)
        if block:
            self._flush(around.kind)
        inner = around
        if kind is not around.kind or tag in _KEPT:
            inner = replace(around, kind=kind, kept=around.kept or tag in _KEPT)
        if tag == "li":
            self._number(node)
        self._say(node.text or "", inner)
        self._stand_ins(node, tag, inner)
        for child in node:
            if depth < _DEEPEST:
                self._walk(child, inner, depth + 1)
            else:
                self._say(" ".join(child.itertext()), inner)
            self._say(child.tail or "", inner)
        if block:
            self._flush(kind)

    def _under(self, node: Node, around: _Around) -> _Around:
        """What holds within an element."""
        style = self._looks.style(node)
        if not style and not any(name in node.attrib for name in _LOOKS):
            return around
        why = around.why
        if why is None and node.get("hidden") is not None:
            why = Concealment.HIDDEN
        why = why or concealed(style)
        if around.why is Concealment.HIDDEN and style.get("visibility") == "visible":
            why = concealed(style)
        colour = text_colour(style) or around.colour
        behind, known = ground(style, around.ground)
        if node.get("bgcolor") or node.get("background"):
            behind, known = None, False
        if node.tag == "font" and node.get("color"):
            colour = text_colour({"color": str(node.get("color")).lower()}) or colour
        known = known and (around.ground_known or behind is not around.ground)
        return replace(around, why=why, colour=colour, ground=behind, ground_known=known)

    def _say(self, text: str, around: _Around) -> None:
        """Keep text, in view or apart."""
        if not around.kept:
            text = _SPACE.sub(" ", text)
        if not text.strip():
            self._pending.append(text)
            return
        why = around.concealment
        if why is None:
            self._pending.append(text)
        else:
            self._pending.append(" ")
            self._builder.hide(why, text)

    def _stand_ins(self, node: Node, tag: str, around: _Around) -> None:
        """What stands for a line break, a picture, an entry of a form."""
        if tag == "br":
            self._pending.append("\n")
        elif tag in {"img", "area"}:
            self._say(f" {node.get('alt') or ''} ", around)
        elif tag == "input" and (node.get("type") or "text").lower() not in _NOT_SHOWN_INPUTS:
            self._say(f" {node.get('value') or node.get('placeholder') or ''} ", around)

    def _number(self, item: Node) -> None:
        """The number that a browser puts before an item of an ordered list."""
        parent = item.getparent()
        if parent is None or parent.tag != "ol":
            return
        stated = item.get("value") or ""
        if stated.isdecimal() and stated.isascii():
            at = int(stated)
        elif parent in self._counts:
            at = self._counts[parent] + 1
        else:
            start = parent.get("start") or ""
            at = int(start) if start.isdecimal() and start.isascii() else 1
        self._counts[parent] = at = min(at, 10_000_000)
        self._pending.append(f"{written(at, _FORMS.get(parent.get('type') or '', 'decimal'))}. ")

    def _flush(self, kind: ElementKind) -> None:
        if self._cells:
            self._pending.append("\n")
            return
        text = "".join(self._pending)
        self._pending.clear()
        if text.strip():
            self._builder.add(kind, text)

    # --- tables -----------------------------------------------------------------------------------

    def _table(self, table: Node, around: _Around, depth: int) -> None:
        rows: list[list[Entry]] = []
        marked = 0
        taken: dict[int, set[int]] = {}
        for number, row in enumerate(_rows(table)):
            inner = self._within(table, row, around)
            entries, all_heads = self._row(row, inner, depth, number, taken)
            in_head = row.getparent() is not None and row.getparent().tag == "thead"
            if (in_head or all_heads) and marked == sum(map(bool, rows)) and entries:
                marked += 1
            rows.append(entries)
        marked = marked if marked < sum(map(bool, rows)) else 0
        for caption in table.iterfind("caption"):
            self._walk(caption, around, depth + 1)
        add_table(self._builder, rows, marked=marked)

    def _within(self, table: Node, row: Node, around: _Around) -> _Around:
        group = row.getparent()
        if group is not None and group is not table:
            around = self._under(group, around)
        return self._under(row, around)

    def _row(
        self, row: Node, around: _Around, depth: int, number: int, taken: dict[int, set[int]]
    ) -> tuple[list[Entry], bool]:
        """The cells of a row, past the columns that rows above cover, and whether all are heads."""
        covered = taken.pop(number, set())
        entries: list[Entry] = []
        column = 0
        heads = True
        for cell in row:
            if cell.tag not in {"td", "th"}:
                continue
            while column in covered:
                column += 1
            width = _span(cell, "colspan", _WIDEST)
            text = self._cell(cell, around, depth)
            heads = heads and (cell.tag == "th" or not text.strip())
            height = _span(cell, "rowspan", _TALLEST)
            if text.strip():
                entries.append(Entry(text, column, width, height=height))
            for below in range(1, height):
                taken.setdefault(number + below, set()).update(range(column, column + width))
            column += width
        return entries, heads and bool(entries)

    def _cell(self, cell: Node, around: _Around, depth: int) -> str:
        outer, self._pending = self._pending, []
        self._cells += 1
        self._walk(cell, around, depth + 1)
        self._cells -= 1
        text = "".join(self._pending)
        self._pending = outer
        return " ".join(text.split())


def _rows(table: Node) -> list[Node]:
    return [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]


def _is_data(table: Node) -> bool:
    """Whether a table relates cells to each other, and does not just place them."""
    if table.get("role") in {"presentation", "none"}:
        return False
    rows = _rows(table)
    if table.find(".//table") is not None and not any(c.tag == "th" for row in rows for c in row):
        return False
    widths = [
        sum(_span(cell, "colspan", _WIDEST) for cell in row if cell.tag in {"td", "th"})
        for row in rows
    ]
    return max(widths, default=0) > 1


def _span(cell: Node, name: str, most: int) -> int:
    text = (cell.get(name) or "").strip()
    return min(max(int(text), 1), most) if text.isascii() and text.isdecimal() else 1


def _kind(tag: str, kind: ElementKind) -> ElementKind:
    if tag in _HEADINGS:
        return ElementKind.TITLE
    if tag in _ITEMS:
        return ElementKind.LIST_ITEM
    return ElementKind.TEXT if tag in {"table", "blockquote"} else kind
