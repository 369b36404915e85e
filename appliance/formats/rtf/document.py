"""Reads RTF: paragraphs, tables with their columns, notes, what is embedded.  Runs in the child.

Source: RTF specification 1.9.1.  Hidden and deleted text is kept apart; of fields the result stays;
embedded objects are parts.
"""

from __future__ import annotations

import re
import struct
from functools import partial

from appliance.documents import Concealment, ElementKind, Flag
from appliance.formats import account, attached, pictures, text
from appliance.formats.attached import Attachment, Unreadable
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.ole import package as ole_package
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole import pictures as ole_pictures
from appliance.formats.reading import Reading, Wishes
from appliance.formats.rtf.text import (
    BODY,
    BOX,
    CODE,
    FOOTER,
    HEADER,
    MARK,
    NOTE,
    TITLE,
    Event,
    RtfText,
)
from appliance.formats.table import add_table

_ACTIVE = re.compile(r"\s*(?:DDE|DDEAUTO)\b", re.I)
_OUTSIDE = re.compile(r"\s*(?:INCLUDETEXT|INCLUDEPICTURE|LINK)\b.*(?:://|\\\\)", re.I | re.S)
_KINDS = {HEADER: ElementKind.HEADER, FOOTER: ElementKind.FOOTER}
_BREAKS = frozenset({"par", "sect", "page", "column"})
_ENDS = _BREAKS | {"cell", "row"}
_BODY_LEVEL = 9


def warm() -> None:
    """Import what the children need."""
    pictures.warm()
    text.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one file.

    Raises:
        ReadingFailed: damaged, or beyond its bounds.
    """
    builder = DocumentBuilder(media_type)
    walk, seen = add_rtf(data, builder)
    builder.tally(account.characters(seen, builder.kept()))
    found = [Attachment("", partial(_embedded, stored), "embedded") for stored in walk.objects]
    if walk.objects:
        builder.flag(Flag.ACTIVE)
    parts, following = attached.hand_out(found, wishes.first_part, builder)
    scans = pictures.add_pictures(ole_pictures.of_rtf(walk), builder)
    return Reading(builder.finish(), parts, following, scans)


def add_rtf(data: bytes, builder: DocumentBuilder) -> tuple[RtfText, list[str]]:
    """Add all text; the walk, which knows what else there was, and all texts as they came.

    The texts are those before any paragraph or table is made of them: the way of a count.

    Raises:
        ReadingFailed: damaged, or beyond its bounds.
    """
    walk = RtfText(data)
    shaper = _Shaper(walk, builder)
    seen: list[str] = []
    for event in walk.events():
        if event.text and event.place not in {CODE, TITLE}:
            seen.append(event.text)
        shaper.take(event)
    shaper.end()
    if walk.linked:
        builder.flag(Flag.EXTERNAL)
    return walk, seen


def _embedded(stored: bytes) -> bytes:
    """The file in an embedded object: [MS-OLEDS] 2.2, version, form, three names, the data."""
    at = 8
    for _ in range(3):
        (length,) = struct.unpack_from("<I", stored.ljust(at + 4, b"\0"), at)
        at += 4 + length
    native = stored[at + 4 : at + 4 + int.from_bytes(stored[at : at + 4], "little")]
    if found := ole_package.unwrap(native):
        return found[1]
    length = len(native).to_bytes(4, "little")
    if found := ole_package.unwrap_native(length + native):
        return found[1]
    raise Unreadable(ole_parts.NO_FILE)


class _Shaper:
    """Makes paragraphs and rows of events."""

    def __init__(self, walk: RtfText, builder: DocumentBuilder) -> None:
        self._walk = walk
        self._builder = builder
        self._text: list[str] = []
        self._aside: dict[tuple[str, int], list[str]] = {}  # notes, boxes, headers: for later
        self._code: list[str] = []
        self._cell: list[str] = []
        self._cells: list[str] = []
        self._edges: list[int] = []
        self._table: list[tuple[list[str], list[int], bool]] = []
        self._heads = self._in_table = self._listed = False
        self._level, self._style = _BODY_LEVEL, 0

    def take(self, event: Event) -> None:
        """One event, in the order of the file."""
        if event.place == CODE:
            self._code.append(event.text)
            return
        if self._code:
            self._note_code()
        if event.place == TITLE:
            self._builder.title = (self._builder.title or "") + event.text
        elif event.why is not None and not self._on_a_ground(event):
            self._builder.hide(event.why, event.text)
        elif event.place not in {BODY, MARK}:
            aside = self._aside.setdefault((event.place, event.group), [])
            aside.append(event.text or ("\n" if event.word in _ENDS else ""))
        elif event.word:
            self._shape(event.word, event.number)
        else:
            self._listed |= event.place == MARK
            self._text.append(event.text)

    def _on_a_ground(self, event: Event) -> bool:
        """Whether white text stands in a table, where cells often are coloured."""
        return event.why is Concealment.WHITE and (self._in_table or bool(self._cells))

    def end(self) -> None:
        """Nothing follows any more."""
        self._note_code()
        self._end_paragraph()
        self._end_row()
        self._end_table()
        self._add_aside()

    def _note_code(self) -> None:
        code = "".join(self._code)
        self._code.clear()
        if _ACTIVE.match(code):
            self._builder.flag(Flag.ACTIVE)
        if _OUTSIDE.match(code):
            self._builder.flag(Flag.EXTERNAL)

    def _shape(self, word: str, number: int | None) -> None:
        if word in _BREAKS:
            self._end_paragraph()
        elif word in {"cell", "nestcell"}:
            self._end_cell(nested=word == "nestcell")
        elif word == "row":
            self._end_row()
        else:
            self._set(word, number or 0)

    def _set(self, word: str, number: int) -> None:
        match word:
            case "trowd":
                self._edges, self._heads = [], False
            case "cellx":
                self._edges.append(number)
            case "trhdr":
                self._heads = True
            case "intbl":
                self._in_table = True
            case "pard":
                self._in_table = self._listed = False
                self._level, self._style = _BODY_LEVEL, 0
            case "outlinelevel":
                self._level = number
            case "s":
                self._style = number
            case "ls":
                self._listed = number > 0

    def _end_paragraph(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if self._in_table or self._cells:
            self._cell.append(text)
            return
        self._end_table()
        kind = ElementKind.LIST_ITEM if self._listed else ElementKind.TEXT
        if self._level < _BODY_LEVEL or self._style in self._walk.headings:
            kind = ElementKind.TITLE
        self._builder.add(kind, text)
        self._add_notes()

    def _end_cell(self, *, nested: bool) -> None:
        self._cell.append("".join(self._text))
        self._text.clear()
        if not nested:
            self._cells.append("\n".join(self._cell))
            self._cell.clear()

    def _end_row(self) -> None:
        if any(self._cell):
            self._end_cell(nested=False)
        self._cell.clear()
        if self._cells:
            self._table.append((self._cells, self._edges, self._heads))
        self._cells = []

    def _end_table(self) -> None:
        if not self._table:
            return
        table, self._table = self._table, []
        grid = sorted({edge for _, edges, _ in table for edge in edges})
        marked = next((n for n, row in enumerate(table) if not row[2]), len(table))
        found = [_entries(cells, edges, grid) for cells, edges, _ in table]
        add_table(self._builder, found, marked=marked)
        self._add_notes()

    def _add_notes(self) -> None:
        for key in [key for key in self._aside if key[0] == NOTE]:
            self._builder.add(ElementKind.TEXT, "".join(self._aside.pop(key)))

    def _add_aside(self) -> None:
        order = (NOTE, BOX, HEADER, FOOTER)
        for place, group in sorted(self._aside, key=lambda key: (order.index(key[0]), key[1])):
            text = "".join(self._aside[place, group])
            self._builder.add(_KINDS.get(place, ElementKind.TEXT), text)
        self._aside.clear()


def _entries(cells: list[str], edges: list[int], grid: list[int]) -> list[Entry]:
    """Cells with the columns that they cover; by their number where the row gives no edges."""
    if len(edges) < len(cells):
        return [Entry(text, number) for number, text in enumerate(cells)]
    found, left = [], 0
    for words, edge in zip(cells, edges, strict=False):
        right = grid.index(edge) + 1
        found.append(Entry(words, left, max(1, right - left)))
        left = max(left + 1, right)
    return found
