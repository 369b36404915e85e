"""What kind of file this is: by content; the name only tells apart what content leaves open.

A name is a claim.  A PDF called ``notes.txt`` is a PDF; an executable called ``report.pdf`` is
refused; a letter called ``letter.dat`` is text.  `family` looks at the first bytes only and runs
anywhere; `sniff` opens containers and runs in the confined reader child.
"""

from __future__ import annotations

from enum import StrEnum

from appliance.sandbox.outcome import Outcome, ReadingFailed

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
EPUB = "application/epub+zip"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
RTF = "application/rtf"
HTML = "text/html"
XML = "application/xml"
JSON = "application/json"
JSONL = "application/jsonl"
MD = "text/markdown"
CSV = "text/csv"
TXT = "text/plain"
EML = "message/rfc822"
MHTML = "multipart/related"
MSG = "application/vnd.ms-outlook"
TNEF = "application/vnd.ms-tnef"
MBOX = "application/mbox"
ZIP = "application/zip"
TAR = "application/x-tar"
GZIP = "application/gzip"
BZIP2 = "application/x-bzip2"
XZ = "application/x-xz"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
BMP = "image/bmp"
GIF = "image/gif"
WEBP = "image/webp"
LOCKED = "application/x-encrypted-office"  # a new office file inside a container with a password

IMAGES = frozenset({PNG, JPEG, TIFF, BMP, GIF, WEBP})
OLD_OFFICE = frozenset({DOC, XLS, PPT})


class Family(StrEnum):
    """What the first bytes alone tell: which parsers a file may need."""

    PDF = "pdf"
    ZIP = "zip"
    OLE = "ole"
    IMAGE = "image"
    TEXT = "text"


HEAD = 1024  # bytes that tell the family
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TNEF_MARK = b"\x78\x9f\x3e\x22"
_IMAGE_MARKS = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    *((mark, TIFF) for mark in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
)
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})  # lengths of the header that follows
_STREAM_MARKS = ((b"\x1f\x8b\x08", GZIP), (b"BZh", BZIP2), (b"\xfd7zXZ\x00", XZ))
_TAR_MARK_AT = 257
# Kinds that are named when they are refused; an unknown one is refused as such.
_REFUSED = (
    (b"\x7fELF", Outcome.PROGRAM),
    *((mark, Outcome.PROGRAM) for mark in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")),
    *((mark, Outcome.PROGRAM) for mark in (b"\xca\xfe\xba\xbe", b"\x00asm", b"dex\n")),
    *((mark, Outcome.ARCHIVE) for mark in (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"MSCF\x00")),
    (b"\x28\xb5\x2f\xfd", Outcome.ARCHIVE),
    *((mark, Outcome.RECORDING) for mark in (b"ID3", b"OggS", b"fLaC", b"\x1a\x45\xdf\xa3")),
    *((mark, Outcome.RECORDING) for mark in (b"\xff\xfb", b"\xff\xf3", b"\x00\x00\x01\xba")),
    *((mark, Outcome.DATABASE) for mark in (b"SQLite format 3\x00", b"!BDN")),
    (b"\x00\x01\x00\x00Standard", Outcome.DATABASE),
)


def family(head: bytes) -> Family:
    """The family of a file from its first `HEAD` bytes; cheap and safe on hostile bytes."""
    head = head[:HEAD]
    if b"%PDF-" in head and not head.startswith((*_ZIP_MARKS, OLE_MARK)):
        return Family.PDF
    if head.startswith(_ZIP_MARKS) or _stream_kind(head) or _is_tar(head):
        return Family.ZIP
    if head.startswith((OLE_MARK, _TNEF_MARK)):
        return Family.OLE
    return Family.IMAGE if _image_kind(head) else Family.TEXT


def sniff(data: bytes, suffix: str) -> str:
    """The media type of a file; ``suffix`` of its name, lower case with the dot, or empty.

    Raises:
        ReadingFailed: an empty file, a kind that is not read here, a damaged container.
    """
    from appliance.formats import kinds_packed, kinds_text

    if not data:
        raise ReadingFailed(Outcome.EMPTY)
    head = data[:HEAD]
    match family(head):
        case Family.PDF:
            return PDF
        case Family.OLE:
            return TNEF if head.startswith(_TNEF_MARK) else kinds_packed.ole_kind(data)
        case Family.ZIP:
            if head.startswith(_ZIP_MARKS):
                return kinds_packed.zip_kind(data)
            return _stream_kind(head) or TAR
        case Family.IMAGE:
            return _image_kind(head)
    refused = next((outcome for mark, outcome in _REFUSED if head.startswith(mark)), None)
    if refused is None and _is_windows_program(data):
        refused = Outcome.PROGRAM
    if refused is None and (head[4:8] == b"ftyp" or head[8:12] in {b"WAVE", b"AVI "}):
        refused = Outcome.UNSUPPORTED if head[8:11] in {b"hei", b"avi"} else Outcome.RECORDING
    if refused is not None:
        raise ReadingFailed(refused)
    return kinds_text.text_kind(data, suffix)


def _image_kind(head: bytes) -> str:
    """One of `IMAGES`, or nothing."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[:2] == b"BM" and not any(head[6:10]):
        return BMP if int.from_bytes(head[14:18], "little") in _BMP_HEADERS else ""
    return next((kind for mark, kind in _IMAGE_MARKS if head.startswith(mark)), "")


def _stream_kind(head: bytes) -> str:
    """The kind of a file that is one packed stream, or nothing."""
    kind = next((kind for mark, kind in _STREAM_MARKS if head.startswith(mark)), "")
    if kind == BZIP2 and head[4:10] not in {b"1AY&SY", b"\x17rE8P\x90"}:
        return ""
    return kind


def _is_tar(head: bytes) -> bool:
    return head[_TAR_MARK_AT : _TAR_MARK_AT + 5] == b"ustar"


def _is_windows_program(data: bytes) -> bool:
    """``MZ`` is also how a text can begin: a program has more bytes that no text has."""
    return data[:2] == b"MZ" and any(byte < 9 for byte in data[2:64])
