"""A page as a picture on its way out of the reader: bytes, and the bounds they have to keep.

The child draws; what it sends is untrusted.  The parent takes plain pixels and no file format, so
that whatever shows the picture later decodes nothing that a document could have shaped.

    "PICT" | u32 width | u32 height | f64 points per pixel | width * height * 3 bytes, RGB
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from appliance.errors import ReaderViolation

WIDEST, TALLEST = 1100, 4400  # pixels; enough to read a page on a screen
_HEAD = struct.Struct(">4sIId")
_MAGIC = b"PICT"


@dataclass(frozen=True, slots=True)
class Picture:
    """One page, upright."""

    width: int
    height: int
    points_per_pixel: float
    pixels: bytes  # RGB, row by row


def encode(picture: Picture) -> bytes:
    """What the child sends."""
    head = _HEAD.pack(_MAGIC, picture.width, picture.height, picture.points_per_pixel)
    return head + picture.pixels


def decode(untrusted: bytes) -> Picture:
    """What the child sent, within its bounds.

    Raises:
        ReaderViolation: it is not a picture, too large, or cut.
    """
    if len(untrusted) < _HEAD.size:
        raise _broken()
    magic, width, height, scale = _HEAD.unpack(untrusted[: _HEAD.size])
    fits = 0 < width <= WIDEST and 0 < height <= TALLEST
    if magic != _MAGIC or not fits or not (math.isfinite(scale) and 0 < scale < 1000):
        raise _broken()
    if len(untrusted) != _HEAD.size + width * height * 3:
        raise _broken()
    return Picture(width, height, scale, untrusted[_HEAD.size :])


def _broken() -> ReaderViolation:
    return ReaderViolation("the reader's picture of a page is not one")
