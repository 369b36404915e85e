"""The structure of a binary PowerPoint file, [MS-PPT]: which slides there are, and their records.

A file saved several times holds old versions of its slides; the persist directories say where the
last one of each stands.  Where they are damaged, every slide in the file counts, in its order.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from appliance.formats.ole.container import Container
from appliance.formats.ole.ppt_numbers import OF_OUTLINE, SETTINGS
from appliance.formats.ole.records import Record, flattened, record_at, records
from appliance.sandbox.outcome import Outcome, ReadingFailed

DOCUMENT, SLIDE, SLIDE_ATOM, NOTES = 0x03E8, 0x03EE, 0x03EF, 0x03F0
SLIDE_PERSIST, LIST_WITH_TEXT = 0x03F3, 0x0FF0
TEXT_HEADER, TEXT_CHARACTERS, TEXT_BYTES, TEXT_REFERENCE = 0x0F9F, 0x0FA0, 0x0FA8, 0x0F9E
TEXT_STYLES = 0x0FA1
OBJECT = 0x1011
_BLOB = 0x138B
_USER_EDIT, _DIRECTORY = 0x0FF5, 0x1772
_ENCRYPTED = 0xF3D1C4DF
_SLIDES, _NOTES = 0, 2  # instances of lists
_MOST_EDITS = 10_000


@dataclass(frozen=True, slots=True)
class Text:
    """One text: ``kind`` is 0 or 6 for titles, 1 for bodies, 2 for notes, 4 for other shapes."""

    kind: int
    text: str
    styles: bytes = b""  # of its paragraphs and characters
    settings: bytes = b""  # of the lists in it


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide or a page of notes; ``outline`` holds the texts that its shapes refer to."""

    record: Record | None
    outline: tuple[Text, ...]
    number: int  # that the file gives it

    @property
    def notes(self) -> int:
        """The number of its page of notes, 0 without one."""
        atom = self.record.child(SLIDE_ATOM) if self.record else None
        return atom.number(16) if atom else 0


class Deck:
    """An opened file."""

    def __init__(self, container: Container) -> None:
        """Read the structure.

        Raises:
            ReadingFailed: damaged, or encrypted.
        """
        self._stream = container.stream("PowerPoint Document")
        user = container.stream("Current User")
        if int.from_bytes(user[12:16], "little") == _ENCRYPTED:
            raise ReadingFailed(Outcome.ENCRYPTED)
        self._places, document = self._directory(int.from_bytes(user[16:20], "little"))
        found = self._record(document, DOCUMENT)
        self.document = found or next((r for r in self._top() if r.kind == DOCUMENT), None)
        self._settings = dict(self._outline_settings())
        lists = [r for r in self._children() if r.kind == LIST_WITH_TEXT]
        self.slides = [s for r in lists if r.instance == _SLIDES for s in self._listed(r, SLIDE)]
        notes = [s for r in lists if r.instance == _NOTES for s in self._listed(r, NOTES)]
        self.notes = {slide.number: slide for slide in notes}
        if not any(slide.record for slide in self.slides):
            loose = [record for record in self._top() if record.kind == SLIDE]
            self.slides = [Slide(record, (), 0) for record in loose]
        if not self.slides and self.document is None:
            raise ReadingFailed(Outcome.DAMAGED)

    def objects(self) -> Iterator[Record]:
        """Every stored object that is still part of the file."""
        for number in sorted(self._places):
            if record := self._record(number, OBJECT):
                yield record

    def _children(self) -> Iterator[Record]:
        return self.document.children() if self.document else iter(())

    def _top(self) -> Iterator[Record]:
        return records(self._stream)

    def _record(self, number: int, kind: int) -> Record | None:
        at = self._places.get(number)
        found = record_at(self._stream, at) if at is not None else None
        return found if found and found.kind == kind else None

    def _directory(self, at: int) -> tuple[dict[int, int], int]:
        """Where each persistent object stands, the last version first; the document's number."""
        places: dict[int, int] = {}
        document = 0
        seen: set[int] = set()
        while at not in seen and len(seen) < _MOST_EDITS:
            seen.add(at)
            edit = record_at(self._stream, at)
            if edit is None or edit.kind != _USER_EDIT:
                break
            document = document or edit.number(16)
            directory = record_at(self._stream, edit.number(12))
            if directory is not None and directory.kind == _DIRECTORY:
                for number, place in _entries(directory.data):
                    places.setdefault(number, place)
            at = edit.number(8)
            if at == 0:
                break
        return places, document

    def _listed(self, record: Record, kind: int) -> Iterator[Slide]:
        """The slides of a list, each with the texts that follow it."""
        current: Record | None = None
        texts: list[Record] = []
        for inner in record.children():
            if inner.kind != SLIDE_PERSIST:
                texts.append(inner)
                continue
            if current is not None:
                yield self._slide(current, texts, kind)
            current, texts = inner, []
        if current is not None:
            yield self._slide(current, texts, kind)

    def _slide(self, atom: Record, texts: list[Record], kind: int) -> Slide:
        number = atom.number(12)
        found = [
            replace(text, settings=self._settings.get((number, text.kind), b""))
            for text in texts_of(texts)
        ]
        return Slide(self._record(atom.number(0), kind), tuple(found), number)

    def _outline_settings(self) -> Iterator[tuple[tuple[int, int], bytes]]:
        """Settings of lists in outlines, by number of the slide and kind of the text."""
        place = (0, 0)
        for record in flattened(self.document) if self.document else ():
            inner = records(record.data) if record.kind == _BLOB else ()
            for each in (deep for one in inner for deep in flattened(one)):
                if each.kind == OF_OUTLINE:
                    place = (each.number(0), each.number(4))
                elif each.kind == SETTINGS:
                    yield place, bytes(each.data)


def texts_of(found: list[Record], settings: bytes = b"") -> Iterator[Text]:
    """Every text in a row of records: a header that says its kind, then the characters."""
    kind: int | None = None
    for number, record in enumerate(found):
        if record.kind == TEXT_HEADER:
            if kind is not None:
                yield Text(kind, "")
            kind = record.number(0)
        elif record.kind in {TEXT_CHARACTERS, TEXT_BYTES}:
            styled = found[number + 1] if number + 1 < len(found) else None
            styles = bytes(styled.data) if styled and styled.kind == TEXT_STYLES else b""
            yield Text(4 if kind is None else kind, decoded(record), styles, settings)
            kind = None
    if kind is not None:
        yield Text(kind, "")


def decoded(record: Record) -> str:
    """The characters of a text record."""
    wide = record.kind != TEXT_BYTES
    return bytes(record.data).decode("utf-16-le" if wide else "latin-1", "replace")


def _entries(data: memoryview) -> Iterator[tuple[int, int]]:
    at = 0
    while at + 4 <= len(data):
        (head,) = struct.unpack_from("<I", data, at)
        first, count = head & 0xFFFFF, head >> 20
        at += 4
        for number in range(min(count, (len(data) - at) // 4)):
            yield first + number, struct.unpack_from("<I", data, at + 4 * number)[0]
        at += 4 * count
