"""The numbers that Word puts before paragraphs, in a binary Word file.

They stand nowhere in the text.  Word counts them as it does in new files, so `word_numbers` does.
Source: [MS-DOC] 2.4.6.3 (lists), 2.9.131 and 2.9.150 (levels and lists).
"""

from __future__ import annotations

import struct

from appliance.formats.ole.doc_file import Place, WordFile
from appliance.formats.ooxml.word_numbers import Level, Numbers

_FORMS = {0: "decimal", 1: "upperRoman", 2: "lowerRoman", 3: "upperLetter", 4: "lowerLetter"} | {
    **{22: "decimalZero", 23: "bullet", 255: "none"},
}
_LEVELS = 9
_LIST, _LEVEL, _OVERRIDE, _OVERRIDDEN = 28, 28, 16, 8  # bytes of the structures
_SIMPLE, _LEGAL = 0x01, 0x04
_STARTS, _FORMATS = 0x10, 0x20


def numbers(word: WordFile) -> Numbers:
    """The lists of the file, by the number that paragraphs refer to, from 1."""
    levels: dict[str, dict[int, Level]] = {}
    lists = word.place(Place.LISTS)
    count = min(int.from_bytes(lists[:2], "little"), len(lists) // _LIST)
    data = word.onward(Place.LISTS)
    at = 2 + count * _LIST
    for number in range(count):
        entry = lists[2 + number * _LIST : 2 + (number + 1) * _LIST]
        found: dict[int, Level] = {}
        for place in range(1 if entry[26] & _SIMPLE else _LEVELS):
            found[place], at = _level(data, at)
        levels[str(int.from_bytes(entry[:4], "little"))] = found
    return _numbered(word.place(Place.OVERRIDES), levels)


def _numbered(overrides: bytes, levels: dict[str, dict[int, Level]]) -> Numbers:
    count = min(int.from_bytes(overrides[:4], "little"), len(overrides) // _OVERRIDE)
    abstract: dict[str, str] = {}
    restarts: dict[str, dict[int, int]] = {}
    at = 4 + count * _OVERRIDE
    for number in range(1, count + 1):
        entry = overrides[4 + (number - 1) * _OVERRIDE : 4 + number * _OVERRIDE]
        abstract[str(number)] = str(int.from_bytes(entry[:4], "little"))
        at += 4
        for _ in range(entry[12]):
            start, flags = struct.unpack_from("<II", overrides.ljust(at + _OVERRIDDEN, b"\0"), at)
            at += _OVERRIDDEN
            if flags & _FORMATS:
                level, at = _level(overrides, at)
                start = level.start
            if flags & _STARTS:
                restarts.setdefault(str(number), {})[flags & 0xF] = min(start, 100_000)
    return Numbers(_levels=levels, _abstract=abstract, _restarts=restarts)


def _level(data: bytes, at: int) -> tuple[Level, int]:
    """One level, and where the next begins."""
    head = data[at : at + _LEVEL].ljust(_LEVEL, b"\0")
    start = min(int.from_bytes(head[:4], "little"), 100_000)
    at += _LEVEL + head[24] + head[25]
    length = int.from_bytes(data[at : at + 2], "little")
    text = data[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
    shown = "".join(f"%{ord(c) + 1}" if ord(c) < _LEVELS else c for c in text)
    form = _FORMS.get(head[4], "decimal")
    return Level(start, form, shown, bool(head[5] & _LEGAL)), at + 2 + 2 * length
