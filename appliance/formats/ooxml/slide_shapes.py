"""What the shapes of a slide hold: titles, lists, tables with their columns, charts, diagrams.

Source: ECMA-376 part 1, 19.3 (shapes), 21.1.2 (text), 21.1.3 (tables).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml.etree import _Element as Node

from appliance.documents import Concealment, ElementKind, Flag
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.ooxml import formulas, parts
from appliance.formats.ooxml.parts import OfficePackage
from appliance.formats.ooxml.word_numbers import written
from appliance.formats.table import add_table
from appliance.formats.tree import alternative, attribute, child, local

SMALLEST = 200  # hundredths of a point; smaller is tiny
_DEEPEST = 60
_TITLES = frozenset({"title", "ctrTitle"})
_MARGINS = frozenset({"ftr", "dt", "sldNum"})
_WHITE = frozenset({"ffffff", "bg1", "lt1"})
_FORMS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_TRUE = frozenset({"1", "true"})


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies under a slide."""

    coloured: bool
    texts: tuple[str, ...]


class Count:
    """The numbers before the paragraphs of one shape; 21.1.2.4.1."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def next(self, properties: Node | None) -> str:
        """The number of the next paragraph with a blank behind it; empty without one."""
        level = properties.get("lvl", "0") if properties is not None else "0"
        at = int(level) if level.isdecimal() else 0
        self._counts = {other: n for other, n in self._counts.items() if other <= at}
        numbered = child(properties, "buAutoNum")
        if numbered is None:
            self._counts.pop(at, None)
            return ""
        start = numbered.get("startAt", "1")
        first = int(start) if start.isdecimal() else 1
        self._counts[at] = self._counts[at] + 1 if at in self._counts else first
        form = numbered.get("type", "arabicPeriod")
        shown = written(self._counts[at], _FORMS.get(form.partition("P")[0], "decimal"))
        ending = ")" if "Paren" in form else "." if "Period" in form else ""
        return f"{'(' if form.endswith('ParenBoth') else ''}{shown}{ending} "


class ShapeReader:
    """Reads the shapes of one slide, or of its notes."""

    def __init__(
        self, package: OfficePackage, builder: DocumentBuilder, part: str, page: int
    ) -> None:
        self._package = package
        self._builder = builder
        self._links = package.links(part)
        self._page = page
        self.coloured = False  # the ground is not plain white
        self.size = (0, 0)

    def add_tree(self, root: Node) -> None:
        """Add every shape: the title first, the others as they lie one above the other."""
        shapes = root.find(".//{*}spTree")
        inner = list(shapes) if shapes is not None else []
        inner.sort(key=lambda node: _placeholder(node) not in _TITLES)
        self._add_all(inner, 0)

    def _add_all(self, nodes: Iterable[Node], depth: int) -> None:
        if depth > _DEEPEST:
            return
        for node in nodes:
            name = local(node)
            if name in {"sp", "cxnSp"}:
                self._add_shape(node)
            elif name == "grpSp":
                self._add_all(node, depth + 1)
            elif name == "graphicFrame":
                self._add_frame(node)
            elif name == "AlternateContent":
                branch = alternative(node)
                self._add_all(branch if branch is not None else (), depth + 1)
            if name in {"pic", "graphicFrame", "sp", "grpSp"}:
                self._add_stand_in(node)

    def _add_stand_in(self, node: Node) -> None:
        for properties in node.iterfind("./*/{*}cNvPr"):
            self._builder.add(ElementKind.TEXT, properties.get("descr", ""), self._page)
        for click in node.iterfind("./*/{*}cNvPr/{*}hlinkClick"):
            if click.get("action", "").startswith(("ppaction://program", "ppaction://macro")):
                self._builder.flag(Flag.ACTIVE)

    def _add_shape(self, node: Node) -> None:
        body = child(node, "txBody")
        if body is None:
            return
        why = self._concealed(node)
        if why is not None:
            text = "\n".join("".join(_texts(p)) for p in body.iterfind("{*}p"))
            self._builder.hide(why, text, self._page)
            return
        place = _placeholder(node)
        count = Count()
        for paragraph in body.iterfind("{*}p"):
            text = self._text(paragraph)
            number = count.next(child(paragraph, "pPr")) if text.strip() else ""
            self._builder.add(_kind(paragraph, place), number + text, self._page)

    def _concealed(self, node: Node) -> Concealment | None:
        """How a whole shape is kept from the eye."""
        properties = node.find("./*/{*}cNvPr")
        if properties is not None and properties.get("hidden") in _TRUE:
            return Concealment.HIDDEN
        frame = node.find("{*}spPr/{*}xfrm")
        if frame is None or not all(self.size) or local(node.getparent()) == "grpSp":
            return None
        try:
            x, y, width, height = (
                int(attribute(part, key))
                for part, keys in zip(frame.iterfind("*"), ("xy", ("cx", "cy")), strict=False)
                for key in keys
            )
        except ValueError:
            return None
        outside = x >= self.size[0] or y >= self.size[1] or x + width <= 0 or y + height <= 0
        return Concealment.OUTSIDE if outside else None

    def _text(self, paragraph: Node) -> str:
        """The text of a paragraph that is shown; what is not is kept apart."""
        pieces: list[str] = []
        for node in paragraph:
            name = local(node)
            if name == "br":
                pieces.append("\n")
            elif name in {"r", "fld"}:
                text = "".join(_texts(node))
                why = self._run_concealed(child(node, "rPr"))
                if why is None or not text.strip():
                    pieces.append(text)
                else:
                    self._builder.hide(why, text, self._page)
            elif name == "AlternateContent":
                branch = alternative(node)
                pieces.append(formulas.line(branch) if branch is not None else "")
            elif name not in {"pPr", "endParaRPr"}:
                pieces.append(formulas.line(node))
        return "".join(pieces)

    def _run_concealed(self, properties: Node | None) -> Concealment | None:
        if properties is None:
            return None
        size = properties.get("sz", "")
        if size.isdecimal() and int(size) < SMALLEST:
            return Concealment.TINY
        fill = child(properties, "solidFill")
        colours = {attribute(c, "val").lower() for c in fill} if fill is not None else set()
        plain = fill is not None and not any(len(colour) for colour in fill)
        if plain and colours and colours <= _WHITE and not self.coloured:
            return Concealment.WHITE
        return None

    # --- tables, charts, diagrams -----------------------------------------------------------------

    def _add_frame(self, node: Node) -> None:
        for table in node.iter("{*}tbl"):
            self._add_table(table)
        for reference in node.iter("{*}chart"):
            root = self._linked(attribute(reference, "id"))
            if root is not None:
                parts.add_chart(root, self._builder, self._page)
        for reference in node.iter("{*}relIds"):
            root = self._linked(attribute(reference, "dm"))
            for text in parts.paragraphs(root) if root is not None else ():
                self._builder.add(ElementKind.TEXT, text, self._page)

    def _linked(self, key: str) -> Node | None:
        link = self._links.get(key)
        return self._package.tree(link.target) if link and not link.outside else None

    def _add_table(self, table: Node) -> None:
        ground, self.coloured = self.coloured, True  # styles of tables colour their cells
        rows = [self._row(row) for row in table.iterfind("{*}tr")]
        self.coloured = ground
        properties = child(table, "tblPr")
        first = properties is not None and properties.get("firstRow") in _TRUE and len(rows) > 1
        add_table(self._builder, rows, marked=1 if first else 0, page=self._page)

    def _row(self, row: Node) -> list[Entry]:
        entries = []
        for column, cell in enumerate(row.iterfind("{*}tc")):
            text = "\n".join(self._text(p) for p in cell.iterfind("{*}txBody/{*}p")).strip()
            if cell.get("hMerge") in _TRUE or cell.get("vMerge") in _TRUE:
                if text:
                    self._builder.hide(Concealment.HIDDEN, text, self._page)
                continue
            width, height = _count(cell.get("gridSpan")), _count(cell.get("rowSpan"))
            entries.append(Entry(text, column, width, height=height))
        return entries


def _count(text: str | None) -> int:
    return min(int(text), 1000) if text and text.isdecimal() else 1


def _placeholder(node: Node) -> str:
    """What a shape stands in for: ``title``, ``body``, ...; empty where it is none."""
    found = node.find("./*/{*}nvPr/{*}ph")
    return "" if found is None else found.get("type", "obj")


def _kind(paragraph: Node, place: str) -> ElementKind:
    if place in _TITLES:
        return ElementKind.TITLE
    if place in _MARGINS:
        return ElementKind.FOOTER
    if place == "hdr":
        return ElementKind.HEADER
    properties = child(paragraph, "pPr")
    marks = {local(node) for node in properties} if properties is not None else set()
    if "buNone" in marks:
        return ElementKind.TEXT
    listed = bool(marks & {"buChar", "buAutoNum", "buBlip"})
    return ElementKind.LIST_ITEM if listed or place in {"body", "obj"} else ElementKind.TEXT


def _texts(node: Node) -> list[str]:
    return [inner.text or "" for inner in node.iter("{*}t")]
