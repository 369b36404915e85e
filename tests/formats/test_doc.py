"""DOC: every story, rows with their columns, fields by their result, hidden text apart."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from appliance.documents import Concealment, ElementKind, Flag, ParsedDocument, Unit
from appliance.errors import InputUnreadable
from appliance.formats import kinds
from appliance.formats.ole import doc, doc_flow
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole.container import Container, pack
from appliance.formats.reading import Reading, Wishes
from tests.conftest import SAMPLES
from tests.formats.conftest import Read
from tests.formats.word97 import Run, word97

SAMPLE = SAMPLES / "legacy" / "word97.doc"
HIDDEN, DELETED, WHITE = b"\x3c\x08\x01", b"\x00\x08\x01", b"\x70\x68\xff\xff\xff\x00"
CELL, ROW_END, HEADS = b"\x16\x24\x01", b"\x16\x24\x01\x17\x24\x01", b"\x04\x34\x01"


def definition(*edges: int) -> bytes:
    data = bytes([len(edges) - 1]) + struct.pack(f"<{len(edges)}h", *edges)
    return b"\x08\xd6" + struct.pack("<H", len(data) + 1) + data


def read_doc(data: bytes) -> Reading:
    return doc.read(data, kinds.DOC, Wishes())


def parsed_of(*stories: list[Run], **others: object) -> ParsedDocument:
    found = read_doc(word97(stories, **others)).document  # type: ignore[arg-type]
    assert found is not None
    return found


def texts(parsed: ParsedDocument) -> list[tuple[ElementKind, str]]:
    return [(e.kind, e.span.of(parsed.text)) for e in parsed.elements]


def test_a_file_of_word(read: Read) -> None:
    parsed = read(SAMPLE.read_bytes(), "a.doc")
    found = texts(parsed)

    assert parsed.title == "Summer activities"
    assert (ElementKind.TITLE, "Swimming in the lake") in found
    assert (ElementKind.LIST_ITEM, "Paddle about") in found
    numbered = [
        words for kind, words in found if kind is ElementKind.LIST_ITEM and words[0].isdigit()
    ]
    assert numbered == [
        *("1. Wear sunglasses", "2. Don’t forget to drink water", "3. Use sun cream"),
        *("1. Leaves", "2. Berries", "3. Grain"),
    ]
    assert (ElementKind.TEXT, "Figure 1: This is a cute duckling") in found
    rows = [e.row for e in parsed.elements if e.row]
    assert [row.heads for row in rows] == [True, False, False, False]
    cells = [(cell.column, cell.span.of(parsed.text)) for cell in rows[0].cells]
    assert cells == [(1, "Food"), (2, "Calories per portion")]
    assert {tally.unit: tally.seen - tally.stored for tally in parsed.tallies} == {
        Unit.CHARACTERS: 0,
        Unit.PICTURES: 1,  # waits for recognition
    }


def test_every_story_is_read() -> None:
    parsed = parsed_of(
        [("Main text.\r", b"")],
        [("\x02 A footnote.\r", b"")],
        [("\rHead\rFoot\r", b"")],
        [],
        [("\x05 A comment.\r", b"")],
        [("\x02 An endnote.\r", b"")],
        [("In a box.\r", b"")],
        [("In a box of the header.\r", b"")],
        headers=[0, 0, 0, 0, 0, 0, 0, 0, 1, 6, 11],
    )

    assert [text for _, text in texts(parsed)] == [
        *("Main text.", "A footnote.", "Head", "Foot", "A comment.", "An endnote."),
        *("In a box.", "In a box of the header."),
    ]
    assert parsed.unexplained() == ()


def test_fields_show_their_result() -> None:
    parsed = parsed_of(
        [
            ("See \x13 HYPERLINK x \x14page \x13 PAGEREF y \x147\x15\x15 of ", b""),
            ("\x13 MACROBUTTON go [click here]\x15.\r", b""),
            ("\x13 DDEAUTO cmd \x14shown\x15\r", b""),
        ]
    )

    assert [text for _, text in texts(parsed)] == ["See page 7 of [click here].", "shown"]
    assert Flag.ACTIVE in parsed.flags


def test_a_field_without_an_end_loses_nothing() -> None:
    parsed = parsed_of([("Before \x13 REF and all the rest\rof it.\r", b"")])

    assert "and all the rest" in parsed.text
    assert "of it." in parsed.text


def test_hidden_deleted_and_white_text_is_apart() -> None:
    parsed = parsed_of(
        [("Seen ", b""), ("secret", HIDDEN), ("old ", DELETED), ("pale", WHITE), ("end\r", b"")],
    )

    assert parsed.text == "Seen end"
    assert [(hidden.why, hidden.text) for hidden in parsed.hidden] == [
        *((Concealment.HIDDEN, "secret"), (Concealment.HIDDEN, "old")),
        (Concealment.WHITE, "pale"),
    ]
    assert parsed.unexplained() == ()


def test_white_text_in_a_cell_stays() -> None:
    parsed = parsed_of(
        [("Head", WHITE), ("\x07x\x07\x07\r", b"")], paragraphs=[CELL, CELL, ROW_END]
    )

    assert "Head" in parsed.text


def test_columns_of_merged_cells() -> None:
    ends = [ROW_END + HEADS + definition(0, 1000, 3000), ROW_END + definition(0, 1000, 2000, 3000)]
    parsed = parsed_of(
        [("Item\x07Amount\x07\x07Fee\x0712\x0713\x07\x07After\r", b"")],
        paragraphs=[CELL, CELL, ends[0], CELL, CELL, CELL, ends[1]],
    )

    rows = [element.row for element in parsed.elements if element.row]
    assert [(row.heads, [(c.column, c.width) for c in row.cells]) for row in rows] == [
        (True, [(0, 1), (1, 2)]),
        (False, [(0, 1), (1, 1), (2, 1)]),
    ]
    assert texts(parsed)[-1] == (ElementKind.TEXT, "After")


def test_paragraphs_in_a_cell_and_a_row_without_an_end() -> None:
    parsed = parsed_of([("One\rTwo\x07Three", b"")], paragraphs=[CELL, CELL])

    assert texts(parsed) == [(ElementKind.TABLE_ROW, "One Two | Three")]


def test_characters_beyond_16_bits_and_symbols() -> None:
    box = struct.pack("<HHH", 0x6A09, 1, 0xF0FE)
    smile = "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")
    data = word97([[("qz(", b""), ("(", box), (" x\r", b"")]])
    data = data.replace("qz".encode("utf-16-le"), smile.encode("utf-16-le"))

    found = read_doc(data).document

    assert found is not None
    assert found.text == f"{smile}(☑ x"


def test_embedded_files_and_macros() -> None:
    pool = {"_1": {"CONTENTS": b"%PDF-1.4\n"}, "_2": {"Equation Native": b"x"}}
    others = {"ObjectPool": pool, "Macros": {"VBA": {"dir": b"x"}}}

    found = read_doc(word97([[("Text.\r", b"")]], others=others))

    assert [(part.name, part.reason) for part in found.parts] == [
        *(("embedded file.pdf", ""), ("embedded object 2", ole_parts.NO_FILE)),
    ]
    assert found.document is not None
    assert Flag.ACTIVE in found.document.flags
    assert found.document.unexplained() == ()


def test_a_reader_that_loses_text_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doc_flow.Flow, "_end_row", lambda self, edges, heads: None)

    found = read_doc(SAMPLE.read_bytes()).document

    assert found is not None
    assert Unit.CHARACTERS in [tally.unit for tally in found.unexplained()]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_end(seed: int) -> None:
    """Bytes changed at places that a checksum chooses; text or a refusal, never anything else."""
    data = Container(SAMPLE.read_bytes())
    streams = {name: bytearray(data.stream(name)) for name in ("WordDocument", "1Table", "Data")}
    for step in range(60):
        place = zlib.crc32(b"%d %d" % (seed, step))
        stream = streams[("WordDocument", "1Table", "Data")[place % 3]]
        stream[place // 3 % min(len(stream), 2000)] = place >> 24
    damaged = pack({name: bytes(stream) for name, stream in streams.items()})

    try:
        found = read_doc(damaged).document
    except Exception:
        return  # the confined child says "damaged" for whatever a reader raises
    assert found is not None


def test_word_95_and_a_cut_file(read: Read) -> None:
    main = bytearray(1024)
    text = b"Gr\xfc\xdfe\rItem\x07Amount\x07\x07Fee\x0712\x07\x07\rEnd\r"
    struct.pack_into("<HHH", main, 0, 0xA5DC, 101, 0x0409)
    struct.pack_into("<II", main, 0x18, 1024, 1024 + len(text))
    struct.pack_into("<I", main, 0x34, len(text))

    parsed = read(pack({"WordDocument": bytes(main) + text}), "a.doc")

    assert re.findall(r"\w+", parsed.text) == ["Grüße", "Item", "Amount", "Fee", "12", "End"]
    assert [len(e.row.cells) for e in parsed.elements if e.row] == [2, 2]
    with pytest.raises(InputUnreadable, match="damaged"):
        read(pack({"WordDocument": bytes(40)}), "a.doc")


def test_words_of_the_reference() -> None:
    """The text has every word of a conversion that others made of the same file."""
    reference = Path(SAMPLES / "legacy" / "word97.md").read_text("utf-8")
    found = read_doc(SAMPLE.read_bytes()).document

    assert found is not None
    assert set(re.findall(r"[^\W\d_]+", reference)) <= set(re.findall(r"\w+", found.text)) | {
        "image"
    }
