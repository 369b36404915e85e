"""What kind of file this is: by content first; the name only tells the text kinds apart.

A name is a claim.  A PDF called ``notes.txt`` is a PDF; an executable called ``report.pdf`` is
refused.  Nothing is opened or parsed here but the table of contents of a zip file.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from enum import StrEnum

from appliance.errors import InputUnreadable, Unsupported

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML = "text/html"
EML = "message/rfc822"
MD = "text/markdown"
CSV = "text/csv"
TXT = "text/plain"

OFFICE = frozenset({DOCX, PPTX, XLSX, HTML, EML, MD, CSV, TXT})
READ_HERE = "PDF, DOCX, PPTX, XLSX, HTML, EML, MD, TXT and CSV"


class Family(StrEnum):
    """What the first bytes alone tell: which parsers a file may need."""

    PDF = "pdf"
    ZIP = "zip"
    OLE = "ole"
    IMAGE = "image"
    TEXT = "text"


HEAD = 65_536  # bytes that are looked at
_ZIP_ROOTS = {"word/": DOCX, "ppt/": PPTX, "xl/": XLSX}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MAIL_NAMES = rb"From|To|Cc|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Reply-To"
_MAIL_HEADER = re.compile(rb"(?:X-[\w-]+|" + _MAIL_NAMES + rb"|Content-[\w-]+)[ \t]*:", re.I)
_MARKUP = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.I)
_BY_NAME = {
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".eml": EML,
    ".md": MD,
    ".markdown": MD,
    ".csv": CSV,
    ".tsv": CSV,
    ".txt": TXT,
    ".text": TXT,
    ".log": TXT,
    "": TXT,
}


def family(head: bytes) -> Family:
    """The family of a file from its first 1,024 bytes; cheap and safe on hostile bytes."""
    if b"%PDF-" in head[:1024]:
        return Family.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Family.ZIP
    if head.startswith(_OLE):
        return Family.OLE
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")):
        return Family.IMAGE
    return Family.TEXT


def sniff(data: bytes, suffix: str) -> str:
    """The media type of a file; ``suffix`` of its name, lower case with the dot, or empty.

    Raises:
        Unsupported: a kind that is not read here.
        InputUnreadable: an empty file, an encrypted office file, a damaged zip container.
    """
    if not data:
        raise InputUnreadable("the file is empty", remedy="remove it or copy it again")
    head = data[:HEAD]
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data)
    if head.startswith(_OLE):
        raise _ole_refusal(data)
    return _text_kind(head, suffix)


def _zip_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, struct.error, OSError, NotImplementedError) as error:
        raise InputUnreadable(
            "the file is a damaged zip container",
            remedy="open it in its own program and save it again",
        ) from error
    if "[Content_Types].xml" in names:
        for root, kind in _ZIP_ROOTS.items():
            if any(name.startswith(root) for name in names):
                return kind
    raise _unsupported("a zip container without a document that is read here")


def _ole_refusal(data: bytes) -> InputUnreadable:
    """Old office formats and mail of Outlook share one container, as do encrypted new ones."""
    if _ENCRYPTED_PACKAGE in data:
        return InputUnreadable(
            "the file is encrypted and needs a password", remedy="remove the encryption first"
        )
    return _unsupported("an old office format (DOC, XLS, PPT) or MSG")


def _text_kind(head: bytes, suffix: str) -> str:
    text = _text(head)
    markup = text is not None and _MARKUP.match(_without_prologue(text))
    if text is None or (suffix not in _BY_NAME and not markup):
        raise _unsupported("neither a document nor text with a known ending of its name")
    if markup:
        return EML if suffix == ".eml" else HTML
    if _MAIL_HEADER.match(text.lstrip("\ufeff").encode("utf-8", "replace")) and suffix in {
        ".eml",
        ".txt",
        "",
    }:
        return EML if suffix == ".eml" or _is_mail(text) else TXT
    return _BY_NAME[suffix]


def _without_prologue(text: str) -> str:
    """Text from the first tag on that is neither an XML declaration nor a comment."""
    text = text.lstrip("\ufeff \t\r\n")
    for opening, closing in (("<?xml", "?>"), *[("<!--", "-->")] * 8):
        if text.startswith(opening):
            text = text.partition(closing)[2].lstrip()
    return text


def _text(head: bytes) -> str | None:
    """The head as text, None where it holds bytes that no text holds."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", "replace")
    if b"\x00" in head:
        return None
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x1a" for byte in head)
    if controls > len(head) // 100:
        return None
    return head.decode("utf-8", "replace")


def _is_mail(text: str) -> bool:
    """A header block of at least three lines with the names that mail has."""
    block = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    lines = [line for line in block.splitlines() if line and not line[0].isspace()]
    known = sum(bool(_MAIL_HEADER.match(line.encode("utf-8", "replace"))) for line in lines)
    return known >= 3 and known >= len(lines) / 2


def _unsupported(what: str) -> Unsupported:
    return Unsupported(
        f"this kind of file is not read here: {what}", remedy=f"convert it to {READ_HERE}"
    )
