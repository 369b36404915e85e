"""The file inside an embedded OLE object.  Runs in the confined reader child.

Office programs wrap what they embed: a packaged file as ``\\x01Ole10Native`` ([MS-OLEDS] 2.3.6), a
new office file as the stream ``Package``, a PDF as ``CONTENTS``, an OpenDocument as
``EmbeddedOdf``; an old office document is the container itself.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from appliance.formats import kinds
from appliance.formats.ole.container import Container, Tree, pack
from appliance.sandbox.outcome import ReadingFailed

NATIVE = "\x01Ole10Native"
UNNAMED = "embedded file"
_STREAMS = ("Package", "CONTENTS", "EmbeddedOdf")
_DOCUMENTS = (
    ("WordDocument", ".doc"),
    ("Workbook", ".xls"),
    ("Book", ".xls"),
    ("PowerPoint Document", ".ppt"),
    ("__properties_version1.0", ".msg"),
)
_SUFFIXES = {
    **{kinds.PDF: ".pdf", kinds.DOCX: ".docx", kinds.PPTX: ".pptx", kinds.XLSX: ".xlsx"},
    **{kinds.ODT: ".odt", kinds.ODS: ".ods", kinds.ODP: ".odp", kinds.RTF: ".rtf"},
    **{kinds.DOC: ".doc", kinds.XLS: ".xls", kinds.PPT: ".ppt", kinds.MSG: ".msg"},
    **{kinds.XLSB: ".xlsb", kinds.ZIP: ".zip", kinds.EML: ".eml", kinds.HTML: ".html"},
    **{kinds.PNG: ".png", kinds.JPEG: ".jpg", kinds.TIFF: ".tif", kinds.BMP: ".bmp"},
    **{kinds.GIF: ".gif", kinds.WEBP: ".webp", kinds.EPUB: ".epub", kinds.TXT: ".txt"},
    **{kinds.XML: ".xml", kinds.JSON: ".json", kinds.CSV: ".csv", kinds.TAR: ".tar"},
    **{kinds.GZIP: ".gz", kinds.TNEF: ".dat", kinds.LOCKED: ".office", kinds.MBOX: ".mbox"},
}
_EMBEDDED = 3  # how a packaged file is held: as bytes, not as a link
_LONGEST_PATH = 4096  # bytes


def unwrap(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the file in an embedded OLE object.

    The name is the last part of the path that the object gives, or a fixed one that ends as files
    of this kind do; it is a claim of the file and may hold anything.  None: the object holds no
    file (a formula, a chart of an old program, a control).
    """
    try:
        container = Container(data)
    except ReadingFailed:
        return None
    return unwrap_storage(container)


def unwrap_storage(container: Container, path: Sequence[str] = ()) -> tuple[str, bytes] | None:
    """As `unwrap`, for a storage within a container; what is a document there is packed anew."""
    if container.has(*path, NATIVE):
        found = unwrap_native(container.stream(*path, NATIVE))
        if found is not None:
            return found
    for name in _STREAMS:
        if stream := container.stream(*path, name):
            return UNNAMED + suffix(stream), stream
    for name, ending in _DOCUMENTS:
        if container.has(*path, name):
            tree: Tree = container.tree(*path)
            return UNNAMED + ending, pack(tree)
    return None


def unwrap_native(stream: bytes) -> tuple[str, bytes] | None:
    """As `unwrap`, for the bytes of an ``Ole10Native`` stream."""
    (length,) = struct.unpack_from("<I", stream.ljust(4, b"\0"))
    native = stream[4 : 4 + length]
    return _packaged(native) or ((UNNAMED + suffix(native), native) if suffix(native) else None)


def _packaged(native: bytes) -> tuple[str, bytes] | None:
    """What the Object Packager writes: flags, label, path, kind, a second path, the file."""
    if native[:2] != b"\x02\x00":
        return None
    label, at = _line(native, 2)
    path, at = _line(native, at)
    if at < 0 or int.from_bytes(native[at + 2 : at + 4], "little") != _EMBEDDED:
        return None
    at += 4
    at += 4 + int.from_bytes(native[at : at + 4], "little")
    length = int.from_bytes(native[at : at + 4], "little")
    data = native[at + 4 : at + 4 + length]
    name = (path or label).replace("\\", "/").rpartition("/")[2]
    return (name or UNNAMED + suffix(data), data) if data else None


def _line(native: bytes, at: int) -> tuple[str, int]:
    """Text up to a zero byte, and where the next begins; -1 without one."""
    end = native.find(b"\0", at, at + _LONGEST_PATH) if at >= 0 else -1
    return (native[at:end].decode("cp1252", "replace"), end + 1) if end >= 0 else ("", -1)


def suffix(data: bytes) -> str:
    """The ending that a file with this content usually has; empty for what is not read here."""
    try:
        return _SUFFIXES.get(kinds.sniff(data, ""), "")
    except ReadingFailed:
        return ""
