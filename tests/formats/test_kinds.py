"""Content decides what a file is; its name only tells what content leaves open."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import time
import zipfile
from pathlib import PurePosixPath

import pytest
from PIL import Image

from appliance.formats import kinds, worker
from appliance.formats.ole.container import pack
from appliance.sandbox.outcome import Outcome, ReadingFailed, error_for


def container(*names: str, **members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
        for name, text in members.items():
            archive.writestr(name.replace("_Content_Types_", "[Content_Types].xml"), text)
    return out.getvalue()


def package(main_type: str) -> bytes:
    return container("a/b.xml", _Content_Types_=f'<Override ContentType="{main_type}"/>')


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, form)
    return out.getvalue()


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


def sniffed(data: bytes, name: str) -> str:
    return kinds.sniff(data, PurePosixPath(name).suffix.lower())


MAIL = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nbody\r\n"
MBOX = b"From a@example.com Tue Jan  2 10:00:00 2024\n" + MAIL
PAGE = b"From: <Saved>\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\n"
OPEN = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
MICROSOFT = "application/vnd.ms-"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7\n", "notes.txt", kinds.PDF),
        (b"\n\n%PDF-1.4", "a", kinds.PDF),
        (container("[Content_Types].xml", "word/document.xml"), "a.zip", kinds.DOCX),
        (container("[Content_Types].xml", "ppt/presentation.xml"), "a.docx", kinds.PPTX),
        (container("[Content_Types].xml", "xl/workbook.xml"), "a.xlsm", kinds.XLSX),
        (package(OPEN + "wordprocessingml.document.main+xml"), "a.xlsx", kinds.DOCX),
        (package(OPEN + "wordprocessingml.template.main+xml"), "a.dotx", kinds.DOCX),
        (package(MICROSOFT + "word.document.macroEnabled.main+xml"), "a.docm", kinds.DOCX),
        (package(OPEN + "presentationml.slideshow.main+xml"), "a.ppsx", kinds.PPTX),
        (package(MICROSOFT + "excel.sheet.macroEnabled.main+xml"), "a", kinds.XLSX),
        (package(MICROSOFT + "excel.sheet.binary.macroEnabled.main"), "a.xlsx", kinds.XLSB),
        (container("content.xml", mimetype=ODF + "text"), "a.zip", kinds.ODT),
        (container("content.xml", mimetype=ODF + "spreadsheet-template"), "a", kinds.ODS),
        (container("content.xml", mimetype=ODF + "presentation"), "a.odt", kinds.ODP),
        (container("x.opf", mimetype="application/epub+zip"), "a.zip", kinds.EPUB),
        (container("letter.txt"), "a.docx", kinds.ZIP),
        (b"PK\x05\x06" + bytes(18), "a.zip", kinds.ZIP),
        (tar(), "a.txt", kinds.TAR),
        (gzip.compress(tar()), "a.txt", kinds.GZIP),
        (bz2.compress(tar()), "a.txt", kinds.BZIP2),
        (lzma.compress(tar()), "a.txt", kinds.XZ),
        (pack({"WordDocument": b"x"}), "a.xls", kinds.DOC),
        (pack({"Workbook": b"x"}), "a.doc", kinds.XLS),
        (pack({"Book": b"x"}), "a", kinds.XLS),
        (pack({"PowerPoint Document": b"x"}), "a.doc", kinds.PPT),
        (pack({"__properties_version1.0": b"x"}), "a.doc", kinds.MSG),
        (pack({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}), "a.docx", kinds.LOCKED),
        (b"\x78\x9f\x3e\x22\x01", "winmail.dat", kinds.TNEF),
        *((picture(k), "a.pdf", f"image/{k}") for k in ("png", "jpeg", "tiff", "gif", "bmp")),
        (picture("webp"), "a.png", kinds.WEBP),
        (b"BMW annual report", "a", kinds.TXT),
        (b"BZh notes", "a", kinds.TXT),
        (b"MZ is an ending of a name", "a", kinds.TXT),
        (b"{\\rtf1\\ansi x}", "letter.doc", kinds.RTF),
        (b"<!-- c --><!DOCTYPE html><p>x", "page", kinds.HTML),
        (b"\xef\xbb\xbf<?xml version='1.0'?><html>", "a.xhtml", kinds.HTML),
        (b"<?xml version='1.0'?><?x y?><!-- c --><html:html>", "a.xml", kinds.HTML),
        (b"<p>fragment", "a.htm", kinds.HTML),
        (b"<table><tr><td>x", "a.xls", kinds.HTML),
        (b"<h1>Title</h1>\n\ntext", "README.md", kinds.MD),
        (b"<?xml version='1.0'?><data/>", "a.txt", kinds.XML),
        (b"<order id='1'>x</order>\n", "a.dat", kinds.XML),
        ("<?xml version='1.0'?><a>ü</a>".encode("utf-16"), "a.xml", kinds.XML),
        (json.dumps({"a": [1, 2]}).encode(), "a.txt", kinds.JSON),
        (b'{"a": 1}\n{"a": 2}\n{"a": 3}\n', "a", kinds.JSONL),
        (b"{broken", "a.json", kinds.JSON),
        (b"[1] A. Author, Title.\n[2] B. Author, Title.", "a", kinds.TXT),
        (MAIL, "a.eml", kinds.EML),
        (MAIL, "mail", kinds.EML),
        (MAIL, "mail.txt", kinds.EML),
        (MBOX, "inbox", kinds.MBOX),
        (MBOX.replace(b"\n", b"\r\n"), "inbox.txt", kinds.MBOX),
        (MBOX, "a.eml", kinds.EML),
        (PAGE, "page.mht", kinds.MHTML),
        (b"From Monday on, at 10:00, we meet.\nBring paper.", "a.txt", kinds.TXT),
        (b"Subject: notes of the meeting\nplain text", "a.txt", kinds.TXT),
        ("Subject: x\n\n".encode("utf-16"), "a.eml", kinds.EML),
        (b"# Title", "a.md", kinds.MD),
        (b"a,b\n1,2", "a.csv", kinds.CSV),
        (b"a\tb", "A.TSV", kinds.CSV),
        (b'a;b;c\n1;2;3\n4;"5;6";7\n', "figures.txt", kinds.CSV),
        (b"Dear Ann, Bob, and Cy,\nthanks.\nYours, D.\n", "letter.txt", kinds.TXT),
        ("Grüße".encode("cp1252"), "README", kinds.TXT),
        (b"#!/bin/sh\n", "run.sh", kinds.TXT),
        (b"A letter under any name.", "letter.q7", kinds.TXT),
    ],
)
def test_kind(data: bytes, name: str, kind: str) -> None:
    assert sniffed(data, name) == kind


@pytest.mark.parametrize(
    ("data", "name", "outcome"),
    [
        (b"", "a.docx", Outcome.EMPTY),
        (b"\x7fELF\x02\x01\x01\x00", "report.pdf", Outcome.PROGRAM),
        (b"MZ\x90\x00\x03", "letter.docx", Outcome.PROGRAM),
        (container("META-INF/MANIFEST.MF", "a/B.class"), "a.zip", Outcome.PROGRAM),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a.zip", Outcome.ARCHIVE),
        (b"Rar!\x1a\x07\x01\0", "a.zip", Outcome.ARCHIVE),
        (b"ID3\x03\0\0", "a.txt", Outcome.RECORDING),
        (b"\0\0\0\x18ftypmp42", "a.pdf", Outcome.RECORDING),
        (b"\0\0\0\x18ftypheic", "a.jpg", Outcome.UNSUPPORTED),
        (b"SQLite format 3\0", "a.txt", Outcome.DATABASE),
        (container("[Content_Types].xml", "Documents/1/x.fpage"), "a.docx", Outcome.UNSUPPORTED),
        (container("x", mimetype=ODF + "formula"), "a.odt", Outcome.UNSUPPORTED),
        (pack({"VisioDocument": b"x"}), "a.doc", Outcome.UNSUPPORTED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old.doc", Outcome.DAMAGED),
        (b"PK\x03\x04 cut off", "a.docx", Outcome.DAMAGED),
        (b"mostly text, but " * 10 + b"\x00", "a.txt", Outcome.UNSUPPORTED),
        (bytes(range(1, 256)) * 4, "a.txt", Outcome.UNSUPPORTED),
    ],
)
def test_what_is_not_read_is_refused_by_name(data: bytes, name: str, outcome: Outcome) -> None:
    with pytest.raises(ReadingFailed) as caught:
        sniffed(data, name)

    assert caught.value.outcome is outcome
    assert error_for(outcome).remedy


def test_every_kind_has_a_family_that_warms_its_reader() -> None:
    for media_type, name in worker._READERS.items():
        assert any(name in names for names in worker._FAMILIES.values()), media_type


@pytest.mark.parametrize(
    "data", [b"<!-- -->" * 8000, b"<?x?>" * 9000, b"[" * 60_000, b"a,b,c\n" * 9000, b"From " * 9000]
)
def test_endless_repetition_takes_no_time(data: bytes) -> None:
    began = time.process_time()
    kinds.sniff(data, "")

    assert time.process_time() - began < 1
