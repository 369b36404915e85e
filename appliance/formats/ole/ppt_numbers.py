"""The numbers that PowerPoint puts before paragraphs; they stand nowhere in the text.

A list of settings belongs to a text; which of them holds for a paragraph is written in the settings
of its characters.  Source: [MS-PPT] 2.9.20 (TextPFException), 2.9.13 (TextCFException), 2.11.37
(StyleTextProp9), 2.9.21 and 2.13.24 (numbers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.formats.ooxml.word_numbers import written

SETTINGS, OF_OUTLINE = 0x0FAC, 0x0FAF  # records
_BULLET_FLAGS = 0xF
# Bits of a mask, and how many bytes each adds, in the order of the bytes.
_PARAGRAPH = ((7, 2), (4, 2), (6, 2), (5, 4), (11, 2), (12, 2), (13, 2), (14, 2), (8, 2), (10, 2))
_TABS, _LATER = 20, ((16, 2), (17, 2), (21, 2))
_STYLE_BITS = 0x3EB7
_CHARACTER = ((16, 2), (21, 2), (22, 2), (23, 2), (17, 2), (18, 4), (19, 2))
_BLIP, _SCHEME, _HAS_SCHEME = 1 << 23, 1 << 24, 1 << 25
# Numbers of the schemes: how counts are written, and what stands around them.
_SCHEMES = {
    0: ("lowerLetter", "{}."),
    1: ("upperLetter", "{}."),
    2: ("decimal", "{})"),
    3: ("decimal", "{}."),
    4: ("lowerRoman", "({})"),
    5: ("lowerRoman", "{})"),
    6: ("lowerRoman", "{}."),
    7: ("upperRoman", "{}."),
    8: ("lowerLetter", "({})"),
    9: ("lowerLetter", "{})"),
    10: ("upperLetter", "({})"),
    11: ("upperLetter", "{})"),
    12: ("decimal", "({})"),
    13: ("decimal", "{}"),
    14: ("upperRoman", "({})"),
    15: ("upperRoman", "{})"),
}
_USUAL = 3


@dataclass(frozen=True, slots=True)
class _Setting:
    numbered: bool = False
    scheme: int = _USUAL
    start: int = 1


class _Bytes:
    """Reads numbers one after the other; beyond the end they are 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    @property
    def ended(self) -> bool:
        return self.at >= len(self._data)

    def take(self, size: int) -> int:
        found = int.from_bytes(self._data[self.at : self.at + size], "little")
        self.at += size
        return found


def prefixes(text: str, styles: bytes, settings: bytes) -> list[str]:
    """For every paragraph its number with a blank behind it, or nothing.

    Args:
        text: paragraphs end with a carriage return.
        styles: of the text (StyleTextPropAtom).
        settings: the list that belongs to it (StyleTextProp9Atom); empty without one.
    """
    paragraphs = text.split("\r")
    if not settings or not styles:
        return [""] * len(paragraphs)
    bullets, kinds = _runs(styles, len(text) + 1)
    known = list(_settings(settings))
    found = []
    counts: dict[int, int] = {}
    at = 0
    for paragraph in paragraphs:
        level, bullet = _at(bullets, at)
        number, _ = _at(kinds, at)
        setting = known[number] if number < len(known) else _Setting()
        at += len(paragraph) + 1
        counts = {other: count for other, count in counts.items() if other <= level}
        if not (setting.numbered and bullet and paragraph.strip()):
            counts.pop(level, None)
            found.append("")
            continue
        counts[level] = counts.get(level, setting.start - 1) + 1
        form, frame = _SCHEMES.get(setting.scheme, _SCHEMES[_USUAL])
        found.append(frame.format(written(counts[level], form)) + " ")
    return found


def _at(runs: Sequence[tuple[int, int, int]], place: int) -> tuple[int, int]:
    for length, first, second in runs:
        if place < length:
            return first, second
        place -= length
    return 0, 0


def _runs(
    styles: bytes, length: int
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """Lengths with level and bullet, then lengths with the number of the setting."""
    data = _Bytes(styles)
    bullets: list[tuple[int, int, int]] = []
    covered = 0
    while covered < length and not data.ended:
        count, level, mask = data.take(4), data.take(2), data.take(4)
        flags = data.take(2) if mask & _BULLET_FLAGS else 0
        _pass(data, mask, _PARAGRAPH)
        if mask >> 15 & 1:
            data.take(2)
        if mask >> _TABS & 1:
            data.at += 4 * data.take(2)
        wrapped = mask >> 17 & 0b111
        _pass(data, (mask & ~(0b111 << 17)) | bool(wrapped) << 17, _LATER)
        bullets.append((count, level, flags & 1 if mask & 1 else 0))
        covered += count
    kinds: list[tuple[int, int, int]] = []
    covered = 0
    while covered < length and not data.ended:
        count, mask = data.take(4), data.take(4)
        style = data.take(2) if mask & _STYLE_BITS else 0
        _pass(data, mask, _CHARACTER)
        kinds.append((count, style >> 10 & 0xF, 0))
        covered += count
    return bullets, kinds


def _pass(data: _Bytes, mask: int, fields: Sequence[tuple[int, int]]) -> None:
    for bit, size in fields:
        if mask >> bit & 1:
            data.take(size)


def _settings(raw: bytes) -> Iterator[_Setting]:
    data = _Bytes(raw)
    while not data.ended:
        mask = data.take(4)
        if mask & _BLIP:
            data.take(2)
        numbered = bool(data.take(2)) if mask & _HAS_SCHEME else False
        scheme, start = (data.take(2), data.take(2)) if mask & _SCHEME else (_USUAL, 1)
        yield _Setting(numbered, scheme, start)
        if data.take(4) >> 20 & 1:  # of characters
            data.take(4)
        _pass(data, data.take(4), ((0, 2), (1, 2), (2, 2), (5, 4), (6, 2)))  # of languages
