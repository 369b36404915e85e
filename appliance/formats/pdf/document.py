"""Reads PDF with pypdfium2: text with boxes on upright pages, tables, entries, attached files.

Runs in the confined reader child.  ``pages`` reads a page, ``layout`` arranges its words,
``story`` makes one document of the pages.  A page without a text layer, or with one that
nobody can read, is listed as a scan; what is neither read nor listed is a gap, and the account
shows both.  PDFium is not thread safe; the child has one thread.
"""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Iterator

import pypdfium2 as pdfium
from pypdfium2 import raw

from appliance.documents import Flag, ParsedDocument, Tally, Unit
from appliance.formats.build import DocumentBuilder
from appliance.formats.pdf import parts as pdf_parts
from appliance.formats.pdf.first import FILE
from appliance.formats.pdf.pages import PageDamaged, PageFound, Pages
from appliance.formats.pdf.story import Story
from appliance.formats.reading import Part, Reading, Wishes, encode
from appliance.sandbox.outcome import Outcome, ReadingFailed

MEDIA_TYPE = "application/pdf"
MOST_PAGES = 50_000
TIME_SHARE = 0.6  # of the processor time that the child has; then the remaining pages are a gap

DAMAGED_PAGE = "page is damaged"
TOO_MANY_PAGES = "the file has more pages than are read"
TOO_LONG = "the file took too long to read; its last pages are not read"
XFA = "the form in XML (XFA) is not read"

_TITLE = re.compile(r"[^\W\d]{2}.*\s.*[^\W\d]{2}")  # two words; a file number is no title


def warm() -> None:
    """Read a page of our own, so that nothing is done for the first time after a fork."""
    encode(read(FILE, MEDIA_TYPE, Wishes()))


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one PDF.

    Raises:
        ReadingFailed: it needs a password, no password fits, or it is damaged.
    """
    document, encrypted = _open(data, wishes.passwords)
    try:
        if wishes.first_part:
            pages = range(1, min(len(document), MOST_PAGES) + 1)
            parts, following = pdf_parts.hand_out(document, wishes.first_part, pages)
            return Reading(None, parts, following)
        builder = DocumentBuilder(MEDIA_TYPE)
        if encrypted:
            builder.flag(Flag.ENCRYPTED)
        return _read(document, data, builder)
    finally:
        document.close()


def read_pdf(data: bytes, password: str = "") -> ParsedDocument:
    """The document alone; see `read`.

    Raises:
        ReadingFailed: also when no page has text.
    """
    document = read(data, MEDIA_TYPE, Wishes(passwords=(password,) if password else ())).document
    if document is None or not document.text:
        raise ReadingFailed(Outcome.NO_TEXT)
    return document


def _open(data: bytes, passwords: tuple[str, ...]) -> tuple[pdfium.PdfDocument, bool]:
    """The document, and whether it took a password."""
    for password in (None, *passwords):
        try:
            document = pdfium.PdfDocument(data, password=password)
        except pdfium.PdfiumError as error:
            if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
                continue
            raise ReadingFailed(Outcome.DAMAGED) from error
        if len(document) == 0:
            document.close()
            raise ReadingFailed(Outcome.DAMAGED)
        return document, password is not None
    raise ReadingFailed(Outcome.WRONG_PASSWORD if passwords else Outcome.NEEDS_PASSWORD)


def _read(document: pdfium.PdfDocument, data: bytes, builder: DocumentBuilder) -> Reading:
    given = document.get_metadata_value("Title")
    builder.title = given if _TITLE.search(given) else None
    for flag in pdf_parts.flags(document, data):
        builder.flag(flag)
    if pdf_parts.has_xfa(document):
        builder.add_gap(XFA)
    document.init_forms()
    form = document.formenv.raw if document.formenv else None
    story = Story(builder)
    pages_found = Pages(document, form)
    try:
        story.tell(_pages(pages_found, len(document), builder))
    finally:
        pages_found.close()
    pages = min(len(document), MOST_PAGES)
    scans = story.scans()
    builder.tally(Tally(Unit.PAGES, len(document), story.pages_read - len(scans)))
    parts, following = _parts(document, story.pages_with_files, story.files, builder)
    parsed = story.finish(pages)
    return Reading(parsed, parts, following, scans)


def _pages(pages: Pages, count: int, builder: DocumentBuilder) -> Iterator[PageFound]:
    deadline = _deadline()
    for number in range(1, min(count, MOST_PAGES) + 1):
        if time.process_time() > deadline:
            builder.add_gap(TOO_LONG, None, Unit.PAGES, min(count, MOST_PAGES) - number + 1)
            break
        try:
            yield pages.load(number)
        except PageDamaged:
            builder.add_gap(DAMAGED_PAGE, number, Unit.PAGES)
    if count > MOST_PAGES:
        builder.add_gap(TOO_MANY_PAGES, None, Unit.PAGES, count - MOST_PAGES)


def _deadline() -> float:
    """Processor seconds of this process after which no further page is begun."""
    limit, _ = resource.getrlimit(resource.RLIMIT_CPU)
    return float("inf") if limit == resource.RLIM_INFINITY else TIME_SHARE * limit


def _parts(
    document: pdfium.PdfDocument, pages: list[int], on_pages: int, builder: DocumentBuilder
) -> tuple[tuple[Part, ...], int | None]:
    """The attached files, and the account of them."""
    seen = pdf_parts.count(document) + on_pages
    if not seen:
        return (), None
    parts, following = pdf_parts.hand_out(document, 0, pages)
    for part in parts:
        if part.reason:
            builder.add_gap(part.reason, None, Unit.PARTS)
    good = sum(not part.reason for part in parts)
    # those that come with a later answer are counted as they will be asked for
    lost = len(parts) - good if following is not None else seen - good
    builder.tally(Tally(Unit.PARTS, seen, seen - lost))
    return parts, following
