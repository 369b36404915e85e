"""One page of a PDF as it is read: its words in fragments, what is hidden, written on it or shown.

A page is also weighed here: whether its text layer is enough, or the page is a picture of text
(or holds text that nobody can read) and wants recognition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from appliance.documents import Concealment
from appliance.formats.layout.lines import Fragment, WordAt
from appliance.formats.layout.page import Block, arranged
from appliance.formats.pdf import calls, objects
from appliance.formats.pdf import entries as pdf_entries
from appliance.formats.pdf import hidden as pdf_hidden
from appliance.formats.pdf.entries import EntryFound
from appliance.formats.pdf.objects import Painted
from appliance.formats.pdf.words import Floats, Manner, PageWords, Upright

UNREADABLE_SHARE = 0.3  # more characters without a meaning than this: the text layer is of no use
UNMAPPED_SAMPLE = 32  # words
PICTURED = 0.5  # share of a page under pictures from which on it may be a scan
FEW_CHARACTERS = 200  # on a scan: stamps and page numbers that were put on it later
SMALLEST_PICTURE = (60.0, 20.0)  # points; nothing smaller holds a line of text worth the name
SMALLEST_PIXELS = (100, 30)
CAPTIONED = 20  # characters over a picture that make its text layer

_MEANINGLESS = re.compile("[\x00-\x08\x0e-\x1f\ufffd\ue000-\uf8ff]")


class PageDamaged(Exception):
    """PDFium cannot load the page."""


@dataclass(slots=True)
class PageFound:
    """What one page holds."""

    number: int  # from 1
    width: float
    height: float
    text: str  # everything that PDFium says is written on the page
    turned: list[tuple[Manner, list[Fragment], WordAt]]
    heights: Floats  # of the words
    hidden: list[tuple[Concealment, str]]
    entries: list[EntryFound] = field(default_factory=list)
    counted_entries: int = 0
    files: int = 0  # attached to the page
    pictures: int = 0  # large enough to hold text
    unread_pictures: int = 0  # of these, without text over them
    wants_recognition: bool = False
    cut: bool = False  # it has more objects than are looked at

    def blocks(self, body_height: float) -> Iterator[tuple[Manner, Block]]:
        """The page's elements; text written up or down the page comes after the level text."""
        for manner, fragments, word in self.turned:
            for block in arranged(fragments, word, body_height):
                yield manner, block


class Pages:
    """The pages of an open document, read one at a time.

    A page stays open until the next is loaded: PDFium forgets the fonts of a page that it closes,
    and would read them again for the next.
    """

    def __init__(self, document: pdfium.PdfDocument, form: Any) -> None:
        self._document, self._form = document, form
        self._last: Any = None
        self._fonts: dict[int, bool] = {}  # whether they are bold

    def load(self, number: int) -> PageFound:
        """Read one page, counted from 1.

        Raises:
            PageDamaged: it cannot be loaded.
        """
        page = raw.FPDF_LoadPage(self._document, number - 1)
        self.close()
        self._last = page
        textpage = raw.FPDFText_LoadPage(page) if page else None
        if not textpage:
            raise PageDamaged
        try:
            return _found(page, textpage, number, self._form, self._fonts)
        finally:
            raw.FPDFText_ClosePage(textpage)

    def close(self) -> None:
        """Close the last page; must come before the document is closed."""
        if self._last:
            raw.FPDF_ClosePage(self._last)
        self._last = None


def _found(page: Any, textpage: Any, number: int, form: Any, fonts: dict[int, bool]) -> PageFound:
    upright = Upright(_page_box(page), 90 * max(raw.FPDFPage_GetRotation(page), 0))
    words = PageWords(textpage, upright, fonts)
    painted = objects.painted(page, upright)
    hidden = pdf_hidden.set_apart(words, painted)
    found = PageFound(
        number,
        upright.width,
        upright.height,
        words.whole_text,
        [
            (manner, fragments, partial(words.word, boxes, which))
            for manner, fragments, boxes, which in words.fragments()
        ],
        words.boxes[:, 3] - words.boxes[:, 1],
        hidden,
        cut=painted.cut,
    )
    if raw.FPDFPage_GetAnnotCount(page) > 0:
        found.entries = pdf_entries.entries(page, form, upright)
        found.counted_entries = pdf_entries.count(page)
        found.files = sum(entry.carries for entry in found.entries)
    _weigh(found, words, painted)
    return found


def _page_box(page: Any) -> tuple[float, float, float, float]:
    """The part of the sheet that is shown: left, bottom, right, top."""
    box = raw.FS_RECTF()
    raw.FPDF_GetPageBoundingBox(page, box)
    return box.left, box.bottom, box.right, box.top


def _weigh(found: PageFound, words: PageWords, painted: Painted) -> None:
    """Whether the page wants recognition, and which of its pictures are not covered by text."""
    count = len(words.begins)
    if count == 0:
        found.wants_recognition = painted.count > 0 and not found.entries
        found.wants_recognition |= bool(painted.pictures)
    characters = int((words.ends - words.begins + 1).sum())
    if painted.pictures:
        boxes = _large(painted)
        found.pictures = len(boxes)
        over = _characters_over(boxes, words)
        found.unread_pictures = int((over < CAPTIONED).sum())
        if characters < FEW_CHARACTERS and painted.covered(words.upright) >= PICTURED:
            found.wants_recognition = True
    if count and _is_meaningless(words):
        found.wants_recognition = True


def _large(painted: Painted) -> Floats:
    boxes = painted.picture_boxes
    sizes = boxes[:, 2:] - boxes[:, :2]
    wide = np.flatnonzero((sizes >= SMALLEST_PICTURE).all(axis=1))
    large = [at for at in wide if _has_pixels(painted.pictures[at])]
    return boxes[large]


def _has_pixels(picture: int) -> bool:
    width, height = calls.pixels(picture)
    return width >= SMALLEST_PIXELS[0] and height >= SMALLEST_PIXELS[1]


def _characters_over(boxes: Floats, words: PageWords) -> Floats:
    """How many characters of the text layer stand over each picture."""
    middle = (words.boxes[:, :2] + words.boxes[:, 2:]) / 2
    x, y = middle[:, :1], middle[:, 1:]
    over = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    total: Floats = (words.ends - words.begins + 1).astype(np.float64) @ over
    return total


def _is_meaningless(words: PageWords) -> bool:
    solid = int((words.ends - words.begins + 1).sum())
    if len(_MEANINGLESS.findall(words.text)) > UNREADABLE_SHARE * solid:
        return True
    step = max(len(words.begins) // UNMAPPED_SAMPLE, 1)
    sample = words.begins[::step].tolist()
    return calls.unmapped(words.textpage, sample) > UNREADABLE_SHARE * len(sample)
