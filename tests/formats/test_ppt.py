"""PPT: slides as pages, titles first, tables by the places of cells, notes, embedded files."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from appliance.documents import ElementKind, Flag, Unit
from appliance.formats import kinds
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole import ppt
from appliance.formats.ole.container import Container, pack
from appliance.formats.ole.package import NATIVE
from appliance.formats.ole.records import flattened, records
from appliance.formats.reading import Reading, Wishes
from tests.conftest import SAMPLES
from tests.formats.conftest import Read

SAMPLE = SAMPLES / "legacy" / "slides.ppt"


def record(kind: int, data: bytes, instance: int = 0, *, box: bool = False) -> bytes:
    return struct.pack("<HHI", instance << 4 | (15 if box else 0), kind, len(data)) + data


def box(kind: int, *inner: bytes, instance: int = 0) -> bytes:
    return record(kind, b"".join(inner), instance, box=True)


def text(kind: int, words: str) -> bytes:
    return record(0x0F9F, struct.pack("<I", kind)) + record(0x0FA0, words.encode("utf-16-le"))


def shape(*inner: bytes) -> bytes:
    return box(0xF004, record(0xF00D, b"".join(inner)))


def slide(*inner: bytes, notes: int = 0, kind: int = 0x03EE) -> bytes:
    atom = record(0x03EF, struct.pack("<16xI4x", notes))
    return box(kind, atom, box(0x040C, box(0xF002, *inner)))


def deck(*objects: tuple[str, bytes], outline: bytes = b"", more: bytes = b"") -> bytes:
    """A file: slides, notes and stored objects, each in the list that it belongs to."""
    lists = {"slide": b"", "notes": b""}
    for number, (sort, _) in enumerate(objects, 2):
        if sort in lists:
            lists[sort] += record(0x03F3, struct.pack("<IIiI4x", number, 0, 0, 255 + number))
            lists[sort] += outline if sort == "slide" else b""
    slides, notes = box(0x0FF0, lists["slide"]), box(0x0FF0, lists["notes"], instance=2)
    stream, places = b"", []
    for data in (box(0x03E8, slides, notes, more), *(data for _, data in objects)):
        places.append(len(stream))
        stream += data
    directory = struct.pack(f"<I{len(places)}I", 1 | len(places) << 20, *places)
    edit = struct.pack("<IIIII", 0, 0, 0, len(stream), 1)
    at = len(stream) + 8 + len(directory)
    stream += record(0x1772, directory) + record(0x0FF5, edit)
    user = struct.pack("<8xIII", 20, 0xE391C05F, at)
    return pack({"PowerPoint Document": stream, "Current User": user})


def read_ppt(data: bytes) -> Reading:
    return ppt.read(data, kinds.PPT, Wishes())


def texts(found: Reading) -> list[tuple[ElementKind, int | None, str]]:
    assert found.document is not None
    whole = found.document.text
    return [(e.kind, e.page, e.span.of(whole)) for e in found.document.elements]


def test_a_file_of_powerpoint(read: Read) -> None:
    parsed = read(SAMPLE.read_bytes(), "a.ppt")

    assert parsed.pages == 3
    assert parsed.title == "Test Table Slide"
    assert "1. List item4" in parsed.text
    assert "3. List3" in parsed.text
    assert parsed.page_of(parsed.text.index("Second slide title")) == 2
    heads = [e.row for e in parsed.elements if e.row and e.row.heads]
    assert [(cell.column, cell.width) for cell in heads[0].cells] == [(1, 3), (4, 3)]
    assert parsed.unexplained() == ()


def test_words_of_the_reference() -> None:
    reference = Path(SAMPLES / "legacy" / "slides.md").read_text("utf-8")
    found = read_ppt(SAMPLE.read_bytes()).document

    assert found is not None
    assert set(re.findall(r"\b[A-Za-z]\w*", reference)) <= set(re.findall(r"\w+", found.text))


def test_titles_first_and_notes_last() -> None:
    shapes = (shape(text(4, "Beside\rIt")), shape(text(0, "The title")), shape(text(1, "Point")))
    notes = slide(shape(text(2, "Say this.")), kind=0x03F0)

    found = read_ppt(deck(("slide", slide(*shapes, notes=258)), ("notes", notes)))

    assert texts(found) == [
        (ElementKind.TITLE, 1, "The title"),
        (ElementKind.TEXT, 1, "Beside"),
        (ElementKind.TEXT, 1, "It"),
        (ElementKind.LIST_ITEM, 1, "Point"),
        (ElementKind.TEXT, 1, "Say this."),
    ]


def test_texts_of_the_outline_stand_where_a_shape_refers_to_them() -> None:
    outline = text(0, "From the outline") + text(1, "Without a shape")
    first = shape(text(4, "A"), record(0x0F9E, struct.pack("<I", 0)))

    found = read_ppt(deck(("slide", slide(first)), outline=outline))

    assert [words for _, _, words in texts(found)] == ["From the outline", "A", "Without a shape"]
    assert found.document is not None
    assert found.document.unexplained() == ()


def cell(left: int, top: int, right: int, words: str) -> bytes:
    anchor = record(0xF00F, struct.pack("<4i", left, top, right, top + 100))
    return box(0xF004, anchor, record(0xF00D, text(4, words)))


def test_tables() -> None:
    first = box(0xF004, record(0xF122, struct.pack("<HI", 0x039F, 1), instance=1))
    cells = [cell(0, 0, 100, "Item"), cell(100, 0, 300, "Amount"), cell(0, 100, 100, "Fee")]
    cells += [cell(100, 100, 200, "12"), cell(200, 100, 300, "13")]

    found = read_ppt(deck(("slide", slide(box(0xF003, first, *cells)))))

    assert found.document is not None
    rows = [element.row for element in found.document.elements if element.row]
    assert [[(c.column, c.width) for c in row.cells] for row in rows] == [
        *([(0, 1), (1, 2)], [(0, 1), (1, 1), (2, 1)]),
    ]
    assert [row.heads for row in rows] == [True, False]


def test_embedded_files_macros_and_links() -> None:
    native = struct.pack("<I", 9) + b"%PDF-1.4\n"
    whole = pack({NATIVE: native})
    stored = struct.pack("<I", len(whole)) + zlib.compress(whole)
    objects = [
        ("slide", slide(shape(text(4, "x")))),
        ("object", record(0x1011, stored, 1)),
        ("object", record(0x1011, pack({"VBA": {"dir": b"x"}}))),
        ("object", record(0x1011, b"no container")),
    ]

    found = read_ppt(deck(*objects, more=box(0x0FCE)))

    assert [(part.data, part.reason) for part in found.parts] == [
        *((b"%PDF-1.4\n", ""), (b"", ole_parts.NO_FILE)),
    ]
    assert found.document is not None
    assert set(found.document.flags) == {Flag.ACTIVE, Flag.EXTERNAL}
    assert found.document.unexplained() == ()


def test_old_versions_of_a_slide_are_not_read() -> None:
    new, old = slide(shape(text(4, "new"))), slide(shape(text(4, "old")))

    found = read_ppt(deck(("slide", new), ("object", old)))

    assert [words for _, _, words in texts(found)] == ["new"]


def test_without_a_directory_every_slide_counts() -> None:
    stream = slide(shape(text(4, "one"))) + slide(shape(text(4, "two")))

    found = read_ppt(pack({"PowerPoint Document": stream, "Current User": b""}))

    assert [words for _, _, words in texts(found)] == ["one", "two"]


def test_a_reader_that_loses_text_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppt, "_table", lambda group, slide, left: [])

    found = read_ppt(SAMPLE.read_bytes()).document

    assert found is not None
    assert [tally.unit for tally in found.unexplained()] == [Unit.CHARACTERS]


def test_records_within_records_without_end() -> None:
    deep = b""
    for _ in range(3000):
        deep = record(0xF003, deep, box=True)

    assert len(list(flattened(next(records(deep))))) < 100


@pytest.mark.parametrize("seed", range(30))
def test_damaged_files_end(seed: int) -> None:
    container = Container(SAMPLE.read_bytes())
    stream = bytearray(container.stream("PowerPoint Document"))
    for step in range(200):
        place = zlib.crc32(b"%d %d" % (seed, step))
        stream[place % len(stream)] = place >> 24
    user = container.stream("Current User")

    try:
        found = read_ppt(pack({"PowerPoint Document": bytes(stream), "Current User": user}))
    except Exception:
        return  # the confined child says "damaged" for whatever a reader raises
    assert found.document is not None
