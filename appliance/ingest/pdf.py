"""Reads PDF with pypdfium2: words with boxes on upright pages, page by page.

Runs in the confined reader child.  ``layout`` turns the words of a page into elements.  A page
without a text layer is a gap; a file in which no page has text is an error, never a success.
PDFium is not thread safe; the child has one thread.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from appliance.documents import Box, ElementKind, ParsedDocument
from appliance.ingest.build import DocumentBuilder
from appliance.ingest.hyphens import MARK, Hyphens
from appliance.ingest.layout import Block, Word, blocks
from appliance.ingest.reading import Reading, Wishes
from appliance.sandbox.outcome import Outcome, ReadingFailed

MEDIA_TYPE = "application/pdf"
SAMPLE_PAGES = 16  # the usual line height is measured on these
UNREADABLE_SHARE = 0.3  # more glyphs without a character than this: the text layer is of no use
EDGE = 0.12  # share of the page height in which running heads and feet stand
EDGE_ELEMENTS = 3  # how many elements from the top and from the bottom may be one
FEWEST_REPEATS = 3  # pages on which a line must recur to be a running head or foot

Quad = tuple[float, float, float, float]

_WORD = re.compile(rf"[^\s\x00{MARK}]+{MARK}?|{MARK}")
_UNMAPPED = re.compile("[\x00\ufffd\ue000-\uf8ff]")
_TITLE = re.compile(r"[^\W\d]{2}.*\s.*[^\W\d]{2}")  # two words; a file number is no title
_DIGITS = re.compile(r"[0-9]+|\b[ivxlc]+\b")


def warm() -> None:
    """Nothing more than importing this module."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one PDF; see `read_pdf`."""
    return Reading(read_pdf(data, wishes.passwords[0] if wishes.passwords else ""))


def read_pdf(data: bytes, password: str = "") -> ParsedDocument:
    """Read one PDF.

    Raises:
        ReadingFailed: it needs a password, the password is wrong, it is damaged, or no page has
            text.
    """
    document = _open(data, password)
    try:
        builder = DocumentBuilder(MEDIA_TYPE)
        given = document.get_metadata_value("Title")
        builder.title = given if _TITLE.search(given) else None
        edges = _read_pages(document, builder)
        if not builder.has_text:
            raise ReadingFailed(Outcome.NO_TEXT)
        _mark_running_heads(builder, edges)
        _note_unread_parts(document, builder)
        return builder.finish(pages=len(document))
    finally:
        document.close()


def _open(data: bytes, password: str) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data, password=password or None)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            wrong = Outcome.WRONG_PASSWORD if password else Outcome.NEEDS_PASSWORD
            raise ReadingFailed(wrong) from error
        raise ReadingFailed(Outcome.DAMAGED) from error
    if len(document) == 0:
        document.close()
        raise ReadingFailed(Outcome.DAMAGED)
    return document


# --- words ---------------------------------------------------------------------------------------


class _Upright:
    """Turns page coordinates (origin bottom left, unrotated) into upright ones (top left)."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self.rotation = page.get_rotation()
        width, height = self._right - self._left, self._top - self._bottom
        sideways = self.rotation in {90, 270}
        self.width, self.height = (height, width) if sideways else (width, height)

    def box(self, left: float, bottom: float, right: float, top: float) -> Quad:
        """x0, y0, x1, y1 on the upright page."""
        if self.rotation == 0:
            return left - self._left, self._top - top, right - self._left, self._top - bottom
        if self.rotation == 90:
            return bottom - self._bottom, left - self._left, top - self._bottom, right - self._left
        if self.rotation == 180:
            return (
                self._right - right,
                bottom - self._bottom,
                self._right - left,
                top - self._bottom,
            )
        return self._top - top, self._right - right, self._top - bottom, self._right - left


def _page_text(textpage: Any) -> str:
    """The page's characters, one code unit per character index of PDFium."""
    count = raw.FPDFText_CountChars(textpage)
    buffer = (ctypes.c_ushort * (count + 1))()
    got = raw.FPDFText_GetText(textpage, 0, count, buffer) - 1
    if got == count:
        return bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
    units = (raw.FPDFText_GetUnicode(textpage, at) for at in range(count))
    return "".join(chr(unit) if unit < 0x110000 else "\ufffd" for unit in units)


def _words(textpage: Any, text: str, upright: _Upright) -> Iterator[tuple[int, Word]]:
    """Each word with the quarter turns, clockwise, in which it is written on the upright page."""
    first, last = raw.FS_RECTF(), raw.FS_RECTF()
    box_of, upright_box = raw.FPDFText_GetLooseCharBox, upright.box
    end, bold = -1, False
    for match in _WORD.finditer(text):
        begin, stop = match.span()
        if end < 0 or "\n" in text[end:begin]:
            bold = _is_bold(textpage, begin)
        end = stop
        if not (box_of(textpage, begin, first) and box_of(textpage, stop - 1, last)):
            continue
        x0, y0, x1, y1 = upright_box(first.left, first.bottom, first.right, first.top)
        u0, v0, u1, v1 = upright_box(last.left, last.bottom, last.right, last.top)
        turns = 0
        if stop - begin > 2 and min(x1, u1) - max(x0, u0) > 0.5 * (x1 - x0):
            turns = 1 if v0 >= y1 else 3 if v1 <= y0 else 0
        word = match.group()
        yield (
            turns,
            Word(
                word,
                x0 if x0 < u0 else u0,
                y0 if y0 < v0 else v0,
                x1 if x1 > u1 else u1,
                y1 if y1 > v1 else v1,
                bold,
                word[-1] == MARK,
            ),
        )


def _is_bold(textpage: Any, at: int) -> bool:
    name = ctypes.create_string_buffer(64)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(textpage, at, name, 63, flags)
    return b"bold" in name.value.lower() or b"black" in name.value.lower()


# --- pages ---------------------------------------------------------------------------------------


class _Page:
    """The words of one page by the way they are turned."""

    def __init__(self, upright: _Upright) -> None:
        self.width, self.height = upright.width, upright.height
        self.turned: dict[int, list[Word]] = {}

    def blocks(self, body_height: float) -> Iterator[Block]:
        """The page's elements; text written up or down the page comes after the level text."""
        for turns in sorted(self.turned):
            words = self.turned[turns]
            if turns == 0:
                yield from blocks(words, body_height)
                continue
            for block in blocks([self._level(word, turns) for word in words], body_height):
                yield Block(block.kind, block.cells, self._back(block.box, turns))

    def _level(self, word: Word, turns: int) -> Word:
        x0, y0, x1, y1 = word.x0, word.y0, word.x1, word.y1
        if turns == 1:  # read downwards: the right edge of the page is the top
            return word._replace(x0=y0, y0=self.width - x1, x1=y1, y1=self.width - x0)
        return word._replace(x0=self.height - y1, y0=x0, x1=self.height - y0, y1=x1)

    def _back(self, box: Box, turns: int) -> Box:
        if turns == 1:
            box = Box(self.width - box.y1, box.x0, self.width - box.y0, box.x1)
        else:
            box = Box(box.y0, self.height - box.x1, box.y1, self.height - box.x0)
        return box

    def kept(self, box: Box) -> Box:
        """The part of a box that lies on the page, to a tenth of a point."""
        x0, x1 = (round(min(max(at, 0.0), self.width), 1) for at in (box.x0, box.x1))
        y0, y1 = (round(min(max(at, 0.0), self.height), 1) for at in (box.y0, box.y1))
        return Box(x0, y0, x1, y1)


def _load_pages(
    document: pdfium.PdfDocument, builder: DocumentBuilder
) -> Iterator[tuple[int, _Page]]:
    for number in range(1, len(document) + 1):
        try:
            page = document[number - 1]
        except pdfium.PdfiumError:
            builder.add_gap("page is damaged", number)
            continue
        try:
            if loaded := _load_page(page, number, builder):
                yield number, loaded
        finally:
            page.close()


def _load_page(page: pdfium.PdfPage, number: int, builder: DocumentBuilder) -> _Page | None:
    try:
        textpage = page.get_textpage()
    except pdfium.PdfiumError:
        builder.add_gap("page is damaged", number)
        return None
    upright = _Upright(page)
    text = _page_text(textpage)
    loaded = _Page(upright)
    for turns, word in _words(textpage, text, upright):
        loaded.turned.setdefault(turns, []).append(word)
    if not loaded.turned:
        if raw.FPDFPage_CountObjects(page) > 0:
            builder.add_gap("no text layer", number)
    elif len(_UNMAPPED.findall(text)) > UNREADABLE_SHARE * len(text):
        builder.add_gap("text layer has no readable characters", number)
    return loaded


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the document is set, measured on its first pages."""

    body_height: float
    hyphens: Hyphens

    @classmethod
    def of(cls, pages: list[_Page]) -> _Manner:
        words = [word for page in pages for turned in page.turned.values() for word in turned]
        heights = Counter(round(word.y1 - word.y0, 1) for word in words)
        usual = heights.most_common(1)[0][0] if heights else 0.0
        return cls(usual, Hyphens((word.text for word in words), len(pages)))


def _read_pages(document: pdfium.PdfDocument, builder: DocumentBuilder) -> dict[str, list[int]]:
    """Add every page; returns what stands at the pages' edges: wording -> element numbers."""
    edges: dict[str, list[int]] = {}
    pages = _load_pages(document, builder)
    sample = list(islice(pages, SAMPLE_PAGES))
    manner = _Manner.of([page for _, page in sample])
    for number, page in chain(sample, pages):
        _add_page(builder, number, page, manner, edges)
    return edges


def _add_page(
    builder: DocumentBuilder,
    number: int,
    page: _Page,
    manner: _Manner,
    edges: dict[str, list[int]],
) -> None:
    begin = builder.count
    found: list[Block] = []
    for block in page.blocks(manner.body_height):
        before = builder.count
        cells = [manner.hyphens.resolve(cell) for cell in block.cells]
        if block.kind is ElementKind.TABLE_ROW:
            builder.add_row(cells, number, page.kept(block.box))
        else:
            builder.add(block.kind, cells[0], number, page.kept(block.box))
        if builder.count > before:
            found.append(block)
    for at, block in enumerate(found):
        top = at < EDGE_ELEMENTS and block.box.y1 < EDGE * page.height
        bottom = at >= len(found) - EDGE_ELEMENTS and block.box.y0 > (1 - EDGE) * page.height
        if top or bottom:
            wording = "top " if top else "bottom "
            wording += _DIGITS.sub("#", " ".join(block.cells).lower())
            edges.setdefault(wording, []).append(begin + at)


def _mark_running_heads(builder: DocumentBuilder, edges: dict[str, list[int]]) -> None:
    for wording, numbers in edges.items():
        if len(numbers) >= FEWEST_REPEATS:
            top = wording.startswith("top ")
            for number in numbers:
                builder.mark(number, ElementKind.HEADER if top else ElementKind.FOOTER)


def _note_unread_parts(document: pdfium.PdfDocument, builder: DocumentBuilder) -> None:
    if document.get_formtype() != raw.FORMTYPE_NONE:
        builder.add_gap("entries of form fields are not read")
    if document.count_attachments() > 0:
        builder.add_gap("attached files are not read")
