"""What a zip or OLE container is, told by its table of contents.  Runs in the confined child.

Sources: ECMA-376 part 2 (open packaging), OpenDocument 1.3 part 2, EPUB OCF 3, [MS-CFB].
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable

from appliance.formats import kinds
from appliance.formats.zip_package import DAMAGE, Package
from appliance.sandbox.outcome import Outcome, ReadingFailed

LONGEST_MARK = 1 << 20  # bytes read of a member that says what the container is

# A part of an office file's main content type, and the kind; templates and files with macros too.
_MAIN_PARTS = (
    (re.compile(r"(?:wordprocessingml|ms-word)\.[\w.]*main\+xml", re.I), kinds.DOCX),
    (re.compile(r"(?:presentationml|ms-powerpoint)\.[\w.]*main\+xml", re.I), kinds.PPTX),
    (re.compile(r"(?:spreadsheetml|ms-excel)\.[\w.]*main\+xml", re.I), kinds.XLSX),
    (re.compile(r"ms-excel\.sheet\.binary\.macroenabled\.main", re.I), kinds.XLSB),
)
_ROOTS = (("word/", kinds.DOCX), ("ppt/", kinds.PPTX), ("xl/", kinds.XLSX))
_ODF = "application/vnd.oasis.opendocument."
_ODF_KINDS = (
    (_ODF + "text", kinds.ODT),
    (_ODF + "spreadsheet", kinds.ODS),
    (_ODF + "presentation", kinds.ODP),
    (kinds.EPUB, kinds.EPUB),
)
# A stream or storage in the root of an OLE container, and the kind.
_STREAMS = (
    ("encryptedpackage", kinds.LOCKED),
    ("__properties_version1.0", kinds.MSG),
    ("powerpoint document", kinds.PPT),
    ("worddocument", kinds.DOC),
    ("workbook", kinds.XLS),
    ("book", kinds.XLS),
)


def zip_kind(data: bytes) -> str:
    """The kind of a zip container; `kinds.ZIP` where it is a plain archive.

    Raises:
        ReadingFailed: the container is damaged, or of a kind that is not read here.
    """
    names, members = _read(data)
    types = members("[Content_Types].xml")
    mimetype = members("mimetype").strip()
    if "[Content_Types].xml" in names:
        return _package_kind(types, names)
    declared = mimetype or _root_type(members("META-INF/manifest.xml"))
    for start, kind in _ODF_KINDS:
        if declared.startswith(start):
            return kind
    if "META-INF/container.xml" in names and any(name.endswith(".opf") for name in names):
        return kinds.EPUB
    if declared.startswith(_ODF) or any(name.endswith(".iwa") for name in names):
        raise ReadingFailed(Outcome.UNSUPPORTED)  # drawings, formulas; iWork
    if "META-INF/MANIFEST.MF" in names and any(name.endswith((".class", ".dex")) for name in names):
        raise ReadingFailed(Outcome.PROGRAM)
    return kinds.ZIP


def _read(data: bytes) -> tuple[list[str], Callable[[str], str]]:
    """The names in a container, and what gives the begin of a member as text.

    A container that broke off lost its table of contents; what lies in front of the break says
    what it was all the same.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGE:
        package = Package(data)
        return package.names, lambda n: _text(package.read(n) if n in package else b"")
    return archive.namelist(), lambda name: _member(archive, name)


def _member(archive: zipfile.ZipFile, name: str) -> str:
    """Empty without such a member, or where it is damaged or encrypted."""
    try:
        with archive.open(name) as member:
            return _text(member.read(LONGEST_MARK))
    except (*DAMAGE, KeyError, RuntimeError):
        return ""


def _text(found: bytes) -> str:
    wide = found.startswith((b"\xff\xfe", b"\xfe\xff"))
    return found[:LONGEST_MARK].decode("utf-16" if wide else "utf-8", "replace")


def _package_kind(types: str, names: list[str]) -> str:
    for pattern, kind in _MAIN_PARTS:
        if pattern.search(types):
            return kind
    for root, kind in _ROOTS:
        if any(name.startswith(root) for name in names):
            return kind
    raise ReadingFailed(Outcome.UNSUPPORTED)  # XPS, drawings, packages of programs


def _root_type(manifest: str) -> str:
    """The type that an OpenDocument manifest gives for the whole."""
    for entry in re.findall(r"<[\w:]*file-entry\b[^>]*>", manifest):
        path = re.search(r"full-path\s*=\s*[\"']([^\"']*)", entry)
        kind = re.search(r"media-type\s*=\s*[\"']([^\"']*)", entry)
        if path and kind and path.group(1) == "/":
            return str(kind.group(1))
    return ""


def ole_kind(data: bytes) -> str:
    """The kind of an OLE container, by the streams in its root.

    Raises:
        ReadingFailed: the container is damaged, protected by rights management, or of a kind that
            is not read here.
    """
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            names = {path[0].lower() for path in container.listdir(streams=True, storages=True)}
    except (OSError, ValueError, IndexError, struct.error, RecursionError, TypeError) as error:
        raise ReadingFailed(Outcome.DAMAGED) from error
    if "\x09drmcontent" in names:
        raise ReadingFailed(Outcome.ENCRYPTED)
    kind = next((kind for name, kind in _STREAMS if name in names), None)
    if kind is None:
        raise ReadingFailed(Outcome.UNSUPPORTED)
    return kind
