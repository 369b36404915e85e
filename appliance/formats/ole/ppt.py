"""Reads PPT (PowerPoint 97 to 2003): slides as pages, tables, notes.  Runs in the confined child.

Source: [MS-PPT]; shapes and their places: [MS-ODRAW].
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

from appliance.documents import ElementKind, Flag, Unit
from appliance.formats import account, pictures
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.ole import package
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole import pictures as ole_pictures
from appliance.formats.ole.container import Container
from appliance.formats.ole.ppt_file import (
    TEXT_BYTES,
    TEXT_CHARACTERS,
    TEXT_REFERENCE,
    Deck,
    Slide,
    Text,
    decoded,
    texts_of,
)
from appliance.formats.ole.ppt_numbers import SETTINGS, prefixes
from appliance.formats.ole.records import Record, flattened, records
from appliance.formats.reading import Part, Reading, Wishes
from appliance.formats.table import add_table
from appliance.sandbox.outcome import ReadingFailed

LARGEST_OBJECT = 256 << 20  # bytes once unpacked
_DRAWING, _GROUP, _SHAPE, _TEXT_BOX = 0x040C, 0xF003, 0xF004, 0xF00D
_OPTIONS, _MORE_OPTIONS, _CHILD_ANCHOR = 0xF00B, 0xF122, 0xF00F
_TABLE = 0x039F  # a property of a group of shapes that is a table
_WRAPPERS, _BLOB = frozenset({0xF011}), 0x138B  # of what a client adds to a shape
_STRING, _HEADERS, _COMMENT = 0x0FBA, 0x0FD9, 0x2EE0
_SHOW_INFO, _HIDDEN = 0x03F9, 0x04
_LINKED = frozenset({0x0FCE, 0x1006, 0x1005})  # OLE links, linked films and sounds
_TITLES, _BODIES = frozenset({0, 6}), frozenset({1, 5, 7, 8})
_BREAKS = str.maketrans({"\x0b": "\n"})
_NEAR = 20  # master units (1/576 inch) between edges that are one


def warm() -> None:
    """Import what the children need."""
    import olefile  # noqa: F401 -- for the children

    pictures.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one presentation.

    Raises:
        ReadingFailed: damaged, encrypted, too large.
        Exception: whatever unpacking a damaged structure raises.
    """
    container = Container(data)
    builder = DocumentBuilder(media_type)
    deck = Deck(container)
    for page, slide in enumerate(deck.slides, 1):
        _add_slide(deck, slide, page, builder)
    seen = [text for slide in (*deck.slides, *deck.notes.values()) for text in _texts(slide)]
    builder.tally(account.characters(seen, builder.kept()))
    if deck.document and any(r.kind in _LINKED for r in flattened(deck.document)):
        builder.flag(Flag.EXTERNAL)
    if ole_parts.has_macros(container):
        builder.flag(Flag.ACTIVE)
    parts, following = _objects(deck, wishes.first_part, builder)
    scans = pictures.add_pictures(ole_pictures.in_container(container, media_type), builder)
    return Reading(builder.finish(len(deck.slides)), parts, following, scans)


def _texts(slide: Slide) -> Iterator[str]:
    """Every text of a slide, by a flat walk over its records."""
    yield from (text.text for text in slide.outline)
    if slide.record:
        found = (r for r in flattened(slide.record) if r.kind in {TEXT_CHARACTERS, TEXT_BYTES})
        yield from map(decoded, found)


# --- one slide ------------------------------------------------------------------------------------


def _add_slide(deck: Deck, slide: Slide, page: int, builder: DocumentBuilder) -> None:
    left = _add_shapes(slide, page, builder)
    for text in left:  # of the outline, without a shape
        _add_text(text, page, builder)
    notes = deck.notes.get(slide.notes)
    if notes is not None:
        for text in _add_shapes(notes, page, builder):
            _add_text(text, page, builder)
    if slide.record is None:
        builder.add_gap("the slide is damaged", page, Unit.PAGES)
        return
    info = slide.record.child(_SHOW_INFO)
    if info is not None and len(info.data) > 10 and info.data[10] & _HIDDEN:
        builder.add_gap("a hidden slide is among the text", page)
    for record in flattened(slide.record):
        if record.kind in {_HEADERS, _COMMENT}:
            kind = ElementKind.FOOTER if record.kind == _HEADERS else ElementKind.TEXT
            strings = [bytes(r.data) for r in record.children() if r.kind == _STRING]
            for string in strings:
                builder.add(kind, string.decode("utf-16-le", "replace"), page)


def _add_shapes(slide: Slide, page: int, builder: DocumentBuilder) -> list[Text]:
    """Add the shapes of a slide, titles first; the texts of its outline that none refers to."""
    left = dict(enumerate(slide.outline))
    drawing = slide.record.child(_DRAWING) if slide.record else None
    found = list(_shapes(drawing, slide, left)) if drawing else []
    titled = [item for item in found if isinstance(item, Text) and item.kind in _TITLES]
    for item in (*titled, *(item for item in found if item not in titled)):
        if isinstance(item, Text):
            _add_text(item, page, builder)
        else:
            add_table(builder, item, page=page)
    return list(left.values())


def _add_text(text: Text, page: int, builder: DocumentBuilder) -> None:
    if text.kind in _TITLES:
        builder.add(ElementKind.TITLE, text.text.replace("\r", " ").translate(_BREAKS), page)
        return
    kind = ElementKind.LIST_ITEM if text.kind in _BODIES else ElementKind.TEXT
    numbers = prefixes(text.text, text.styles, text.settings)
    for number, paragraph in zip(numbers, text.text.split("\r"), strict=True):
        item = ElementKind.LIST_ITEM if number else kind
        builder.add(item, number + paragraph.translate(_BREAKS), page)


def _shapes(
    record: Record, slide: Slide, left: dict[int, Text], depth: int = 0
) -> Iterator[Text | list[list[Entry]]]:
    """The texts and tables in a drawing, in its order; takes what it refers to from ``left``."""
    if record.kind == _GROUP and (first := record.child(_SHAPE)) and _is_table(first):
        yield _table(record, slide, left)
    elif record.kind == _SHAPE:
        yield from _shape_texts(record, slide, left)
    elif depth < 64:
        for inner in record.children():
            yield from _shapes(inner, slide, left, depth + 1)


def _shape_texts(shape: Record, slide: Slide, left: dict[int, Text]) -> list[Text]:
    box = shape.child(_TEXT_BOX)
    found = []
    # the box is a container by its content, whatever its header says
    inner = list(flattened(Record(_TEXT_BOX, 0, True, box.data))) if box else []
    for record in inner:
        if record.kind == TEXT_REFERENCE:
            number = record.number(0)
            if left.pop(number, None) is not None:
                found.append(slide.outline[number])
    return [*found, *texts_of(inner, _list_settings(shape))]


def _list_settings(shape: Record) -> bytes:
    """Of the numbers before the paragraphs of a shape, where it has any."""
    for record in flattened(shape):
        if record.kind in _WRAPPERS:
            wrapped = [deep for one in records(record.data) for deep in flattened(one)]
            inner = [deep for one in wrapped if one.kind == _BLOB for deep in records(one.data)]
            found = next((each for each in (*wrapped, *inner) if each.kind == SETTINGS), None)
            if found is not None:
                return bytes(found.data)
    return b""


# --- tables ---------------------------------------------------------------------------------------


def _is_table(shape: Record) -> bool:
    """Whether the shape that stands for its group has the property of tables."""
    for record in shape.children():
        if record.kind in {_OPTIONS, _MORE_OPTIONS}:
            count = min(record.instance, len(record.data) // 6)
            numbers = (struct.unpack_from("<H", record.data, 6 * n)[0] for n in range(count))
            if any(number & 0x3FFF == _TABLE for number in numbers):
                return True
    return False


def _table(group: Record, slide: Slide, left: dict[int, Text]) -> list[list[Entry]]:
    """Rows and columns by the places of the cells."""
    cells = []
    for shape in (r for r in flattened(group) if r.kind == _SHAPE):
        anchor = shape.child(_CHILD_ANCHOR)
        texts = [text.text for text in _shape_texts(shape, slide, left) if text.text]
        if anchor is not None and len(anchor.data) >= 16:
            x0, y0, x1, _ = struct.unpack_from("<4i", anchor.data)
            cells.append((y0, x0, x1, "\n".join(texts).translate(_BREAKS).replace("\r", "\n")))
        elif texts:
            cells.append((1 << 31, 0, 0, "\n".join(texts)))
    columns = _edges([x for _, x0, x1, _ in cells for x in (x0, x1)])
    tops = _edges([y0 for y0, _, _, _ in cells])
    table: list[list[Entry]] = [[] for _ in tops]
    for y0, x0, x1, text in cells:
        column = _at(columns, x0)
        table[_at(tops, y0)].append(Entry(text, column, max(1, _at(columns, x1) - column)))
    return table


def _edges(places: Sequence[int]) -> list[int]:
    edges: list[int] = []
    for place in sorted(set(places)):
        if not edges or place - edges[-1] > _NEAR:
            edges.append(place)
    return edges


def _at(edges: Sequence[int], place: int) -> int:
    from bisect import bisect_right

    return max(0, bisect_right(edges, place) - 1)


# --- what is embedded -----------------------------------------------------------------------------


def _objects(
    deck: Deck, first: int, builder: DocumentBuilder
) -> tuple[tuple[Part, ...], int | None]:
    found = []
    for record in deck.objects():
        stored = _unpacked(record)
        try:
            macros = ole_parts.has_macros(Container(stored))
        except ReadingFailed:
            macros = False
        if macros:
            builder.flag(Flag.ACTIVE)
            builder.add_gap(ole_parts.MACROS)
        else:
            found.append(ole_parts.attachment(package.unwrap(stored)))
    return ole_parts.hand_out(found, first, builder)


def _unpacked(record: Record) -> bytes:
    """A stored object; a packed one begins with its length."""
    if record.instance == 0:
        return bytes(record.data)
    try:
        return zlib.decompressobj().decompress(record.data[4:], LARGEST_OBJECT)
    except zlib.error:
        return b""
