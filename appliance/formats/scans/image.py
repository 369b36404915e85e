"""Opens pictures: frames, sizes from headers alone, and one frame as plain pixels the right way up.

Nothing is unpacked before its size has been checked: a header of a few bytes may claim 60,000 by
60,000 pixels.  Whatever a picture is made of (one bit, 16 bits, a palette, transparency, CMYK)
becomes eight bits of red, green and blue on white.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from appliance.formats.scans.regions import Picture
from appliance.sandbox.outcome import Outcome, ReadingFailed

MOST_PIXELS = 80_000_000  # of one frame; A3 at 600 dots per inch has 70 million
MOST_FRAMES = 5_000
WORKING_PIXELS = 12_000_000  # larger ones are reduced; A4 at 300 dots per inch has 8.7 million
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
USUAL_DPI = 150.0  # where a picture does not say, or says nonsense
DPI = (50.0, 1200.0)
LONGEST_SIDE = 14_000.0  # points; a page of more than that is none

_REDUCED = 1  # bit of TIFF's NewSubfileType (TIFF 6.0, section 8): a small copy of another frame
_SUBFILE = 254
_ANIMATED = frozenset({"PNG", "GIF", "WEBP", "MPO"})
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, UnidentifiedImageError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a file as its header describes it."""

    number: int  # in the file, from 0
    width: int
    height: int

    @property
    def is_too_large(self) -> bool:
        """Whether it has more pixels than are unpacked."""
        return self.width * self.height > MOST_PIXELS


@dataclass(frozen=True, slots=True)
class Pixels:
    """One frame, upright."""

    picture: Picture
    points_per_pixel: float
    cut: bool  # the file ends before the picture does


@dataclass(frozen=True, slots=True)
class Frames:
    """What a file of pictures holds."""

    frames: tuple[Frame, ...]
    more: int  # frames that are not read: of an animation, or beyond the bound
    animated: bool


def warm() -> None:
    """Load the formats and nothing else."""
    Image.preinit()
    from PIL import MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401 -- registers


def frames(data: bytes) -> Frames:
    """The frames of a file by their headers.

    Raises:
        ReadingFailed: it is damaged.
    """
    with _opened(data) as opened:
        count = int(getattr(opened, "n_frames", 1))
        if opened.format in _ANIMATED:
            return Frames((Frame(0, *opened.size),), count - 1, count > 1)
        found = []
        for number in range(min(count, MOST_FRAMES)):
            opened.seek(number)
            tags = getattr(opened, "tag_v2", {})
            if not int(tags.get(_SUBFILE, 0)) & _REDUCED:
                found.append(Frame(number, *opened.size))
        return Frames(tuple(found), max(count - MOST_FRAMES, 0), animated=False)


def pixels(data: bytes, number: int = 0) -> Pixels:
    """One frame as pixels.

    Raises:
        ReadingFailed: it is damaged, or has more than `MOST_PIXELS`.
    """
    try:
        return _pixels(data, number, cut=False)
    except ReadingFailed as failed:
        if failed.outcome is not Outcome.DAMAGED:
            raise
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # this process reads one picture, then ends
    try:
        return _pixels(data, number, cut=True)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _pixels(data: bytes, number: int, *, cut: bool) -> Pixels:
    with _opened(data) as opened:
        opened.seek(number)
        if Frame(number, *opened.size).is_too_large:
            raise ReadingFailed(Outcome.TOO_LARGE)
        longest = max(*opened.size, 1)
        points = min(72 / _dpi(opened), LONGEST_SIDE / longest)
        _draft(opened)
        opened.load()
        plain = _reduced(_plain(ImageOps.exif_transpose(opened)))
        return Pixels(np.asarray(plain, np.uint8), points * longest / max(plain.size), cut)


def _draft(opened: Image.Image) -> None:
    """Let a large JPEG be unpacked at half, a quarter or an eighth of its size."""
    shrink = _shrink(opened)
    if opened.format == "JPEG" and shrink < 0.5:
        width, height = opened.size
        opened.draft("RGB", (int(width * shrink), int(height * shrink)))


def _reduced(picture: Image.Image) -> Image.Image:
    shrink = _shrink(picture)
    if shrink >= 1:
        return picture
    width, height = (max(round(side * shrink), 1) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)


def _shrink(picture: Image.Image) -> float:
    return float((WORKING_PIXELS / max(picture.size[0] * picture.size[1], 1)) ** 0.5)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The file's first frame, not unpacked; whatever goes wrong in it is damage."""
    Image.MAX_IMAGE_PIXELS = None  # checked here, where the answer can be a gap
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they tell of the file, and nobody is there to read
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                yield opened
    except _BROKEN as error:
        raise ReadingFailed(Outcome.DAMAGED) from error


def _dpi(opened: Image.Image) -> float:
    given = opened.info.get("dpi")
    try:
        dpi = float(given[0]) if given else 0.0
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        dpi = 0.0
    return dpi if DPI[0] <= dpi <= DPI[1] else USUAL_DPI


def _plain(picture: Image.Image) -> Image.Image:
    """Eight bits of red, green and blue on white."""
    if picture.mode.startswith(("I", "F")):
        return _in_eight_bits(picture).convert("RGB")
    if picture.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, seen).convert("RGB")
    if picture.mode == "LAB":
        return picture.getchannel(0).convert("RGB")  # lightness alone: text is dark or light
    return picture.convert("RGB")


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Levels of 16 or 32 bits: the range that occurs, spread over eight bits."""
    values = np.nan_to_num(np.asarray(picture, np.float32))
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    spread = (values - low) * (255.0 / max(high - low, 1.0))
    return Image.fromarray(spread.astype(np.uint8), "L")
