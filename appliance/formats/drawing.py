"""The task that draws one page for a person to look at.  Runs in the confined reader child."""

from __future__ import annotations

from PIL import Image

from appliance.formats import pictured
from appliance.formats.pictured import Picture
from appliance.formats.reading import Wishes
from appliance.formats.scans import scan


def draw(data: bytes, media_type: str, wishes: Wishes) -> bytes:
    """The unit ``wishes.scan`` of a PDF or of a file of pictures, reduced to what a screen shows.

    Raises:
        ReadingFailed: the file is damaged or encrypted, the picture too large or not there.
    """
    pixels = scan.unit(data, media_type, wishes)[0]
    drawn = Image.fromarray(pixels.picture).convert("RGB")
    width = drawn.width
    drawn.thumbnail((pictured.WIDEST, pictured.TALLEST), Image.Resampling.BOX, reducing_gap=None)
    scale = pixels.points_per_pixel * width / drawn.width
    return pictured.encode(Picture(drawn.width, drawn.height, scale, drawn.tobytes()))
