"""The pictures in DOC, PPT, XLS and RTF files, by number, in the order in which they are stored.

A picture in a drawing is a record with a head of its own that nothing else begins with ([MS-ODRAW]
2.2.23, blips), so that they are found without knowing which shape shows them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import partial

from appliance.formats import kinds
from appliance.formats.ole import xls_records
from appliance.formats.ole.container import Container
from appliance.formats.pictures import Stored
from appliance.formats.rtf.text import RtfText

_METAFILES = {0x3D4: 0xF01A, 0x216: 0xF01B, 0x542: 0xF01C}
_JPEG, _PNG, _DIB, _TIFF = 0xF01D, 0xF01E, 0xF01F, 0xF029
_BITMAPS = {0x46A: _JPEG, 0x6E2: _JPEG, 0x6E0: _PNG, 0x7A8: _DIB, 0x6E4: _TIFF}
_SECOND = 1  # added to the instance where a second identifier follows
_IDENTIFIER, _TAG = 16, 1  # bytes
_HEAD = 8
_A_DRAWING = b"\x01\x00\x00\x00"  # how an EMF file begins; what is in it is not read
_DRAWING_GROUP, _CONTINUE = 0xEB, 0x3C
_STREAMS = {
    kinds.DOC: ("Data", "WordDocument", "1Table", "0Table"),
    kinds.PPT: ("Pictures",),
}


def _heads() -> Iterator[bytes]:
    for instance, kind in (_METAFILES | _BITMAPS).items():
        for second in (0, _SECOND):
            yield struct.pack("<HH", (instance + second) << 4, kind)


_BEGIN = re.compile(b"|".join(map(re.escape, _heads())))


def stored(data: bytes, media_type: str) -> list[Stored]:
    """Every picture of a file; none for other kinds.

    Raises:
        ReadingFailed: the container is damaged.
    """
    if media_type == kinds.RTF:
        walk = RtfText(data)
        for _ in walk.events():
            pass
        return of_rtf(walk)
    return in_container(Container(data), media_type)


def of_rtf(walk: RtfText) -> list[Stored]:
    """The pictures of an RTF file that was walked to its end."""
    return [_stored(_with_head(found)) for found in walk.pictures]


def in_container(container: Container, media_type: str) -> list[Stored]:
    """As `stored`, for an opened container."""
    streams = [container.stream(name) for name in _STREAMS.get(media_type, ())]
    if media_type == kinds.XLS:
        streams = [_drawings(container.stream("Workbook") or container.stream("Book"))]
    return [_stored(found) for stream in streams for found in blips(stream)]


def _stored(data: bytes) -> Stored:
    return Stored("", partial(bytes, data))


def blips(stream: bytes) -> Iterator[bytes]:
    """The picture files in the records of a stream."""
    at = 0
    while found := _BEGIN.search(stream, at):
        head, kind, length = struct.unpack_from(
            "<HHI", stream.ljust(found.start() + _HEAD), found.start()
        )
        begin = found.start() + _HEAD
        at = found.start() + 1
        if not 0 < length <= len(stream) - begin:
            continue
        at = begin + length
        instance = head >> 4
        if kind in _METAFILES.values():
            yield _A_DRAWING
            continue
        skipped = _IDENTIFIER * (1 if instance in _BITMAPS else 2) + _TAG
        yield _with_head(stream[begin + skipped : at])


def _with_head(picture: bytes) -> bytes:
    """A bitmap gets the head that its file would have (BITMAPFILEHEADER)."""
    size = int.from_bytes(picture[:4], "little")
    if size not in {12, 40, 52, 56, 108, 124} or len(picture) < 40:
        return picture
    bits, compression, colours = struct.unpack_from("<2xHI12xI", picture, 12)
    masks = 12 if size == 40 and compression == 3 else 0
    palette = 4 * (colours or (1 << bits if bits <= 8 else 0))
    offset = 14 + size + masks + palette
    return b"BM" + struct.pack("<IHHI", 14 + len(picture), 0, 0, offset) + picture


def _drawings(stream: bytes) -> bytes:
    """The drawing group of a workbook, which goes over many records."""
    pieces: list[bytes] = []
    inside = False
    for number, data in xls_records.records(stream):
        inside = number == _DRAWING_GROUP or (inside and number == _CONTINUE)
        if inside:
            pieces.append(data)
    return b"".join(pieces)
