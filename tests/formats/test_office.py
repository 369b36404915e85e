"""Office, web and text files in the confined reader: every kind, every word, no file or thread."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from appliance.documents import ElementKind, Unit
from appliance.errors import InputUnreadable, NoText
from tests.conftest import SAMPLES
from tests.formats.conftest import Read
from tests.formats.packing import of, open_document, sheet, slide, table, word, zipped
from tests.formats.test_epub import book

OFFICE = sorted(file.name for file in (SAMPLES / "office").iterdir() if file.suffix != ".md")
RUN = "<a:r><a:t>Words</a:t></a:r>"
MADE: dict[str, Callable[[], bytes]] = {
    "a.docx": lambda: word("<w:p><w:r><w:t>Words</w:t></w:r></w:p>"),
    "a.pptx": lambda: slide(f"<p:sp><p:txBody><a:p>{RUN}</a:p></p:txBody></p:sp>"),
    "a.xlsx": lambda: sheet('<row><c t="inlineStr"><is><t>Words</t></is></c></row>'),
    "a.odt": lambda: open_document("text", "<text:p>Words</text:p>"),
    "a.epub": lambda: book(**{"OPS/one.xhtml": "<p>Words</p>"}),
    "a.html": lambda: b"<html><body>Words</body></html>",
    "a.xml": lambda: b"<?xml version='1.0'?><a>Words</a>",
    "a.json": lambda: b'{"a": "Words"}',
    "a.jsonl": lambda: b'{"a": "Words"}\n{"a": 2}\n',
    "a.md": lambda: b"# Words\n",
    "a.csv": lambda: b"Words,b\n1,2\n",
    "a.txt": lambda: "Words für shift_jis: 本契約は".encode("shift_jis", "ignore"),
    "a.mhtml": lambda: (
        b"From: <Saved>\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n"
        b"--x\nContent-Type: text/html\n\n<p>Words</p>\n--x--\n"
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_every_kind_is_read_in_the_confined_process(read: Read, name: str) -> None:
    assert "Words" in read(MADE[name](), name).text


@pytest.mark.parametrize("name", OFFICE)
def test_files_that_people_made_are_read_whole(read: Read, name: str) -> None:
    parsed = read((SAMPLES / "office" / name).read_bytes(), name)

    assert parsed.unexplained() == ()
    assert parsed.gaps == ()
    assert {tally.unit for tally in parsed.tallies} >= {Unit.CHARACTERS}


def test_the_tables_of_a_letter(read: Read) -> None:
    parsed = read((SAMPLES / "office" / "word_tables.docx").read_bytes(), "a.docx")

    assert table(parsed, 1) == [
        "H 0:Header 0.0 1:Header 0.1 2:Header 0.2",
        "0:Cell 1.0 1+2:Merged Cell 1.1 1.2",
        "0:Cell 2.0 1+2:Merged Cell 2.1 2.2",
    ]
    assert table(parsed, 3)[1:3] == [
        "0:Cell 1.0 1:Merged Cell 1.1 2.1 2:Cell 1.2",
        "0:Cell 2.0 2:Cell 2.2",
    ]


def test_the_lists_of_a_presentation_and_its_table(read: Read) -> None:
    parsed = read((SAMPLES / "office" / "odf_presentation_01.odp").read_bytes(), "a.odp")

    assert table(parsed)[:2] == [
        "H 1+3:Class1 4+3:Class2",
        "H 1+2:A merged with B 3:C 4:A 5:B 6:C",
    ]
    assert "1. List1" in of(parsed, ElementKind.LIST_ITEM)
    assert parsed.pages == 3


def test_a_comment_names_its_cell_and_who_wrote_it(read: Read) -> None:
    parsed = read((SAMPLES / "office" / "xlsx_comments.xlsx").read_bytes(), "a.xlsx")

    assert "A1 (author: John Reviewer): Why Python specifically?" in parsed.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850"])
def test_text_in_the_usual_encodings(read: Read, encoding: str) -> None:
    text = "Vertrag über Lieferung\n\nDie Parteien vereinbaren gemäß Absprache Folgendes."

    parsed = read(text.encode(encoding), "a.txt")

    assert re.findall(r"\w+", parsed.text) == re.findall(r"\w+", text)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<html><body><script>x()</script></body></html>", "a.html"),
        (b",,\n,,\n", "a.csv"),
        (b"{}", "a.json"),
        (word("<w:p/>"), "a.docx"),
    ],
)
def test_a_file_without_text_is_never_a_success(read: Read, data: bytes, name: str) -> None:
    with pytest.raises(NoText):
        read(data, name)


def test_a_document_of_which_nothing_can_be_read_is_damaged(read: Read) -> None:
    with pytest.raises(InputUnreadable, match="damaged"):
        read(word("<w:tbl>" * 5000), "a.docx")


def test_a_container_that_holds_no_document_is_damaged(read: Read) -> None:
    types = MADE["a.docx"]()
    broken = zipped(
        {"[Content_Types].xml": '<x ContentType="wordprocessingml.document.main+xml"/>'}
    )

    assert types
    with pytest.raises(InputUnreadable):
        read(broken, "a.docx")
