"""A read document as bytes: what the confined child answers, and what is stored sealed as text.

UTF-8 JSON, one object: ``v`` (1), ``media_type``, ``text``, ``title`` (null), ``pages`` (null),
``elements`` as arrays ``[kind, begin, end, page, x0, y0, x1, y1]`` with the last four absent where
there is no box, and ``gaps`` as arrays ``[reason, page]``.  Elements stand in order, do not overlap
and cover everything in the text that is not white space.

`decode` is where the reader's output stops being untrusted: every bound is checked there.
"""

from __future__ import annotations

import json
import math
from typing import NoReturn

from appliance.documents import Box, Element, ElementKind, Gap, ParsedDocument, Span
from appliance.errors import SandboxError
from appliance.ingest.build import LONGEST_TITLE, MOST_CHARACTERS, UNPRINTABLE

VERSION = 1
MOST_ELEMENTS = 4_000_000
MOST_PAGES = 100_000
MOST_GAPS = 110_000
LARGEST_COORDINATE = 20_000.0  # points; PDF allows pages of 14,400
LONGEST_REASON = 200  # characters
LONGEST_MEDIA_TYPE = 120

_KINDS = {kind.value: kind for kind in ElementKind}
_KEYS = {"v", "media_type", "text", "title", "pages", "elements", "gaps"}


def encode(parsed: ParsedDocument) -> bytes:
    """The document as bytes; `decode` gives an equal document back."""
    document = {
        "v": VERSION,
        "media_type": parsed.media_type,
        "text": parsed.text,
        "title": parsed.title,
        "pages": parsed.pages,
        "elements": [_element_row(element) for element in parsed.elements],
        "gaps": [[gap.reason, gap.page] for gap in parsed.gaps],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _element_row(element: Element) -> list[str | int | float | None]:
    row: list[str | int | float | None]
    row = [element.kind.value, element.span.begin, element.span.end, element.page]
    box = element.box
    return row if box is None else [*row, box.x0, box.y0, box.x1, box.y1]


def decode(untrusted: bytes) -> ParsedDocument:
    """Check every bound and make the document.

    Raises:
        SandboxError: the bytes are not a document as described above.
    """
    try:
        found = json.loads(untrusted.decode("utf-8"), parse_constant=_no_constant)
        if not isinstance(found, dict) or set(found) != _KEYS or found["v"] != VERSION:
            raise _broken("not a document of this version")
        return _document(found)
    except (ValueError, RecursionError) as error:
        raise _broken("not UTF-8 JSON") from error


def _document(found: dict[str, object]) -> ParsedDocument:
    text = _text(found["text"], MOST_CHARACTERS, "text")
    pages = _number(found["pages"], 1, MOST_PAGES, "pages") if found["pages"] is not None else None
    title = _text(found["title"], LONGEST_TITLE, "title") if found["title"] is not None else None
    return ParsedDocument(
        text=text,
        elements=_elements(_rows(found["elements"], MOST_ELEMENTS, "elements"), text, pages),
        media_type=_text(found["media_type"], LONGEST_MEDIA_TYPE, "media type"),
        pages=pages,
        gaps=tuple(_gap(row, pages) for row in _rows(found["gaps"], MOST_GAPS, "gaps")),
        title=title,
    )


def _elements(rows: list[list[object]], text: str, pages: int | None) -> tuple[Element, ...]:
    elements = []
    end = 0
    for row in rows:
        element = _element(row, end, len(text), pages)
        if text[end : element.span.begin].strip():
            raise _broken("text outside the elements")
        end = element.span.end
        elements.append(element)
    if text[end:].strip():
        raise _broken("text outside the elements")
    return tuple(elements)


def _element(row: list[object], least: int, most: int, pages: int | None) -> Element:
    if len(row) not in {4, 8} or not isinstance(row[0], str) or row[0] not in _KINDS:
        raise _broken("an element is not one")
    begin = _number(row[1], least, most, "begin")
    end = _number(row[2], begin + 1, most, "end")
    box = Box(*(_coordinate(at) for at in row[4:])) if len(row) == 8 else None
    return Element(_KINDS[row[0]], Span(begin, end), _page(row[3], pages), box)


def _gap(row: list[object], pages: int | None) -> Gap:
    if len(row) != 2:
        raise _broken("a gap is not one")
    return Gap(_text(row[0], LONGEST_REASON, "reason"), _page(row[1], pages))


def _page(value: object, pages: int | None) -> int | None:
    return None if value is None else _number(value, 1, pages or 0, "page")


def _number(value: object, least: int, most: int, what: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _broken(f"{what} is out of bounds")
    return value


def _coordinate(value: object) -> float:
    if type(value) not in {int, float} or not isinstance(value, int | float):
        raise _broken("a coordinate is not a number")
    if not math.isfinite(value) or abs(value) > LARGEST_COORDINATE:
        raise _broken("a coordinate is out of bounds")
    return float(value)


def _text(value: object, longest: int, what: str) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise _broken(f"{what} is out of bounds")
    if UNPRINTABLE.search(value):
        raise _broken(f"{what} holds unprintable characters")
    return value


def _rows(value: object, most: int, what: str) -> list[list[object]]:
    if not isinstance(value, list) or len(value) > most:
        raise _broken(f"{what} is out of bounds")
    for row in value:
        if not isinstance(row, list):
            raise _broken(f"{what} is not a list of lists")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _broken(what: str) -> SandboxError:
    return SandboxError(
        f"the reader process broke its bounds: {what}",
        remedy="treat the file as hostile and remove it from the folder",
    )
