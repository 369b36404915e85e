"""Pixels as a PNG file, the same for the same pixels (PNG, third edition, W3C 2025)."""

from __future__ import annotations

import struct
import zlib

from appliance.formats.drawn import Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR = b"\x08\x02\x00\x00\x00"  # 8 bits a sample, no palette, no interlacing


def png(picture: Picture) -> bytes:
    """The picture, without any filter: scans and printed pages compress well enough."""
    head = struct.pack(">II", picture.width, picture.height) + _TRUE_COLOUR
    step = picture.width * 3
    rows = b"".join(
        b"\x00" + picture.pixels[begin : begin + step]
        for begin in range(0, picture.height * step, step)
    )
    return (
        _SIGNATURE
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
