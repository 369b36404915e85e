"""Which elements of a web page are kept from the eye: by attribute, inline style, style sheet.

Only what a page says in simple terms is followed: one selector of a name, a class or an id, and
properties that hide whatever else is around.  What a script would show or hide later is not known.
Source: HTML Living Standard 15 (rendering), CSS 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import _Element as Node

from appliance.documents import Concealment

_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"(?:([a-z][a-z0-9]*)|\*)?(?:\.([\w-]+)|#([\w-]+))?", re.I)
_AT_RULE = re.compile(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|@[^{};]*;", re.S)
_LENGTH = re.compile(r"(-?[\d.]+)\s*(px|pt|em|rem|%|vw|vh|cm|mm|in)?", re.I)
_SMALLEST = {"px": 2.0, "pt": 1.5, "em": 0.1, "rem": 0.1, "%": 10.0}  # smaller is tiny
_FAR = {"px": 500.0, "em": 30.0, "rem": 30.0, "pt": 400.0, "%": 100.0, "vw": 100.0, "in": 6.0}
_MOST_RULES = 20_000
_NAMED = {"white": (255, 255, 255), "black": (0, 0, 0), "transparent": None}

Style = dict[str, str]
Colour = tuple[int, int, int]


def declarations(text: str) -> Style:
    """The properties of an inline style or of a rule, lower case."""
    found: Style = {}
    for part in _COMMENT.sub("", text).split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return found


class Looks:
    """The style sheets in one page, and how an element looks under them."""

    def __init__(self, sheets: Iterator[str]) -> None:
        self._rules: dict[tuple[str, str], list[tuple[str, Style]]] = {}
        count = 0
        for sheet in sheets:
            plain = _AT_RULE.sub("", _COMMENT.sub("", sheet))
            for match in _RULE.finditer(plain):
                count += 1
                if count > _MOST_RULES:
                    return
                self._keep(match.group(1), declarations(match.group(2)))

    def _keep(self, selectors: str, style: Style) -> None:
        if concealed(style) is None and "color" not in style and not _ground(style):
            return
        for selector in selectors.split(","):
            match = _SIMPLE.fullmatch(selector.strip())
            if match is None or not selector.strip():
                continue
            name, of_class, of_id = match.groups()
            key = (".", of_class) if of_class else ("#", of_id) if of_id else ("", name or "")
            if key[1]:
                self._rules.setdefault(key, []).append(((name or "").lower(), style))

    def style(self, node: Node) -> Style:
        """The properties of an element that matter here; the inline ones count most."""
        found: Style = {}
        if self._rules:
            tag = str(node.tag)
            keys = [("", tag)]
            keys += [(".", name) for name in (node.get("class") or "").split()]
            keys += [("#", node.get("id") or "")]
            for key in keys:
                for only, style in self._rules.get(key, ()):
                    if only in {"", tag}:
                        found.update(style)
        inline = node.get("style")
        if inline:
            found.update(declarations(inline))
        return found


def concealed(style: Style) -> Concealment | None:
    """How properties alone keep an element from the eye."""
    if style.get("display") == "none" or style.get("visibility") in {"hidden", "collapse"}:
        return Concealment.HIDDEN
    if _number(style.get("opacity", "1")) == 0:
        return Concealment.INVISIBLE
    if _is_tiny(style.get("font-size", "") or _font_size(style.get("font", ""))):
        return Concealment.TINY
    if _is_far(style) or _is_clipped(style):
        return Concealment.OUTSIDE
    return None


def in_the_colour_of_its_ground(colour: Colour | None, ground: Colour | None) -> bool:
    """Whether text cannot be told from what is behind it; None: not said."""
    if colour is None:
        return False
    return all(abs(a - b) <= 4 for a, b in zip(colour, ground or (255, 255, 255), strict=True))


def text_colour(style: Style) -> Colour | None:
    """The colour of text, None where it is not said in plain terms."""
    return _colour(style.get("color", ""))


def _ground(style: Style) -> bool:
    return any(name in style for name in ("background", "background-color", "background-image"))


def ground(style: Style, around: Colour | None) -> tuple[Colour | None, bool]:
    """The colour behind an element, and whether it is known at all."""
    if not _ground(style):
        return around, True
    value = style.get("background-color") or style.get("background", "")
    if "background-image" in style or "url(" in value or "gradient" in value:
        return None, False
    if value in {"transparent", "none", "inherit", "initial"}:
        return around, True
    colour = _colour(value.partition(" ")[0] if "(" not in value else value)
    return colour, colour is not None


def _colour(value: str) -> Colour | None:
    value = value.strip()
    if value in _NAMED:
        return _NAMED[value]
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        red, green, blue = (int(digit * 2, 16) for digit in value[1:])
        return (red, green, blue)
    if re.fullmatch(r"#[0-9a-f]{6}", value):
        return (int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16))
    match = re.fullmatch(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+).*\)", value)
    if match:
        red, green, blue = (min(int(part), 255) for part in match.groups())
        return (red, green, blue)
    return None


def _number(text: str) -> float | None:
    match = _LENGTH.match(text.strip())
    try:
        return float(match.group(1)) if match else None
    except ValueError:
        return None


def _length(text: str) -> tuple[float, str] | None:
    number = _number(text)
    match = _LENGTH.match(text.strip())
    return None if number is None or match is None else (number, match.group(2) or "px")


def _font_size(font: str) -> str:
    match = re.search(r"(?<![\w.])([\d.]+(?:px|pt|em|rem|%))", font)
    return match.group(1) if match else ""


def _is_tiny(size: str) -> bool:
    found = _length(size) if size else None
    return found is not None and (found[0] == 0 or found[0] < _SMALLEST.get(found[1], 0))


def _is_far(style: Style) -> bool:
    """Moved so far to the left or up that no scrolling leads there."""
    names = ["text-indent"]
    if style.get("position") in {"absolute", "fixed"}:
        names += ["left", "top"]
    names += ["margin-left", "margin-top"]
    for name in names:
        found = _length(style.get(name, ""))
        if found and found[0] <= -_FAR.get(found[1], 1000.0):
            return True
    return False


def _is_clipped(style: Style) -> bool:
    """Cut to nothing by its own box."""
    if style.get("overflow") not in {"hidden", "clip"}:
        return False
    sizes = (_length(style.get(name, "")) for name in ("height", "width", "max-height"))
    return any(size is not None and size[0] <= 1 and size[1] != "%" for size in sizes)
