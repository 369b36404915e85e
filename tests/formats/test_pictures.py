"""Pictures in documents: by number, by size, and by what they are."""

from __future__ import annotations

import io
import zlib
from functools import partial

import pytest
from PIL import Image

from appliance.documents import Unit
from appliance.formats import kinds, pictures
from appliance.formats.build import DocumentBuilder
from appliance.formats.pictures import Stored
from appliance.sandbox.outcome import ReadingFailed
from tests.formats.packing import image, word


def stored(*contents: bytes) -> list[Stored]:
    return [Stored(f"media/{n}", partial(bytes, content)) for n, content in enumerate(contents)]


def test_numbers_follow_the_container_and_bytes_come_back() -> None:
    members = {f"word/media/image{n}.png": image(100 + n, 500) for n in (10, 2, 1)}
    data = word("", **members)

    assert [one.name for one in pictures.pictures(data, kinds.DOCX)] == [
        "word/media/image1.png",
        "word/media/image2.png",
        "word/media/image10.png",
    ]
    assert pictures.picture(data, kinds.DOCX, 2) == image(110, 500)
    assert pictures.pictures(b"text", kinds.TXT) == []
    with pytest.raises(ReadingFailed):
        pictures.picture(data, kinds.DOCX, 3)


def test_sorted_by_what_they_can_hold() -> None:
    builder = DocumentBuilder("x/y")
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><text>Drawn words</text></svg>"
    found = stored(image(99, 900), image(200, 200), svg, b"\xd7\xcd\xc6\x9a" + bytes(9), b"junk")

    scans = pictures.add_pictures(found, builder, {"media/1": 3})

    assert [(scan.unit, scan.page) for scan in scans] == [(1, 3)]
    parsed = builder.finish()
    assert parsed.text == "Drawn words"
    assert [(t.seen, t.stored) for t in parsed.tallies] == [(4, 1)]
    assert {(g.reason, g.unit) for g in parsed.gaps} == {
        (pictures.DRAWING, Unit.PICTURES),
        (pictures.UNREADABLE, Unit.PICTURES),
    }


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_sizes_of_every_kind(form: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (321, 123)).save(out, form)

    assert pictures.size_of(out.getvalue()) == (321, 123)


def test_a_picture_that_claims_to_be_huge_is_only_measured() -> None:
    huge = bytearray(image(300, 300))
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")

    assert pictures.size_of(bytes(huge)) == (60_000, 60_000)
