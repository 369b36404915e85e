"""Files that are pictures: frames from headers alone, bounds before anything is unpacked."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from appliance.documents import Tally, Unit
from appliance.errors import InputUnreadable
from appliance.formats import kinds
from appliance.formats.reading import Scan, Wishes
from appliance.formats.scans import image, image_files
from appliance.sandbox.outcome import Outcome, ReadingFailed
from tests.formats.conftest import ReadAll

GREY = Image.new("L", (300, 200), 200)


def encoded(pages: list[Image.Image], kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    pages[0].save(buffer, kind, save_all=len(pages) > 1, append_images=pages[1:], **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A picture that is all claim: a header, and data for one row of nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP"])
def test_every_kind_of_picture_is_one_page_to_recognise(read_all: ReadAll, kind: str) -> None:
    found = read_all(encoded([GREY], kind), "picture.dat")
    assert found.scans == (Scan(0, 1),)
    assert found.document is not None
    assert found.document.pages == 1
    assert found.document.media_type in kinds.IMAGES
    assert found.document.tallies == (Tally(Unit.PAGES, 1, 0),)


def test_every_page_of_a_tiff_is_listed(read_all: ReadAll) -> None:
    found = read_all(encoded([GREY] * 4, "TIFF"), "fax.tif")
    assert found.scans == tuple(Scan(unit, unit + 1) for unit in range(4))
    assert found.document is not None
    assert found.document.tallies == (Tally(Unit.PAGES, 4, 0),)


def test_a_reduced_copy_in_a_tiff_is_no_page() -> None:
    small = GREY.resize((60, 40))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    data = encoded([GREY, small, GREY], "TIFF")
    assert [frame.number for frame in image.frames(data).frames] == [0, 2]


def test_an_animation_gives_its_first_picture_and_says_so(read_all: ReadAll) -> None:
    moving = [Image.new("L", (200, 200), level) for level in (0, 100, 200)]
    found = read_all(encoded(moving, "GIF"), "moving.gif")
    assert found.scans == (Scan(0, 1),)
    assert found.document is not None
    assert [(g.reason, g.amount) for g in found.document.gaps] == [(image_files.ANIMATION, 2)]


def test_a_picture_too_narrow_for_text_counts_as_read() -> None:
    found = image_files.read(encoded([Image.new("L", (400, 3))], "PNG"), kinds.PNG, Wishes())
    assert not found.scans
    assert found.document is not None
    assert found.document.tallies == (Tally(Unit.PAGES, 1, 1),)


def test_a_huge_header_is_refused_and_nothing_unpacked(read_all: ReadAll) -> None:
    with pytest.raises(InputUnreadable, match="limit"):
        read_all(png_header(60_000, 60_000), "bomb.png")


def test_a_huge_frame_among_others_is_a_gap() -> None:
    data = bytearray(encoded([GREY, GREY], "TIFF"))
    width = data.index(struct.pack("<HHII", 256, 4, 1, 300))  # ImageWidth in the first directory
    struct.pack_into("<HHII", data, width, 256, 4, 1, 3_000_000)
    found = image_files.read(bytes(data), kinds.TIFF, Wishes())
    assert found.scans == (Scan(1, 2),)
    assert found.document is not None
    assert [(g.reason, g.page, g.unit) for g in found.document.gaps] == [
        (image_files.TOO_LARGE, 1, Unit.PAGES)
    ]


def test_pixels_of_a_huge_header_are_refused() -> None:
    with pytest.raises(ReadingFailed) as failed:
        image.pixels(png_header(60_000, 60_000))
    assert failed.value.outcome is Outcome.TOO_LARGE


def test_large_pictures_are_reduced_and_keep_their_measures() -> None:
    large = image.pixels(encoded([Image.new("1", (9000, 6000))], "TIFF", dpi=(600, 600)))
    height, width = large.picture.shape[:2]
    assert width * height <= image.WORKING_PIXELS * 1.01
    assert width * large.points_per_pixel == pytest.approx(72 * 9000 / 600, rel=0.01)


def test_a_large_photograph_is_unpacked_small() -> None:
    photograph = encoded([Image.new("RGB", (10_000, 7_000), "grey")], "JPEG", dpi=(300, 300))
    pixels = image.pixels(photograph)
    assert pixels.picture.shape[0] * pixels.picture.shape[1] <= image.WORKING_PIXELS * 1.01
    assert pixels.picture.shape[1] * pixels.points_per_pixel == pytest.approx(2400, rel=0.01)


@pytest.mark.parametrize("dpi", [None, (0, 0), (72_000, 72_000), (3, 3)])
def test_without_a_sensible_resolution_the_usual_one_is_taken(
    dpi: tuple[int, int] | None,
) -> None:
    options = {"dpi": dpi} if dpi else {}
    assert image.pixels(encoded([GREY], "PNG", **options)).points_per_pixel == 72 / image.USUAL_DPI


def test_sixteen_bits_keep_their_contrast() -> None:
    levels = np.full((100, 100), 40_000, np.uint16)
    levels[40:60] = 1_000
    picture = image.pixels(encoded([Image.fromarray(levels)], "PNG")).picture
    assert picture[0, 0, 0] == 255
    assert picture[50, 50, 0] == 0


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x89PNG\r\n\x1a\n", b"II*\x00\xff\xff\xff\x7f", b"GIF89a" + bytes(6), b"BM" * 40],
)
def test_damage_is_damage(damage: bytes) -> None:
    with pytest.raises(ReadingFailed) as failed:
        image.frames(damage)
    assert failed.value.outcome is Outcome.DAMAGED


def test_a_chain_of_frames_that_bites_its_tail_ends() -> None:
    data = bytearray(encoded([GREY], "TIFF"))
    begin = struct.unpack_from("<I", data, 4)[0]
    (entries,) = struct.unpack_from("<H", data, begin)
    struct.pack_into("<I", data, begin + 2 + 12 * entries, begin)
    assert 1 <= len(image.frames(bytes(data)).frames) <= 2
