"""The files that a PDF carries, and what in it would act or reach outside.

Attachments of the document come first, then those that hang on its pages, in page order.  What
would act (scripts, programs to start) or reach outside (forms to send, files elsewhere) is looked
for by name in the bytes of the file and of its object streams; it is neither run nor followed.
"""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from appliance.documents import Flag
from appliance.formats import attached
from appliance.formats.pdf import entries
from appliance.formats.reading import MOST_PARTS, Part

UNREADABLE = "the attached file cannot be taken out"
LONGEST_CLAIM = 65536  # bytes of a name
LARGEST_STREAM = 16 << 20  # bytes of one object stream, unpacked
MOST_UNPACKED = 128 << 20  # bytes of all of them

_OBJECTS = re.compile(rb"/ObjStm\b.{0,600}?stream\r?\n", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_SPELLED = re.compile(rb"/[A-Za-z0-9]{0,40}#[0-9A-Fa-f]{2}[A-Za-z0-9#]{0,80}")
_ACTIVE = re.compile(rb"/(?:JavaScript|Launch|RichMedia)(?![A-Za-z0-9])")
_EXTERNAL = re.compile(rb"/(?:SubmitForm|ImportData|GoToR)(?![A-Za-z0-9])")


def hand_out(
    document: pdfium.PdfDocument, first: int, pages: Iterable[int]
) -> tuple[tuple[Part, ...], int | None]:
    """The parts from ``first`` on, as many as fit into one answer, and where to go on.

    ``pages``: numbers, from 1, of the pages on which files may hang.
    """
    found = [raw.FPDFDoc_GetAttachment(document, at) for at in range(count(document))]
    with ExitStack() as open_pages:
        for number in pages:
            handle = raw.FPDF_LoadPage(document, number - 1)
            if handle and raw.FPDFPage_GetAnnotCount(handle) > 0:
                open_pages.callback(raw.FPDF_ClosePage, handle)
                found += entries.attached(handle)
            elif handle:
                raw.FPDF_ClosePage(handle)
        return attached.hand_out(
            [attached.Attachment(_name(each), partial(_data, each)) for each in found], first
        )


def count(document: pdfium.PdfDocument) -> int:
    """How many files the document itself carries; those on its pages come on top."""
    return min(max(int(raw.FPDFDoc_GetAttachmentCount(document)), 0), MOST_PARTS)


def _data(attachment: Any) -> bytes:
    length = ctypes.c_ulong()
    known = attachment and raw.FPDFAttachment_GetFile(attachment, None, 0, length)
    if not known or not length.value:
        raise attached.Unreadable(UNREADABLE)
    if length.value > attached.LARGEST_PART:
        raise attached.Unreadable(attached.TOO_LARGE)
    buffer = ctypes.create_string_buffer(length.value)
    if not raw.FPDFAttachment_GetFile(attachment, buffer, length.value, length):
        raise attached.Unreadable(UNREADABLE)
    return buffer.raw[: length.value]


def _name(attachment: Any) -> str:
    size = raw.FPDFAttachment_GetName(attachment, None, 0) if attachment else 0
    if not 2 < size < LONGEST_CLAIM:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    raw.FPDFAttachment_GetName(attachment, buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace")


def flags(document: pdfium.PdfDocument, data: bytes) -> Iterator[Flag]:
    """What would act or reach outside."""
    texts = [data, *_object_streams(data)]
    texts.append(b" ".join(_plain(name) for text in texts for name in _SPELLED.findall(text)))
    scripts = raw.FPDFDoc_GetJavaScriptActionCount(document) > 0
    if scripts or any(_ACTIVE.search(text) for text in texts):
        yield Flag.ACTIVE
    if any(_EXTERNAL.search(text) for text in texts):
        yield Flag.EXTERNAL


def _plain(name: bytes) -> bytes:
    """A name with its escapes (``/J#61vaScript``) undone."""
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), name)


def _object_streams(data: bytes) -> Iterator[bytes]:
    """The streams that hold other objects, unpacked as far as they can be."""
    unpacked = 0
    for match in _OBJECTS.finditer(data):
        inflate = zlib.decompressobj()
        try:
            text = inflate.decompress(memoryview(data)[match.end() :], LARGEST_STREAM)
        except zlib.error:
            continue
        unpacked += len(text)
        if unpacked > MOST_UNPACKED:
            return
        yield text


def has_xfa(document: pdfium.PdfDocument) -> bool:
    """Whether the file holds a form in XML, of which the pages need not show anything."""
    return bool(raw.FPDF_GetXFAPacketCount(document) > 0)
