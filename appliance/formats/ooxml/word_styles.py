"""What the styles of a DOCX say of its text: heading, list, and how a run looks.

Only three looks matter here: marked as hidden, in white, too small to read.
Source: ECMA-376 part 1, 17.3.2 (run properties), 17.7 (styles).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lxml.etree import _Element as Node

from appliance.documents import Concealment
from appliance.formats.tree import attribute, child, local

SMALLEST = 4  # half points; smaller is tiny
_OFF = frozenset({"0", "false", "off", "none"})
_DEEPEST = 20  # styles one based on the other
_NO_FILL = frozenset({"", "auto", "ffffff"})


@dataclass(frozen=True, slots=True)
class Look:
    """How a run of text looks, as far as it is told; None: as what is around it."""

    hidden: bool | None = None
    white: bool | None = None
    tiny: bool | None = None
    bold: bool | None = None
    shaded: bool | None = None

    def under(self, properties: Node | None) -> Look:
        """This look, changed by the run properties (``w:rPr``) given."""
        if properties is None:
            return self
        look = self
        for node in properties:
            look = look._with(local(node), node)
        return look

    def _with(self, name: str, node: Node) -> Look:
        value = attribute(node, "val").lower()
        match name:
            case "vanish":
                return replace(self, hidden=value not in _OFF)
            case "b":
                return replace(self, bold=value not in _OFF)
            case "color":
                themed = attribute(node, "themeColor") in {"background1", "light1"}
                return replace(self, white=value == "ffffff" or (themed and value != "auto"))
            case "sz":
                return replace(self, tiny=value.isdecimal() and int(value) < SMALLEST)
            case "shd" | "highlight" | "glow" | "textOutline" | "textFill":
                return replace(self, shaded=fills(node) or name in {"glow", "textOutline"})
            case _:
                return self

    def concealment(self, *, shaded: bool) -> Concealment | None:
        """How text of this look is kept from the eye; ``shaded``: its ground is not white."""
        if self.hidden:
            return Concealment.HIDDEN
        if self.tiny:
            return Concealment.TINY
        return Concealment.WHITE if self.white and not (shaded or self.shaded) else None


def fills(node: Node | None) -> bool:
    """Whether a shading or highlight gives the ground a colour that is not white."""
    if node is None:
        return False
    if local(node) == "highlight":
        return attribute(node, "val").lower() not in {"", "none", "white"}
    themed = bool(attribute(node, "themeFill"))
    pattern = attribute(node, "val").lower() not in {"", "clear", "nil"}
    return themed or pattern or attribute(node, "fill").lower() not in _NO_FILL


@dataclass(slots=True)
class Styles:
    """The styles of one document, by id."""

    _nodes: dict[str, Node] = field(default_factory=dict)
    _default: Look = field(default_factory=Look)
    _default_paragraph: str = ""
    _looks: dict[str, Look] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Node | None) -> Styles:
        """The styles in a part; none without it."""
        styles = cls()
        for node in root if root is not None else ():
            if local(node) == "style":
                styles._nodes[attribute(node, "styleId")] = node
                if attribute(node, "type") == "paragraph" and attribute(node, "default") == "1":
                    styles._default_paragraph = attribute(node, "styleId")
            elif local(node) == "docDefaults":
                for properties in node.iter("{*}rPr"):
                    styles._default = Look().under(properties)
        return styles

    def look(self, style: str, around: Look | None = None) -> Look:
        """The look that a style gives to what is around it."""
        if style not in self._nodes:
            return around or self._default
        if around is None and style in self._looks:
            return self._looks[style]
        look = around or self._default
        for node in reversed(list(self._chain(style))):
            look = look.under(child(node, "rPr"))
        if around is None:
            self._looks[style] = look
        return look

    def paragraph_look(self, style: str) -> Look:
        """The look of a paragraph's runs, by the id of its style."""
        return self.look(style or self._default_paragraph)

    def heading(self, style: str) -> bool:
        """Whether a paragraph style is that of a heading or a title."""
        for node in self._chain(style):
            name = attribute_of(node, "name").lower()
            if name in {"title", "subtitle"} or name.startswith("heading "):
                return True
            outline = attribute_of(child(node, "pPr"), "outlineLvl")
            if outline.isdecimal() and int(outline) < 9:
                return True
        return False

    def listed(self, style: str) -> bool:
        """Whether a paragraph style is that of a list."""
        return any(
            child(child(node, "pPr"), "numPr") is not None
            or attribute_of(node, "name").lower().startswith("list ")
            for node in self._chain(style)
        ) and not self.heading(style)

    def numbering(self, style: str) -> tuple[str, int]:
        """The list that a paragraph style belongs to, and its level; empty without one."""
        for node in self._chain(style):
            properties = child(child(node, "pPr"), "numPr")
            if number := attribute_of(properties, "numId"):
                level = attribute_of(properties, "ilvl")
                return number, int(level) if level.isdecimal() else 0
        return "", 0

    def shades(self, style: str) -> bool:
        """Whether a table or paragraph style gives any ground a colour."""
        return any(fills(node) for base in self._chain(style) for node in base.iter("{*}shd"))

    def first_row(self, style: str) -> bool:
        """Whether a table style sets its first row apart."""
        return any(
            attribute(part, "type") == "firstRow" and len(part) > 0
            for base in self._chain(style)
            for part in base.iter("{*}tblStylePr")
        )

    def _chain(self, style: str) -> Iterable[Node]:
        for _ in range(_DEEPEST):
            node = self._nodes.get(style)
            if node is None:
                return
            yield node
            style = attribute_of(node, "basedOn")


def attribute_of(node: Node | None, name: str) -> str:
    """The ``w:val`` of a child, empty without one."""
    found = child(node, name)
    return "" if found is None else attribute(found, "val")
