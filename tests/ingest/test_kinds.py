"""Content decides what a file is; its name only tells text kinds apart."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import PurePosixPath

import pytest

from appliance.errors import InputUnreadable, Unsupported
from appliance.ingest import kinds


def container(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


MAIL = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7\n", "notes.txt", kinds.PDF),
        (b"\n\n%PDF-1.4", "a", kinds.PDF),
        (container("[Content_Types].xml", "word/document.xml"), "a.zip", kinds.DOCX),
        (container("[Content_Types].xml", "ppt/presentation.xml"), "a.docx", kinds.PPTX),
        (container("[Content_Types].xml", "xl/workbook.xml"), "a.xlsm", kinds.XLSX),
        (b"<!-- c --><!DOCTYPE html><p>x", "page", kinds.HTML),
        (b"\xef\xbb\xbf<?xml version='1.0'?><html>", "a.xhtml", kinds.HTML),
        (b"<p>fragment", "a.htm", kinds.HTML),
        (MAIL, "a.eml", kinds.EML),
        (MAIL, "mail", kinds.EML),
        (b"Subject: notes of the meeting\nplain text", "a.txt", kinds.TXT),
        ("Subject: x\n\n".encode("utf-16"), "a.eml", kinds.EML),
        (b"# Title", "a.md", kinds.MD),
        (b"a,b\n1,2", "a.csv", kinds.CSV),
        (b"a\tb", "A.TSV", kinds.CSV),
        ("Grüße".encode("cp1252"), "README", kinds.TXT),
    ],
)
def test_kind(data: bytes, name: str, kind: str) -> None:
    assert kinds.sniff(data, PurePosixPath(name).suffix.lower()) == kind


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x7fELF\x02\x01\x01\x00", "report.pdf"),
        (b"MZ\x90\x00\x03", "letter.docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old.doc"),
        (container("content.xml"), "a.odt"),
        (b"<?xml version='1.0'?><data/>", "a.xml"),
        (b"#!/bin/sh\n", "run.sh"),
        (b"mostly text, but " * 10 + b"\x00", "a.txt"),
    ],
)
def test_other_kinds_are_refused_with_a_remedy(data: bytes, name: str) -> None:
    with pytest.raises(Unsupported) as caught:
        kinds.sniff(data, PurePosixPath(name).suffix.lower())

    assert caught.value.remedy


def test_an_encrypted_office_file_needs_a_password() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")

    with pytest.raises(InputUnreadable, match="needs a password"):
        kinds.sniff(data, ".docx")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 cut off"])
def test_empty_and_cut_files_are_said_to_be_so(data: bytes) -> None:
    with pytest.raises(InputUnreadable, match=r"empty|damaged"):
        kinds.sniff(data, ".docx")


def test_thousands_of_comments_take_no_time() -> None:
    began = time.monotonic()
    kinds.sniff(b"<!-- -->" * 8000, ".html")

    assert time.monotonic() - began < 1
