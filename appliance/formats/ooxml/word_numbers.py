"""The numbers that Word puts before paragraphs: clauses, headings, lists.

They stand nowhere in the text of the file, and "clause 7.2" cannot be found without them.
Source: ECMA-376 part 1, 17.9 (numbering).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml.etree import _Element as Node

from appliance.formats.ooxml.word_styles import attribute_of
from appliance.formats.tree import attribute, child, local

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST_ROMAN = 4999


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list."""

    start: int = 1
    form: str = "decimal"
    text: str = ""
    legal: bool = False  # every number in decimal


@dataclass(slots=True)
class Numbers:
    """The lists of one document, and how far each has counted."""

    _levels: dict[str, dict[int, Level]] = field(default_factory=dict)  # by abstract number
    _abstract: dict[str, str] = field(default_factory=dict)  # by number
    _restarts: dict[str, dict[int, int]] = field(default_factory=dict)
    _linked: dict[str, str] = field(default_factory=dict)  # style of a list, to abstract number
    _links: dict[str, str] = field(default_factory=dict)  # abstract number, to style of a list
    _counts: dict[str, list[int]] = field(default_factory=dict)  # by abstract number
    _begun: set[str] = field(default_factory=set)  # numbers that have restarted their list

    @classmethod
    def of(cls, root: Node | None) -> Numbers:
        """The lists in a part; none without it."""
        numbers = cls()
        for node in root if root is not None else ():
            if local(node) == "abstractNum":
                numbers._add_abstract(node)
            elif local(node) == "num":
                key = attribute(node, "numId")
                numbers._abstract[key] = attribute_of(node, "abstractNumId")
                for override in node.iterfind("{*}lvlOverride"):
                    numbers._add_override(key, override)
        return numbers

    def _add_abstract(self, node: Node) -> None:
        key = attribute(node, "abstractNumId")
        if style := attribute_of(node, "styleLink"):
            self._linked[style] = key
        if style := attribute_of(node, "numStyleLink"):
            self._links[key] = style
        self._levels[key] = {}
        for level in node.iterfind("{*}lvl"):
            at = _number(attribute(level, "ilvl"), 0)
            form = attribute_of(level, "numFmt") or "decimal"
            legal = child(level, "isLgl") is not None
            start = _number(attribute_of(level, "start"), 1)
            self._levels[key][at] = Level(start, form, attribute_of(level, "lvlText"), legal)

    def _add_override(self, key: str, override: Node) -> None:
        start = attribute_of(override, "startOverride")
        if start.isdecimal():
            at = _number(attribute(override, "ilvl"), 0)
            self._restarts.setdefault(key, {})[at] = _number(start, 1)

    def next(self, number: str, at: int) -> str:
        """Count one paragraph of a list and give its number as shown; empty for a bullet.

        Args:
            number: the id of the list (``w:numId``).
            at: the level, from 0.
        """
        key = self._abstract.get(number, "")
        if key in self._links:
            key = self._linked.get(self._links[key], key)
        levels = self._levels.get(key)
        if not levels or at not in levels or not 0 <= at < _LEVELS:
            return ""
        counts = self._counts.setdefault(key, [0] * _LEVELS)
        self._begin(number, levels, counts)
        counts[at] = counts[at] + 1 if counts[at] else levels[at].start
        for above in range(at):
            counts[above] = counts[above] or levels.get(above, Level()).start
        counts[at + 1 :] = [0] * (_LEVELS - at - 1)
        return self._shown(levels, counts, at)

    def _begin(self, number: str, levels: dict[int, Level], counts: list[int]) -> None:
        if number in self._begun:
            return
        self._begun.add(number)
        for at, start in self._restarts.get(number, {}).items():
            if at in levels and at < _LEVELS:
                counts[at] = max(start - 1, 0)

    @staticmethod
    def _shown(levels: dict[int, Level], counts: list[int], at: int) -> str:
        level = levels[at]
        if level.form in {"bullet", "none"}:
            return ""

        def place(match: re.Match[str]) -> str:
            other = int(match.group(1)) - 1
            form = "decimal" if level.legal else levels.get(other, level).form
            return written(counts[other], form)

        return _PLACE.sub(place, level.text).strip()


def written(count: int, form: str) -> str:
    """A count in one of Word's forms; in digits where the form is not known here."""
    match form:
        case "lowerLetter" | "upperLetter" if count > 0:
            letter = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 10)
            return letter.upper() if form == "upperLetter" else letter
        case "lowerRoman" | "upperRoman" if 0 < count <= _MOST_ROMAN:
            letters = ""
            for value, sign in _ROMAN:
                letters += sign * (count // value)
                count %= value
            return letters.upper() if form == "upperRoman" else letters
        case "decimalZero":
            return f"{count:02}"
        case "none":
            return ""
        case _:
            return str(count)


def _number(text: str, default: int) -> int:
    return min(int(text), 100_000) if text.isdecimal() else default
