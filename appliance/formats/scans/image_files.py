"""Reads files that are pictures: every frame is a page that wants recognition.

Runs in the confined reader child, and looks at headers alone; ``scan`` recognises the frames, each
in a child of its own.
"""

from __future__ import annotations

from appliance.documents import Tally, Unit
from appliance.formats.build import DocumentBuilder
from appliance.formats.reading import Reading, Scan, Wishes
from appliance.formats.scans import image
from appliance.sandbox.outcome import Outcome, ReadingFailed

SMALLEST = 8  # pixels; nothing narrower holds text
TOO_LARGE = "the picture has more pixels than are unpacked"
ANIMATION = "only the first picture of an animation is read"
TOO_MANY = "the file has more pictures than are read"


def warm() -> None:
    """Load the formats."""
    image.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """List the frames of a picture.

    Raises:
        ReadingFailed: it is damaged, or every frame is too large.
    """
    found = image.frames(data)
    if not found.frames:
        raise ReadingFailed(Outcome.DAMAGED)
    builder = DocumentBuilder(media_type)
    scans = []
    for page, frame in enumerate(found.frames, start=1):
        if frame.is_too_large:
            builder.add_gap(TOO_LARGE, page, Unit.PAGES)
        elif min(frame.width, frame.height) >= SMALLEST:
            scans.append(Scan(frame.number, page))
    if all(frame.is_too_large for frame in found.frames):
        raise ReadingFailed(Outcome.TOO_LARGE)
    if found.more:
        reason = ANIMATION if found.animated else TOO_MANY
        builder.add_gap(reason, None, Unit.PAGES, found.more)
    pages = len(found.frames)
    narrow = pages - len(scans) - sum(frame.is_too_large for frame in found.frames)
    builder.tally(Tally(Unit.PAGES, pages + found.more, narrow))
    return Reading(builder.finish(pages=pages), scans=tuple(scans))
