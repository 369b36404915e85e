"""Reads DOCX, PPTX, HTML, mail, Markdown and text with unstructured; XLSX and CSV with `cells`.

Runs in the confined reader child; imported late, in the warm process, because unstructured takes
seconds to import.  What unstructured leaves out is added from the file itself (`leftovers`), and
the language pipeline that it would download is a local one (`language`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from lxml import html

from appliance.documents import ElementKind, ParsedDocument
from appliance.ingest import cells, kinds, leftovers, mail
from appliance.ingest.build import DocumentBuilder
from appliance.ingest.leftovers import Piece
from appliance.ingest.reading import Reading, Wishes
from appliance.ingest.text import decoded, html_root
from appliance.sandbox.outcome import Outcome, ReadingFailed

_KINDS = {
    "Title": ElementKind.TITLE,
    "ListItem": ElementKind.LIST_ITEM,
    "Header": ElementKind.HEADER,
    "Footer": ElementKind.FOOTER,
}
_NOT_WORDS = re.compile(r"[\W_]+")
_OFF = [""]  # unstructured's way to say: do not guess the language


def warm() -> None:
    """Import what reads these kinds, so that the children find it loaded."""
    import openpyxl  # noqa: F401 -- for the children

    _warm_unstructured()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one document; see `read_office`."""
    return Reading(read_office(data, media_type))


@cache
def _warm_unstructured() -> None:
    """Import the partitioners and run them once; seconds the first time, nothing after."""
    from appliance.ingest import language

    language.install()
    from unstructured.partition import docx, md, pptx  # noqa: F401 -- for the children

    _partition_text("The parties agree. It is so.")
    _partition_html("<p>The parties agree.</p>")


def read_office(data: bytes, media_type: str) -> ParsedDocument:
    """Read one document.

    Args:
        data: the file.
        media_type: one of `kinds.OFFICE`.

    Raises:
        ReadingFailed: an encrypted mail, a kind that is not read here, text without end.
        Exception: whatever a parser raises at a damaged file.
    """
    builder = DocumentBuilder(media_type)
    reader = _READERS.get(media_type)
    if reader is None:
        raise ReadingFailed(Outcome.UNSUPPORTED)
    return builder.finish(pages=reader(data, builder))


# --- one function per kind; each returns the number of pages or None ------------------------------


def _read_docx(data: bytes, builder: DocumentBuilder) -> None:
    from unstructured.partition.docx import partition_docx

    elements = partition_docx(file=io.BytesIO(data), include_page_breaks=False, languages=_OFF)
    _add_elements(elements, builder)
    _add_container_rest(data, kinds.DOCX, builder)


def _read_pptx(data: bytes, builder: DocumentBuilder) -> int:
    from unstructured.partition.pptx import partition_pptx

    elements = partition_pptx(
        file=io.BytesIO(data), include_page_breaks=False, include_slide_notes=True, languages=_OFF
    )
    _add_elements(elements, builder, paged=True)
    slides = _slides(data)
    _add_container_rest(data, kinds.PPTX, builder, slides)
    return slides


def _read_xlsx(data: bytes, builder: DocumentBuilder) -> None:
    cells.add_workbook(data, builder)
    _add_container_rest(data, kinds.XLSX, builder)


def _read_csv(data: bytes, builder: DocumentBuilder) -> None:
    cells.add_separated(decoded(data), builder)


def _read_html(data: bytes, builder: DocumentBuilder) -> None:
    _add_html(decoded(data), builder)


def _read_md(data: bytes, builder: DocumentBuilder) -> None:
    from unstructured.partition.md import partition_md

    text = decoded(data)
    if text.strip():
        _add_elements(partition_md(text=text, languages=_OFF), builder)
    _add_rest((Piece(line) for line in text.splitlines()), builder)


def _read_text(data: bytes, builder: DocumentBuilder) -> None:
    text = decoded(data)
    _add_elements(_partition_text(text), builder)
    _add_rest((Piece(line) for line in text.splitlines()), builder)


def _read_mail(data: bytes, builder: DocumentBuilder) -> None:
    message = mail.open_mail(data)
    mail.add_headers(message, builder)
    headers = builder.count
    media_type, text = mail.body(message)
    if media_type == kinds.HTML:
        _add_html(text, builder)
    else:
        _add_elements(_partition_text(text), builder)
    _add_rest(mail.pieces(message, builder), builder)
    if builder.count == headers:
        builder.add_gap("the message has no body text")


_READERS: dict[str, Callable[[bytes, DocumentBuilder], int | None]] = {
    kinds.DOCX: _read_docx,
    kinds.PPTX: _read_pptx,
    kinds.XLSX: _read_xlsx,
    kinds.CSV: _read_csv,
    kinds.HTML: _read_html,
    kinds.MD: _read_md,
    kinds.TXT: _read_text,
    kinds.EML: _read_mail,
}


# --- what the readers share -----------------------------------------------------------------------


def _partition_text(text: str) -> list[Any]:
    from unstructured.partition.text import partition_text

    return list(partition_text(text=text, languages=_OFF)) if text.strip() else []


def _partition_html(text: str) -> list[Any]:
    from unstructured.partition.html import partition_html

    return list(partition_html(text=text, languages=_OFF)) if text.strip() else []


def _add_html(text: str, builder: DocumentBuilder) -> None:
    root = html_root(text)
    title = leftovers.html_title(root)
    builder.title = builder.title or title
    builder.add(ElementKind.TITLE, title)
    _add_elements(_partition_html(text), builder)
    _add_rest(leftovers.html_pieces(root), builder)


def _add_elements(
    elements: Iterable[Any], builder: DocumentBuilder, *, paged: bool = False
) -> None:
    """Add what unstructured found: tables row by row, everything else as it is."""
    for element in elements:
        page = element.metadata.page_number if paged else None
        as_html = element.metadata.text_as_html if element.category == "Table" else None
        if as_html:
            for row in _rows(as_html):
                builder.add_row(row, page)
        else:
            builder.add(_KINDS.get(element.category, ElementKind.TEXT), element.text, page)


def _rows(table: str) -> list[list[str]]:
    """The cells of a table; what stands in a table within a cell is text of that cell."""
    root = html.fragment_fromstring(table, create_parent=True)
    return [
        [" ".join(cell.itertext()) for cell in row if cell.tag in {"td", "th"}]
        for row in root.iter("tr")
        if next(row.iterancestors("td", "th"), None) is None
    ]


def _add_container_rest(
    data: bytes, media_type: str, builder: DocumentBuilder, slides: int | None = None
) -> None:
    _add_rest(leftovers.container_pieces(data, media_type), builder, slides)
    for gap in leftovers.unread_parts(data):
        builder.add_gap(gap)


def _add_rest(pieces: Iterable[Piece], builder: DocumentBuilder, pages: int | None = None) -> None:
    """Add every piece whose words, in their order, are not in what was read so far."""
    read = _squeezed(builder.finish().text)
    for piece in pieces:
        squeezed = _squeezed(piece.text)
        if squeezed and squeezed not in read:
            page = piece.page if pages and piece.page and piece.page <= pages else None
            builder.add(piece.kind, piece.text, page)
            read += "\n" + squeezed


def _squeezed(text: str) -> str:
    return _NOT_WORDS.sub("", text).casefold()


def _slides(data: bytes) -> int:
    from pptx import Presentation

    return len(Presentation(io.BytesIO(data)).slides)
