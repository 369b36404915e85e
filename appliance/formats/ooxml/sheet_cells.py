"""The cells of one sheet of an XLSX, as shown, read as a stream so that a million of them fit.

Source: ECMA-376 part 1, 18.3 (sheets), 18.4 (shared strings), 18.8 (styles).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree
from lxml.etree import _Element as Node

from appliance.documents import Concealment, ElementKind, Flag, Tally, Unit
from appliance.formats import cell_numbers, tree
from appliance.formats.build import DocumentBuilder
from appliance.formats.ooxml.parts import DAMAGED_PART, OfficePackage
from appliance.formats.sheet import Sheet
from appliance.formats.tree import attribute, child, local
from appliance.sandbox.outcome import Outcome, ReadingFailed

MOST_CELLS = 2_000_000  # that hold something, in one workbook
NO_VALUE = "a formula without a stored value"
_FILLED = re.compile(rb"<(?:\w+:)?c(?:\s[^>]*)?(?<!/)>\s*<(?!/)")
_MARGINS = ("{*}oddHeader", "{*}oddFooter", "{*}firstHeader", "{*}firstFooter")
# codes for place, font, size, page number, date, name of the sheet; 18.3.1.46
_MARGIN_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|\d+|[A-Za-z])')
_CELL = re.compile(r"([A-Za-z]{1,3})(\d+)")
_MOST_COLUMNS = 16_384
_TRUE = frozenset({"1", "true"})
_NO_STYLE = ("General", None)
_WHITE = frozenset({"ffffffff", "00ffffff"})


@dataclass(slots=True)
class Book:
    """What the sheets of a workbook share."""

    strings: list[str] = field(default_factory=list)
    styles: list[tuple[str, Concealment | None]] = field(default_factory=list)
    from_1904: bool = False

    @classmethod
    def of(cls, package: OfficePackage, main: str) -> Book:
        """Read it from the parts that the workbook names."""
        book = cls()
        root = package.tree(main, wanted=False)
        properties = child(root, "workbookPr")
        book.from_1904 = properties is not None and properties.get("date1904") in _TRUE
        for name in package.linked(main, "sharedStrings") or package.named(
            r"xl/sharedStrings\.xml"
        ):
            book.strings = _strings(package, name)
        for name in package.linked(main, "styles"):
            styles = package.tree(name)
            if styles is not None:
                book.styles = _styles(styles)
        return book


def _strings(package: OfficePackage, name: str) -> list[str]:
    found: list[str] = []
    content = package.read(name)
    package.note_damage(name)
    try:
        for _, node in tree.streamed(content, ("{*}si",), ("end",)):
            found.append(_rich(node))
            node.clear()
            while node.getprevious() is not None:
                del node.getparent()[0]
    except etree.XMLSyntaxError:
        package.note_damage(name, certain=True)
    return found


def _rich(node: Node) -> str:
    """The text of runs and plain text; not how it is pronounced (``rPh``)."""
    pieces = []
    for inner in node:
        name = local(inner)
        if name == "t":
            pieces.append(inner.text or "")
        elif name == "r":
            pieces += [t.text or "" for t in inner.iterfind("{*}t")]
    return "".join(pieces)


def _styles(root: Node) -> list[tuple[str, Concealment | None]]:
    """The format and the look of every cell style, by number."""
    codes = dict(cell_numbers.BUILT_IN)
    for node in root.iterfind("{*}numFmts/{*}numFmt"):
        key = node.get("numFmtId", "")
        if key.isdecimal():
            codes[int(key)] = node.get("formatCode", "")
    fonts = [_font(node) for node in root.iterfind("{*}fonts/{*}font")]
    filled = [_fills(node) for node in root.iterfind("{*}fills/{*}fill")]
    found = []
    for node in root.iterfind("{*}cellXfs/{*}xf"):
        code = codes.get(_number(node.get("numFmtId")), "General")
        font = _number(node.get("fontId"))
        fill = _number(node.get("fillId"))
        look = fonts[font] if font < len(fonts) else None
        if look is Concealment.WHITE and fill < len(filled) and filled[fill]:
            look = None
        found.append((code, Concealment.HIDDEN if cell_numbers.is_hidden(code) else look))
    return found


def _font(node: Node) -> Concealment | None:
    size = child(node, "sz")
    try:
        if size is not None and float(attribute(size, "val") or 11) < 2:
            return Concealment.TINY
    except ValueError:
        pass
    colour = child(node, "color")
    if colour is None or attribute(colour, "tint") not in {"", "0"}:
        return None
    white = attribute(colour, "rgb").lower() in _WHITE or attribute(colour, "theme") == "0"
    return Concealment.WHITE if white else None


def _fills(node: Node) -> bool:
    pattern = child(node, "patternFill")
    return pattern is None or attribute(pattern, "patternType") not in {"", "none"}


class SheetReader:
    """Reads the sheets of one workbook, and counts their cells."""

    def __init__(self, package: OfficePackage, book: Book, builder: DocumentBuilder) -> None:
        self._package = package
        self._book = book
        self._builder = builder
        self._seen = 0
        self._stored = 0
        self._without_value = 0

    def read(self, name: str) -> Sheet:
        """The cells of one sheet, with what is merged and what is marked as a table.

        Raises:
            ReadingFailed: more cells than the bound; entities.
        """
        content = self._package.read(name)
        self._seen += len(_FILLED.findall(content))
        if self._seen > MOST_CELLS:
            raise ReadingFailed(Outcome.TOO_LARGE)
        self._package.note_damage(name)
        sheet = Sheet()
        hidden: dict[Concealment, list[str]] = {}
        coloured = b"<conditionalFormatting" in content or b"<tablePart" in content
        tags = ("{*}row", "{*}mergeCell", "{*}col", "{*}autoFilter", *_MARGINS)
        try:
            at = 0
            for _, node in tree.streamed(content, tags, ("end",)):
                if local(node) == "row":
                    at = self._row(node, at, sheet, hidden, coloured=coloured)
                    node.clear()
                    while node.getprevious() is not None:
                        del node.getparent()[0]
                else:
                    self._property(node, sheet)
        except etree.XMLSyntaxError:
            self._builder.add_gap(DAMAGED_PART)
        for why, texts in hidden.items():
            self._builder.hide(why, "\n".join(texts))
        for table in self._package.linked(name, "table"):
            self._table(table, sheet)
        return sheet

    def finish(self) -> None:
        """Keep the count of the cells of all sheets."""
        lost = self._seen - self._stored
        if self._without_value:
            self._builder.add_gap(NO_VALUE, None, Unit.CELLS, self._without_value)
        self._builder.tally(Tally(Unit.CELLS, self._seen, self._seen - max(lost, 0)))

    def _row(
        self,
        row: Node,
        before: int,
        sheet: Sheet,
        hidden: dict[Concealment, list[str]],
        *,
        coloured: bool,
    ) -> int:
        """Read one row; its number, from 1."""
        stated = row.get("r", "")
        at = int(stated) if stated.isdecimal() else before + 1
        if row.get("hidden") in _TRUE and len(row):
            self._builder.flag(Flag.HIDDEN_TEXT)
        cells: dict[int, str] = {}
        column = -1
        for cell in row:
            column = _column(cell.get("r"), column + 1)
            if not len(cell):
                continue
            text, why = self._shown(cell)
            if why is Concealment.WHITE and coloured:
                why = None
            if why is not None and text.strip():
                hidden.setdefault(why, []).append(text)
            elif text.strip():
                cells[column] = text
        if cells:
            sheet.rows[at] = cells
        return at

    def _shown(self, cell: Node) -> tuple[str, Concealment | None]:
        """A cell's value as shown, and how it is kept from the eye."""
        kind = cell.get("t")
        style = cell.get("s")
        code, why = _NO_STYLE
        if style and style.isdecimal() and int(style) < len(self._book.styles):
            code, why = self._book.styles[int(style)]
        value, formula = None, False
        for inner in cell:
            name = local(inner)
            if name == "v":
                value = inner.text
            elif name == "is":
                value = _rich(inner)
            elif name == "f":
                formula = True
        if value is None:
            if formula and kind != "str":
                self._without_value += 1
            else:
                self._stored += 1
            return "", None
        self._stored += 1
        return self._worded(kind, value, code), why

    def _worded(self, kind: str | None, value: str, code: str) -> str:
        if kind == "s":
            at = _number(value.strip(), len(self._book.strings))
            return self._book.strings[at] if at < len(self._book.strings) else ""
        if kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if kind in {"str", "inlineStr", "e", "d"}:
            return value.removesuffix("T00:00:00") if kind == "d" else value
        try:
            number = float(value)
        except ValueError:
            return value
        return cell_numbers.shown_number(number, code, from_1904=self._book.from_1904)

    def _property(self, node: Node, sheet: Sheet) -> None:
        name = local(node)
        if name == "mergeCell" and (area := _area(node.get("ref", ""))):
            sheet.merged.append(area)
        elif name == "col" and node.get("hidden") in _TRUE:
            self._builder.flag(Flag.HIDDEN_TEXT)
        elif name in {"oddHeader", "oddFooter", "firstHeader", "firstFooter"} and node.text:
            kind = ElementKind.HEADER if name.endswith("Header") else ElementKind.FOOTER
            text = _MARGIN_CODE.sub(" ", node.text)
            if text.strip() and (kind, text) not in sheet.margins:
                sheet.margins.append((kind, text))
        elif name == "autoFilter" and (area := _area(node.get("ref", ""))):
            sheet.tables.append((area, 1))

    def _table(self, name: str, sheet: Sheet) -> None:
        root = self._package.tree(name)
        area = _area(root.get("ref", "")) if root is not None else None
        if root is not None and area:
            sheet.tables.append((area, _number(root.get("headerRowCount"), 1)))


def _column(reference: str | None, default: int) -> int:
    """The column of a cell, from 0."""
    match = _CELL.match(reference) if reference else None
    if not match:
        return min(default, _MOST_COLUMNS - 1)
    number = 0
    for letter in match.group(1).upper():
        number = number * 26 + ord(letter) - 64
    return min(number, _MOST_COLUMNS) - 1


def _area(reference: str) -> tuple[int, int, int, int] | None:
    """First row, first column, last row, last column; rows from 1, columns from 0."""
    first, _, last = reference.partition(":")
    corners = [_CELL.fullmatch(corner.replace("$", "")) for corner in (first, last or first)]
    if not all(corners):
        return None
    (top, left), (bottom, right) = (
        (int(corner.group(2)), _column(corner.group(), 0)) for corner in corners if corner
    )
    return (top, left, bottom, right) if top <= bottom and left <= right else None


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 12 else default
