"""The reader process: this module runs in it, and in it alone.

`main` confines the process and serves documents.  A task is a family of kinds, told from the first
bytes; the exact kind is found in the confined child, because telling it takes parsing.  Parsers are
imported when the first document of their family comes, in the warm process, so that its children
share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Protocol, cast

from appliance.documents import Flag, ParsedDocument, Unit
from appliance.formats import kinds, reading, unlock
from appliance.formats.reading import Reading, Wishes
from appliance.sandbox.child import Limits, serve
from appliance.sandbox.outcome import Outcome, ReadingFailed

SCAN = "scan"  # the task that recognises one picture of a document of any family
DRAW = "draw"  # the task that draws one for a person to look at

# Which module reads which kind; each is a `Reader`.
_ROOM = "appliance.formats."
_READERS = {
    kinds.PDF: "pdf.document",
    kinds.DOCX: "ooxml.word",
    kinds.PPTX: "ooxml.slides",
    kinds.XLSX: "ooxml.sheets",
    **dict.fromkeys((kinds.ODT, kinds.ODS, kinds.ODP), "odf.document"),
    kinds.EPUB: "web.epub",
    **dict.fromkeys((kinds.HTML, kinds.MHTML), "web.page"),
    **dict.fromkeys((kinds.TXT, kinds.MD, kinds.CSV), "plain.prose"),
    **dict.fromkeys((kinds.XML, kinds.JSON, kinds.JSONL), "plain.markup"),
    kinds.EML: "mail.message",
    kinds.DOC: "ole.doc",
    kinds.PPT: "ole.ppt",
    kinds.XLS: "ole.xls",
    **dict.fromkeys(kinds.IMAGES, "scans.image_files"),
    kinds.RTF: "rtf.document",
    kinds.MSG: "mail.msg",
    kinds.TNEF: "mail.tnef",
    kinds.MBOX: "mail.mbox",
    **dict.fromkeys((kinds.ZIP, kinds.TAR, kinds.GZIP, kinds.BZIP2, kinds.XZ), "archives.members"),
}
_KINDS = ("kinds_packed", "kinds_text")  # what tells the exact kind
_PACKED = ("pictures", "ooxml.word", "ooxml.slides", "ooxml.sheets", "odf.document", "web.epub")
_FAMILIES = {
    kinds.Family.PDF: ("pdf.document",),
    kinds.Family.ZIP: (*_PACKED, "archives.members"),
    # Encrypted: a ZIP inside.
    kinds.Family.OLE: ("ole.doc", "ole.ppt", "ole.xls", "mail.msg", "mail.tnef", *_PACKED),
    kinds.Family.IMAGE: ("scans.image_files",),
    # What a text needs not, too: loaded before the fork, it costs a child half a millisecond less.
    kinds.Family.TEXT: (
        *_PACKED,
        "web.page",
        "plain.prose",
        "plain.markup",
        "mail.message",
        "mail.mbox",
        "rtf.document",
    ),
}


class Reader(Protocol):
    """What a module that reads files offers."""

    @staticmethod
    def warm() -> None:
        """Import what the children need."""

    @staticmethod
    def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
        """Read one file; raises ReadingFailed, or whatever a parser raises at a damaged one."""


def main(arguments: Sequence[str]) -> None:
    """Serve until the control socket closes; ``arguments``: MiB, CPU seconds, wall seconds."""
    memory_mib, cpu_seconds, wall_seconds = (int(argument) for argument in arguments)
    serve(Limits(memory_mib << 20, cpu_seconds, wall_seconds), warm, read)


def warm(task: str) -> None:
    """Import what this task takes."""
    for name in _KINDS:
        import_module(_ROOM + name)
    for name in ("scans.scan",) if task in {SCAN, DRAW} else _FAMILIES[kinds.Family(task)]:
        _reader(name).warm()
    if task == DRAW:
        import_module(_ROOM + "drawing")
    if task in {kinds.Family.OLE, SCAN, DRAW}:
        unlock.warm()


def read(task: str, wishes: bytes, untrusted: bytes) -> bytes:
    """Read one document, recognise or draw one picture in it, and encode the answer.

    Raises:
        ReadingFailed: with the reason as a number.
        Exception: whatever a parser raises at a damaged file.
    """
    wished = Wishes.decode(wishes)
    media_type = kinds.sniff(untrusted, wished.suffix)
    opened = None
    if media_type in unlock.LOCKABLE:
        opened = unlock.opened(untrusted, media_type, wished.passwords)
    if opened is not None:
        untrusted = opened[0]
        media_type = kinds.sniff(untrusted, wished.suffix)
    if task == DRAW:
        from appliance.formats import drawing

        return drawing.draw(untrusted, media_type, wished)
    if task == SCAN:
        return reading.encode(_reader("scans.scan").read(untrusted, media_type, wished))
    found = reader_of(media_type).read(untrusted, media_type, wished)
    if found.document is not None and not found.document.text and not (found.parts or found.scans):
        raise ReadingFailed(_why_empty(found.document))
    if opened is not None and opened[1] and found.document is not None:
        flags = (*found.document.flags, Flag.ENCRYPTED)
        found = replace(found, document=replace(found.document, flags=flags))
    return reading.encode(found)


def reader_of(media_type: str) -> Reader:
    """What reads files of a kind.

    Raises:
        ReadingFailed: nothing does.
    """
    name = _READERS.get(media_type)
    if name is None:
        raise ReadingFailed(Outcome.UNSUPPORTED)
    return _reader(name)


def _why_empty(document: ParsedDocument) -> Outcome:
    """A file whose text was lost on the way is damaged; it is not one that holds no text."""
    lost = any(gap.unit in {None, Unit.PAGES, Unit.CHARACTERS} for gap in document.gaps)
    return Outcome.DAMAGED if lost else Outcome.NO_TEXT


def _reader(name: str) -> Reader:
    return cast(Reader, import_module(_ROOM + name))
