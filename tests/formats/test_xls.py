"""XLS: every cell as its format means it, merged heads, hidden sheets, notes, a count."""

from __future__ import annotations

import struct
import zlib

import pytest

from appliance.documents import ElementKind, Flag, Tally, Unit
from appliance.formats import kinds
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole import xls, xls_records
from appliance.formats.ole.container import Container, Tree, pack
from appliance.formats.reading import Reading, Wishes
from tests.conftest import SAMPLES
from tests.formats.conftest import Read

SAMPLE = SAMPLES / "legacy" / "ducks.xls"


def record(number: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", number, len(data)) + data


def short(words: str, length: str = "<B") -> bytes:
    return struct.pack(length, len(words)) + b"\0" + words.encode("latin-1")


def begin(kind: int) -> bytes:
    return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 6))


def number(row: int, column: int, value: float, look: int = 0) -> bytes:
    return record(0x203, struct.pack("<HHHd", row, column, look, value))


def label(row: int, column: int, words: str) -> bytes:
    return record(0x204, struct.pack("<HHH", row, column, 0) + short(words, "<H"))


def workbook(
    *sheets: tuple[str, int, bytes], more: bytes = b"", others: Tree | None = None
) -> bytes:
    """A workbook; of each sheet the name, its state and kind in one number, its records.

    The looks of cells: 0 plain, 1 per cent, 2 a date, 3 shown as nothing.
    """
    looks = b"".join(record(0xE0, struct.pack("<HHH14x", 0, form, 1)) for form in (0, 9, 14, 200))
    forms = record(0x41E, struct.pack("<H", 200) + short(";;;", "<H"))
    font = record(0x31, struct.pack("<14x") + short("Arial"))
    head = begin(5) + record(0x42, struct.pack("<H", 1200)) + font + forms + looks + more
    size = sum(4 + 6 + 2 + len(name) for name, _, _ in sheets)
    at = len(head) + size + 4
    names, bodies = b"", b""
    for name, state, body in sheets:
        names += record(
            0x85, struct.pack("<IBB", at + len(bodies), state & 255, state >> 8) + short(name)
        )
        bodies += begin({1: 0x40, 2: 0x20}.get(state >> 8, 0x10)) + body + record(0x0A)
    return pack({"Workbook": head + names + record(0x0A) + bodies, **(others or {})})


def read_xls(data: bytes) -> Reading:
    return xls.read(data, kinds.XLS, Wishes())


def texts(found: Reading) -> list[tuple[ElementKind, str]]:
    assert found.document is not None
    return [(e.kind, e.span.of(found.document.text)) for e in found.document.elements]


def test_a_file_of_excel(read: Read) -> None:
    parsed = read(SAMPLE.read_bytes(), "a.xls")

    lines = (SAMPLES / "legacy" / "ducks.md").read_text("utf-8").split("\n")
    cells = [cell.strip() for line in lines for cell in line.split("|") if cell.strip(" -")]
    rows = [element.row for element in parsed.elements if element.row]
    assert [cell.span.of(parsed.text) for row in rows for cell in row.cells] == cells
    assert [row.heads for row in rows] == [False, True, *[False] * 6]
    assert parsed.unexplained() == ()


def test_values_show_as_their_format_means_them() -> None:
    merged = record(0xE5, struct.pack("<HHHHH", 1, 0, 0, 1, 2))
    cells = label(0, 0, "Item") + label(0, 1, "Share and day") + label(1, 0, "Fee")
    cells += number(1, 1, 0.05, 1) + number(1, 2, 45_292, 2) + number(1, 3, 7, 3)
    cells += record(0x205, struct.pack("<HHHBB", 2, 0, 0, 1, 0))
    cells += record(0x205, struct.pack("<HHHBB", 2, 1, 0, 7, 1))

    found = read_xls(workbook(("Balance", 0, cells + merged)))

    assert texts(found) == [
        (ElementKind.TITLE, "Balance"),
        (ElementKind.TABLE_ROW, "Item | Share and day"),
        (ElementKind.TABLE_ROW, "Fee | 5% | 2024-01-01"),
        (ElementKind.TABLE_ROW, "TRUE | #DIV/0!"),
    ]
    assert found.document is not None
    assert [hidden.text for hidden in found.document.hidden] == ["7"]
    row = found.document.elements[1].row
    assert row is not None
    assert [(cell.column, cell.width) for cell in row.cells] == [(0, 1), (1, 2)]
    assert Tally(Unit.CELLS, 8, 8) in found.document.tallies


def test_hidden_sheets_are_read_and_said_to_be_hidden() -> None:
    found = read_xls(workbook(("Seen", 0, label(0, 0, "a")), ("Kept", 2, label(0, 0, "b"))))

    assert [words for _, words in texts(found)] == ["Seen", "a", "Kept", "b"]
    assert found.document is not None
    assert [gap.reason for gap in found.document.gaps] == ["a hidden sheet is among the text"]


def test_text_boxes_notes_headers_and_charts() -> None:
    boxed = record(0x1B6, struct.pack("<10xHH4x", 10, 16))
    boxed += record(0x3C, b"\0In a ") + record(0x3C, b"\1" + "box.!".encode("utf-16-le"))
    boxed += record(0x3C, bytes(16)) + record(0x1B6, bytes(18))  # a second one without its text
    header = record(0x14, short('&L&"Arial,Bold"Left && right &P', "<H"))
    chart = (
        begin(0x20)
        + record(0x100D, b"\0\0" + short("Chart title"))
        + number(0, 0, 5)
        + record(0x0A)
    )

    found = read_xls(workbook(("S", 0, label(0, 0, "a") + header + boxed + chart)))

    assert [words for _, words in texts(found)] == [
        *("S", "a", "In a box.!", "Chart title", "Left & right"),
    ]
    assert found.document is not None
    assert Tally(Unit.CELLS, 1, 1) in found.document.tallies


def test_macros_links_and_embedded_files() -> None:
    link = record(0x1AE, struct.pack("<HH", 1, 8) + b"\0\x01cmd\x03/c ")
    others: Tree = {"MBD1": {"CONTENTS": b"%PDF-1.4\n"}, "_VBA_PROJECT_CUR": {"VBA": {"dir": b"x"}}}

    found = read_xls(
        workbook(
            ("S", 0, label(0, 0, "a")),
            ("M", 0x100, label(0, 0, "=EXEC()")),
            more=link,
            others=others,
        )
    )

    assert [part.name for part in found.parts] == ["embedded file.pdf"]
    assert found.document is not None
    assert set(found.document.flags) == {Flag.ACTIVE, Flag.EXTERNAL}
    assert Tally(Unit.SHEETS, 2, 1) in found.document.tallies
    assert found.document.unexplained() == ()
    assert ole_parts.MACROS in [gap.reason for gap in found.document.gaps]


def test_a_reader_that_loses_cells_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xls, "_shown", lambda book, cell: ("", True))

    found = read_xls(SAMPLE.read_bytes()).document

    assert found is not None
    assert [tally.unit for tally in found.unexplained()] == [Unit.CELLS]


def test_records_that_are_cut_end_the_walk() -> None:
    assert list(xls_records.records(b"\x01\x00\xff\xff12")) == [(1, b"12")]


@pytest.mark.parametrize("seed", range(30))
def test_damaged_files_end(seed: int) -> None:
    stream = bytearray(Container(SAMPLE.read_bytes()).stream("Workbook"))
    for step in range(20):
        place = zlib.crc32(b"%d %d" % (seed, step))
        stream[place % len(stream)] = place >> 24

    try:
        found = read_xls(pack({"Workbook": bytes(stream)}))
    except Exception:
        return  # the confined child says "damaged" for whatever a reader raises
    assert found.document is not None
