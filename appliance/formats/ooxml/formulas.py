"""Writes an office equation as one line of text: powers as ^, indices as _, fractions as /.

Source: ECMA-376 part 1, 22.1 (Office Math Markup Language).
"""

from __future__ import annotations

import re

from lxml.etree import _Element as Node

from appliance.formats.tree import attribute, child, local

_DEEPEST = 60  # levels; no equation is deeper
# between a letter and a Greek one
_GREEK = re.compile(r"(?<=[^\W_])(?=[Α-ω])|(?<=[Α-ω])(?=[^\W_])")
_OPERATORS = {"nary": "∫", "acc": "", "groupChr": ""}  # characters that stand when none is given


def line(node: Node, depth: int = 0) -> str:
    """The equation below ``node`` as text; every character in it stands in the line."""
    if depth > _DEEPEST:
        return "".join(t.text or "" for t in node.iter("{*}t"))
    name = local(node)
    if name == "t":
        return _GREEK.sub(" ", node.text or "")
    if name in _WRITERS:
        return _WRITERS[name](node, depth + 1)
    return "".join(line(inner, depth + 1) for inner in node if not local(inner).endswith("Pr"))


def _part(node: Node, name: str, depth: int) -> str:
    found = child(node, name)
    return "" if found is None else line(found, depth)


def _grouped(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _fraction(node: Node, depth: int) -> str:
    return f"{_grouped(_part(node, 'num', depth))}/{_grouped(_part(node, 'den', depth))}"


def _raised(node: Node, depth: int) -> str:
    before = local(node) == "sPre"
    base = _part(node, "e", depth)
    low, high = _part(node, "sub", depth), _part(node, "sup", depth)
    marks = (f"_{_grouped(low)}" if low else "") + (f"^{_grouped(high)}" if high else "")
    return f"{marks}{base}" if before else f"{base}{marks}"


def _root(node: Node, depth: int) -> str:
    degree = _part(node, "deg", depth)
    return f"{degree}√({_part(node, 'e', depth)})"


def _operator(node: Node, depth: int) -> str:
    return f"{_character(node, 'chr')}{_raised(node, depth)}"


def _character(node: Node, name: str, default: str | None = None) -> str:
    properties = next((inner for inner in node if local(inner).endswith("Pr")), None)
    given = child(properties, name)
    if given is not None:
        return attribute(given, "val")
    return _OPERATORS.get(local(node), "") if default is None else default


def _bracketed(node: Node, depth: int) -> str:
    inner = (line(part, depth) for part in node if local(part) == "e")
    separator = _character(node, "sepChr", "|")
    opening, closing = _character(node, "begChr", "("), _character(node, "endChr", ")")
    return f"{opening}{separator.join(inner)}{closing}"


def _matrix(node: Node, depth: int) -> str:
    rows = ((line(cell, depth) for cell in row) for row in node if local(row) == "mr")
    return "; ".join(", ".join(row) for row in rows)


def _lines(node: Node, depth: int) -> str:
    return "\n".join(line(part, depth) for part in node if local(part) == "e")


_WRITERS = {
    "f": _fraction,
    "sSup": _raised,
    "sSub": _raised,
    "sSubSup": _raised,
    "sPre": _raised,
    "rad": _root,
    "nary": _operator,
    "d": _bracketed,
    "m": _matrix,
    "eqArr": _lines,
}
