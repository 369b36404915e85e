"""What a BIFF stream holds besides what xlrd reads, and a count of its cells made another way.

Text boxes and notes, titles of charts, headers and footers, outside links, kinds of sheets.
Source: [MS-XLS] 2.4; BIFF 5 and 8.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_BOF, _BOFS, _EOF, _SHEET, _CONTINUE = (
    0x809,
    frozenset({0x809, 0x409, 0x209, 0x009}),
    0x0A,
    0x85,
    0x3C,
)
_TEXT_OBJECT, _CHART_TEXT, _HEADER, _FOOTER, _LINK, _PASSWORD = (
    0x1B6,
    0x100D,
    0x14,
    0x15,
    0x1AE,
    0x2F,
)
_FORMULA, _MANY_NUMBERS, _SHARED_LABEL = 0x06, 0xBD, 0xFD
_CELLS = frozenset({0x204, 0x203, 0x27E, 0x205, 0xD6})  # LABEL, NUMBER, RK, BOOLERR, RSTRING
_ALL_CELLS = _CELLS | {_FORMULA, _MANY_NUMBERS, _SHARED_LABEL}
_WORKSHEET = b"\x10\x00"
_WIDE_BIFF = 0x0600
_DRAWN = frozenset({_TEXT_OBJECT, 0x5D, 0xEC, 0xEB, 0x1C})  # and shapes, drawings, notes
_UNKNOWN = 0xFFF0
_CODES = re.compile(r'&(?:"[^"]*"|\d+|K[0-9A-F]{6}|[A-Z])', re.I)
MACRO_SHEET, CHART_SHEET, MODULE = 1, 2, 6


@dataclass(slots=True)
class Extras:
    """What was found; lists by number of the substream, 0 is the workbook itself."""

    sheets: list[int] = field(default_factory=list)  # the kind of each
    texts: dict[int, list[str]] = field(default_factory=dict)
    headers: dict[int, list[str]] = field(default_factory=dict)
    footers: dict[int, list[str]] = field(default_factory=dict)
    labels: list[int] = field(default_factory=list)  # shared strings that cells refer to
    cells: int = 0  # others that are not empty
    linked: bool = False
    dynamic: bool = False  # DDE
    encrypted: bool = False


def records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every record."""
    at = 0
    while at + 4 <= len(stream):
        number, length = struct.unpack_from("<HH", stream, at)
        yield number, stream[at + 4 : at + 4 + length]
        at += 4 + length


def cells_only(stream: bytes) -> bytes:
    """The stream with its drawings made unknown records: xlrd need not fail at a damaged one."""
    quiet = bytearray(stream)
    at, inside = 0, False
    for number, data in records(stream):
        inside = number in _DRAWN or (inside and number == _CONTINUE)
        if inside:
            struct.pack_into("<H", quiet, at, _UNKNOWN)
        at += 4 + len(data)
    return bytes(quiet)


def extras(stream: bytes) -> Extras:
    """Walk the whole stream once."""
    found = Extras()
    biff, depth, substream = 0, 0, -1
    counted = False  # cells of this substream; those of macros and charts are no cells
    text: list[str] | None = None  # waits for its characters
    length = 0
    for number, data in records(stream):
        if number in _BOFS and len(data) >= 4:
            depth += 1
            substream += depth == 1
            counted = depth == 1 and data[2:4] == _WORKSHEET
            biff = struct.unpack_from("<H", data)[0] if number == _BOF else 0x0400
        elif number == _EOF:
            depth = max(0, depth - 1)
            counted = False  # after a chart in a sheet there are no more cells
        elif number == _TEXT_OBJECT and len(data) >= 12:
            (length,) = struct.unpack_from("<H", data, 10)
            text = []
            found.texts.setdefault(substream, [])
        elif number == _CONTINUE and text is not None and length > 0:
            piece = _characters(data, length)
            text.append(piece)
            length -= max(1, len(piece))
            if length <= 0:
                found.texts[substream].append("".join(text))
                text = None
        elif number in _ALL_CELLS:
            if counted:
                _count(number, data, found)
        else:
            _note(number, data, biff, substream, found)
    return found


def _count(number: int, data: bytes, found: Extras) -> None:
    if number == _MANY_NUMBERS:
        found.cells += max(0, (len(data) - 6) // 6)
    elif number == _FORMULA and len(data) >= 14:
        # a result that is an empty string says so with a mark
        found.cells += not (data[12:14] == b"\xff\xff" and data[6] == 3)
    elif number == _SHARED_LABEL and len(data) >= 10:
        found.labels.append(struct.unpack_from("<I", data, 6)[0])
    elif number in _CELLS:
        found.cells += 1


def _note(number: int, data: bytes, biff: int, substream: int, found: Extras) -> None:
    if number == _SHEET and len(data) >= 6:
        found.sheets.append(data[5])
    elif number == _PASSWORD:
        found.encrypted = True
    elif number == _LINK and len(data) > 4:
        found.linked = True
        found.dynamic |= b"\x03" in data[4:]
    elif number == _CHART_TEXT and len(data) > 3:
        wide = biff >= _WIDE_BIFF
        text = _characters(data[3:], data[2]) if wide else data[3:].decode("cp1252", "replace")
        found.texts.setdefault(substream, []).append(text)
    elif number in {_HEADER, _FOOTER} and len(data) > 1:
        places = found.headers if number == _HEADER else found.footers
        wide = biff >= _WIDE_BIFF
        length = struct.unpack_from("<H", data.ljust(2, b"\0"))[0]
        text = _characters(data[2:], length) if wide else data[1:].decode("cp1252", "replace")
        places.setdefault(substream, []).append(_CODES.sub(" ", text).replace("&&", "&"))


def _characters(data: bytes, length: int) -> str:
    """Characters behind a byte that says how wide they are."""
    if data[:1] and data[0] & 1:
        return data[1 : 1 + 2 * length].decode("utf-16-le", "replace")
    return data[1 : 1 + length].decode("latin-1")
