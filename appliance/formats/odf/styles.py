"""What the styles of an OpenDocument file say of text: heading or not, and how it looks.

Source: OpenDocument 1.3 part 3, 16 (styles), 20 (formatting properties).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from lxml.etree import _Element as Node

from appliance.documents import Concealment
from appliance.formats.tree import attribute, local

_DEEPEST = 20
_SMALLEST = 2.0  # points; smaller is tiny
_TO_POINTS = {"pt": 1.0, "in": 72.0, "cm": 28.35, "mm": 2.835, "px": 0.75}
_LENGTH = re.compile(r"([\d.]+)(pt|in|cm|mm|px)")


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks, as far as it is told."""

    hidden: bool = False
    white: bool = False
    tiny: bool = False
    filled: bool = False  # its ground has a colour

    def concealment(self, *, coloured: bool) -> Concealment | None:
        """How text of this look is kept from the eye; ``coloured``: its ground is not white."""
        if self.hidden:
            return Concealment.HIDDEN
        if self.tiny:
            return Concealment.TINY
        return Concealment.WHITE if self.white and not (self.filled or coloured) else None


@dataclass(slots=True)
class Styles:
    """The styles of one document, by family and name."""

    _nodes: dict[tuple[str, str], Node] = field(default_factory=dict)
    lists: dict[str, Node] = field(default_factory=dict)
    _looks: dict[tuple[str, str], Look] = field(default_factory=dict)

    @classmethod
    def of(cls, *roots: Node | None) -> Styles:
        """The styles in these parts."""
        styles = cls()
        for root in roots:
            for node in root.iter("{*}style", "{*}list-style") if root is not None else ():
                name = attribute(node, "name")
                if local(node) == "list-style":
                    styles.lists[name] = node
                else:
                    styles._nodes[(attribute(node, "family"), name)] = node
        return styles

    def look(self, family: str, name: str, around: Look | None = None) -> Look:
        """The look that a style gives to what is around it."""
        look = around or Look()
        for node in reversed(self._chain(family, name)):
            for properties in node:
                look = _under(look, properties)
        return look

    def hides(self, family: str, name: str) -> bool:
        """Whether a style of a sheet or a slide keeps it from being shown."""
        for node in self._chain(family, name):
            for properties in node:
                shown = attribute(properties, "display"), attribute(properties, "visibility")
                if "false" in shown or "hidden" in shown:
                    return True
        return False

    def names(self, style: str) -> set[str]:
        """The names of a paragraph style and of those that it is based on."""
        return {attribute(node, "name") for node in self._chain("paragraph", style)}

    def _chain(self, family: str, name: str) -> list[Node]:
        found: list[Node] = []
        while len(found) < _DEEPEST and (family, name) in self._nodes:
            found.append(self._nodes[(family, name)])
            name = attribute(found[-1], "parent-style-name")
        return found


def _under(look: Look, properties: Node) -> Look:
    kind = local(properties)
    if kind == "text-properties":
        if display := attribute(properties, "display"):
            look = replace(look, hidden=display == "none")
        if colour := attribute(properties, "color"):
            look = replace(look, white=colour.lower() == "#ffffff")
        size = _LENGTH.fullmatch(attribute(properties, "font-size"))
        if size:
            points = float(size.group(1)) * _TO_POINTS[size.group(2)]
            look = replace(look, tiny=points < _SMALLEST)
    ground = attribute(properties, "background-color").lower()
    if ground and ground not in {"transparent", "#ffffff"}:
        look = replace(look, filled=True)
    if kind == "graphic-properties" and attribute(properties, "fill") not in {"", "none"}:
        colour = attribute(properties, "fill-color").lower()
        look = replace(look, filled=attribute(properties, "fill") != "solid" or colour != "#ffffff")
    return look
