"""The structure of a binary Word file, [MS-DOC]: text by pieces, properties by file position.

Every loop is bounded by the length of the stream that it walks.  Word 97 to 2003; of Word 6 and 95
the text alone, because their properties have another layout.  Runs in the confined reader child.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from appliance.formats.build import MOST_CHARACTERS
from appliance.formats.ole.container import Container
from appliance.sandbox.outcome import Outcome, ReadingFailed

_MAGIC, _OLD_MAGICS = 0xA5EC, frozenset({0xA5DC, 0xA697, 0xA698, 0xA699})
_FIRST_OF_WORD_97 = 105  # versions of the file information block
_SECOND_TABLE, _ENCRYPTED, _COMPLEX = 0x0200, 0x0100, 0x0004
_PLACES, _OLD_PLACES = 154, 0x58  # where the pairs of offset and length begin
_COUNTS, _OLD_COUNTS = 76, 0x34  # where the lengths of the stories begin
_COMPRESSED = 0x40000000
_PAGE = 512
_HUGE = 0x6646  # properties that lie in the stream Data
_DEFINITION = 0xD608  # of a table row; its length takes two bytes
_TABS = 0xC615
_PARAGRAPH_STYLE = 1
_CODEPAGES = {0x0419: "cp1251", 0x0422: "cp1251", 0x0415: "cp1250", 0x0405: "cp1250"} | {
    **{0x0408: "cp1253", 0x041F: "cp1254", 0x040D: "cp1255", 0x0401: "cp1256", 0x0411: "cp932"},
    **{0x0804: "cp936", 0x0404: "cp950", 0x0412: "cp949", 0x040E: "cp1250", 0x041E: "cp874"},
}


class Place(IntEnum):
    """Numbers of the pairs (offset, length) in the file information block."""

    STYLES = 1
    FOOTNOTES = 3
    COMMENTS = 5
    HEADERS = 11
    CHARACTERS = 12
    PARAGRAPHS = 13
    ASSOCIATED = 32  # names of the template and others
    PIECES = 33
    ENDNOTES = 47
    BOXES = 56
    LISTS = 73
    OVERRIDES = 74


@dataclass(frozen=True, slots=True)
class Stories:
    """How many characters each part of the text has, in the order of the file."""

    main: int
    footnotes: int
    headers: int
    macros: int
    comments: int
    endnotes: int
    boxes: int
    header_boxes: int


@dataclass(frozen=True, slots=True)
class Style:
    """A style: the number of its built-in kind, the style it is based on, what it sets."""

    kind: int
    base: int
    settings: dict[int, bytes]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: characters from ``begin`` on, from byte ``at`` of the file on."""

    begin: int
    text: str
    at: int
    width: int  # bytes of one character


@dataclass(slots=True)
class _Runs:
    """Properties by file position: the run that begins at ``starts[i]`` has ``values[i]``."""

    starts: list[int] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)

    def at(self, place: int) -> bytes:
        number = bisect_right(self.starts, place) - 1
        return self.values[number] if number >= 0 else b""


class WordFile:
    """An opened file; its text, and the properties of every character."""

    def __init__(self, container: Container) -> None:
        """Read the structure.

        Raises:
            ReadingFailed: damaged, encrypted, or without a text.
            struct.error, IndexError: damaged.
        """
        self._main = container.stream("WordDocument")
        if len(self._main) < _PAGE // 4:
            raise ReadingFailed(Outcome.DAMAGED)
        magic, version = struct.unpack_from("<HH", self._main)
        (self._flags,) = struct.unpack_from("<H", self._main, 10)
        if magic != _MAGIC and magic not in _OLD_MAGICS:
            raise ReadingFailed(Outcome.DAMAGED)
        if self._flags & _ENCRYPTED:
            raise ReadingFailed(Outcome.ENCRYPTED)
        self.modern = magic == _MAGIC and version >= _FIRST_OF_WORD_97
        second = "1Table" if self._flags & _SECOND_TABLE else "0Table"
        self._table = container.stream(second) if self.modern else self._main
        self._data = container.stream("Data")
        counts = struct.unpack_from("<8I", self._main, _COUNTS if self.modern else _OLD_COUNTS)
        self.stories = Stories(*(min(count, len(self._main)) for count in counts))
        self._codepage = "cp1252"
        if not self.modern:
            (language,) = struct.unpack_from("<H", self._main, 6)
            self._codepage = _CODEPAGES.get(language, "cp1252")
        self.pieces = list(self._pieces())
        self.text = "".join(piece.text for piece in self.pieces)
        self._begins = [piece.begin for piece in self.pieces]
        self._characters = self._runs(Place.CHARACTERS) if self.modern else _Runs()
        self._paragraphs = self._runs(Place.PARAGRAPHS) if self.modern else _Runs()

    def place(self, number: Place) -> bytes:
        """The bytes of one structure, empty where there is none."""
        start = (_PLACES if self.modern else _OLD_PLACES) + 8 * number
        offset, length = struct.unpack_from("<II", self._main.ljust(start + 8, b"\0"), start)
        return self._table[offset : offset + length] if length < 1 << 31 else b""

    def onward(self, number: Place) -> bytes:
        """From the begin of one structure to the end of the stream."""
        start = _PLACES + 8 * number
        (offset,) = struct.unpack_from("<I", self._main.ljust(start + 4, b"\0"), start)
        return self._table[offset:] if self.modern and offset else b""

    def positions(self, number: Place) -> list[int]:
        """The character positions in a structure that has nothing else, or something, behind."""
        found = self.place(number)
        return list(struct.unpack_from(f"<{len(found) // 4}I", found))

    # --- text -------------------------------------------------------------------------------------

    def _pieces(self) -> Iterator[Piece]:
        if not self.modern and not self._flags & _COMPLEX:
            begin, end = struct.unpack_from("<II", self._main, 0x18)
            yield Piece(0, self._main[begin:end].decode(self._codepage, "replace"), begin, 1)
            return
        table = _piece_table(self.place(Place.PIECES))
        count = max(0, len(table) - 4) // 12
        ends = struct.unpack_from(f"<{count + 1}I", table) if count else (0,)
        at = 0
        for number in range(count):
            (offset,) = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)
            length = ends[number + 1] - ends[number]
            if not 0 < length <= len(self._main):
                continue
            if at + length > MOST_CHARACTERS:
                raise ReadingFailed(Outcome.TOO_LARGE)
            narrow = bool(offset & _COMPRESSED) or not self.modern
            start = (offset & (_COMPRESSED - 1)) // (2 if narrow and self.modern else 1)
            text = self._decoded(start, length, narrow=narrow)
            yield Piece(at, text, start, 1 if narrow else 2)
            at += len(text)

    def _decoded(self, start: int, length: int, *, narrow: bool) -> str:
        """Exactly one character per character of the file, so that positions stay right."""
        if narrow:
            raw = self._main[start : start + length]
            text = raw.decode(self._codepage, "replace")
            return text if len(text) == len(raw) else raw.decode("latin-1")
        raw = self._main[start : start + 2 * length]
        return "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) & ~1])))

    # --- properties -------------------------------------------------------------------------------

    def character(self, position: int) -> dict[int, bytes]:
        """What is set for the character here, by number of the property."""
        return dict(properties(self._characters.at(self._byte(position))))

    def run_end(self, position: int) -> int:
        """Where the run of characters with the same properties ends, at least one further on."""
        piece = self._piece(position)
        if piece is None:
            return position + 1
        place = piece.at + (position - piece.begin) * piece.width
        number = bisect_right(self._characters.starts, place)
        end = piece.begin + len(piece.text)
        if number < len(self._characters.starts):
            ahead = (self._characters.starts[number] - place) // piece.width
            end = min(end, position + ahead)
        return max(end, position + 1)

    def paragraph(self, position: int) -> tuple[int, dict[int, bytes]]:
        """The style, and what is set, for the paragraph whose mark stands here."""
        found = self._paragraphs.at(self._byte(position))
        style = int.from_bytes(found[:2], "little")
        settings = dict(properties(found[2:]))
        if _HUGE in settings:
            at = int.from_bytes(settings[_HUGE], "little")
            length = int.from_bytes(self._data[at : at + 2], "little")
            settings |= dict(properties(self._data[at + 2 : at + 2 + length]))
        return style, settings

    def _piece(self, position: int) -> Piece | None:
        number = bisect_right(self._begins, position) - 1
        return self.pieces[number] if number >= 0 else None

    def _byte(self, position: int) -> int:
        piece = self._piece(position)
        return piece.at + (position - piece.begin) * piece.width if piece else -1

    def _runs(self, number: Place) -> _Runs:
        """Every run in the pages of one kind, in the order of the file."""
        places = self.place(number)
        count = max(0, len(places) - 4) // 8
        pages = struct.unpack_from(f"<{count}I", places, 4 * (count + 1)) if count else ()
        found: dict[int, bytes] = {}
        for page in dict.fromkeys(page & 0x3FFFFF for page in pages):
            content = self._main[page * _PAGE : (page + 1) * _PAGE]
            if len(content) == _PAGE:
                read = _characters if number is Place.CHARACTERS else _paragraphs
                found.update(read(content))
        starts = sorted(found)
        return _Runs(starts, [found[start] for start in starts])

    def styles(self) -> list[Style]:
        """Every style, by its number."""
        sheet = self.place(Place.STYLES) if self.modern else b""
        at = 2 + int.from_bytes(sheet[:2], "little")
        base = int.from_bytes(sheet[4:6], "little")
        found = []
        while at + 2 <= len(sheet):
            (length,) = struct.unpack_from("<H", sheet, at)
            style = sheet[at + 2 : at + 2 + length]
            found.append(_style(style, base))
            at += 2 + length + length % 2
        return found


def _style(style: bytes, base: int) -> Style:
    """A style; ``base``: bytes before its name, after which the properties follow."""
    if len(style) < 4:
        return Style(-1, -1, {})
    kind, parent = struct.unpack_from("<HH", style)
    settings: dict[int, bytes] = {}
    if parent & 0xF == _PARAGRAPH_STYLE:
        at = base + 2 + 2 * (int.from_bytes(style[base : base + 2], "little") + 1)
        length = int.from_bytes(style[at : at + 2], "little")
        settings = dict(properties(style[at + 4 : at + 2 + length]))
    return Style(kind & 0xFFF, parent >> 4, settings)


def _piece_table(pieces: bytes) -> bytes:
    """Past the property modifiers, the table itself."""
    at = 0
    while at + 5 <= len(pieces):
        if pieces[at] == 2:
            return pieces[at + 5 : at + 5 + int.from_bytes(pieces[at + 1 : at + 5], "little")]
        if pieces[at] != 1:
            break
        at += 3 + int.from_bytes(pieces[at + 1 : at + 3], "little")
    return b""


def _characters(page: bytes) -> Iterator[tuple[int, bytes]]:
    count = min(page[-1], 101)
    starts = struct.unpack_from(f"<{count}I", page)
    for number, start in enumerate(starts):
        at = 2 * page[4 * (count + 1) + number]
        yield start, page[at + 1 : at + 1 + page[at]] if at else b""


def _paragraphs(page: bytes) -> Iterator[tuple[int, bytes]]:
    count = min(page[-1], 29)
    starts = struct.unpack_from(f"<{count}I", page)
    for number, start in enumerate(starts):
        at = 2 * page[4 * (count + 1) + 13 * number]
        length = 2 * page[at] - 1 if page[at] else 2 * page[min(at + 1, _PAGE - 1)]
        at += 1 if page[at] else 2
        yield start, page[at : at + length]


def properties(settings: bytes) -> Iterator[tuple[int, bytes]]:
    """Every property (sprm) with its operand; ends where the bytes make no sense any more."""
    at = 0
    while at + 2 <= len(settings):
        (number,) = struct.unpack_from("<H", settings, at)
        at += 2
        length = (1, 1, 2, 4, 2, 2, -1, 3)[number >> 13]
        if number == _DEFINITION:
            length = int.from_bytes(settings[at : at + 2], "little") - 1
            at += 2
        elif length < 0:
            length = settings[at] if at < len(settings) else 0
            at += 1
            if number == _TABS and length == 255:
                return
        if length < 0:
            return
        yield number, settings[at : at + length]
        at += length
