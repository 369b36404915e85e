"""Pages drawn for people, in the confined reader; the parent believes no byte of the answer."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from appliance.errors import InputUnreadable, ReaderViolation
from appliance.formats import drawn
from appliance.formats.drawn import WIDEST, Picture, decode, encode
from appliance.formats.reading import Wishes
from appliance.formats.worker import DRAW
from appliance.sandbox.server import ReaderServer

SAMPLES = Path(__file__).parent.parent / "samples"
CONTRACT = SAMPLES / "demo" / "legal" / "hpil_ginares_cooperation_agreement_2015.pdf"


def drawing_of(reader: ReaderServer, data: bytes, unit: int | None) -> Picture:
    return decode(reader.read(data, DRAW, Wishes(".pdf", scan=unit).encode()))


def test_a_page_is_drawn_as_wide_as_it_says(reader: ReaderServer) -> None:
    picture = drawing_of(reader, CONTRACT.read_bytes(), 0)
    assert picture.width * picture.points_per_pixel == pytest.approx(595, abs=2)
    assert picture.height * picture.points_per_pixel == pytest.approx(842, abs=2)
    assert 600 < picture.width <= WIDEST
    white = picture.pixels.count(b"\xff") / len(picture.pixels)
    assert 0.7 < white < 0.999, "mostly paper, some ink"
    assert drawing_of(reader, CONTRACT.read_bytes(), 0) == picture


def test_an_image_is_drawn(reader: ReaderServer) -> None:
    scan = next(file for file in sorted((SAMPLES / "scans").iterdir()) if file.suffix == ".jpg")
    assert drawing_of(reader, scan.read_bytes(), 0).width > 100


@pytest.mark.parametrize(("data", "unit"), [(b"%PDF-1.4 broken", 0), (b"words", 0), (None, 999)])
def test_what_cannot_be_drawn_is_refused(
    reader: ReaderServer, data: bytes | None, unit: int
) -> None:
    with pytest.raises(InputUnreadable):
        drawing_of(reader, CONTRACT.read_bytes() if data is None else data, unit)


SMALL = encode(Picture(2, 1, 0.5, b"123456"))


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        SMALL[:-1],
        SMALL + b"x",
        b"JUNK" + SMALL[4:],
        SMALL[:4] + struct.pack(">I", drawn.WIDEST + 1) + SMALL[8:],
        SMALL[:4] + struct.pack(">I", 0) + SMALL[8:],
        SMALL[:12] + struct.pack(">d", float("nan")) + SMALL[20:],
        SMALL[:12] + struct.pack(">d", -1.0) + SMALL[20:],
    ],
)
def test_an_answer_that_is_no_picture_is_a_violation(untrusted: bytes) -> None:
    assert decode(SMALL) == Picture(2, 1, 0.5, b"123456")
    with pytest.raises(ReaderViolation):
        decode(untrusted)
