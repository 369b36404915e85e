"""The task that draws one page for a person to look at.  Runs in the confined reader child."""

from __future__ import annotations

from PIL import Image

from appliance.formats import drawn
from appliance.formats.drawn import Picture
from appliance.formats.reading import Wishes
from appliance.formats.scans import scan


def draw(data: bytes, media_type: str, wishes: Wishes) -> bytes:
    """The unit ``wishes.scan`` of a PDF or of a file of pictures, reduced to what a screen shows.

    Raises:
        ReadingFailed: the file is damaged or encrypted, the picture too large or not there.
    """
    pixels = scan.unit(data, media_type, wishes)[0]
    page = Image.fromarray(pixels.picture).convert("RGB")
    width = page.width
    page.thumbnail((drawn.WIDEST, drawn.TALLEST), Image.Resampling.BOX, reducing_gap=None)
    scale = pixels.points_per_pixel * width / page.width
    return drawn.encode(Picture(page.width, page.height, scale, page.tobytes()))
