"""A read document as bytes: what the confined child answers, and what is stored sealed as text.

UTF-8 JSON, one object: ``v`` (2), ``media_type``, ``text``, ``title`` (null), ``pages`` (null) and

- ``elements``: ``[kind, begin, end, page, box, marks, row, confidence]``, cut after the last that
  is not null.  ``box`` is ``[x0, y0, x1, y1]``; ``marks`` is flat, six numbers for each: begin and
  end from the element's begin, then the box.  Coordinates are tenths of a point.  ``row`` is
  ``[table, heads, begin, end, column, width, begin, ...]``, four numbers for each cell, begin and
  end from the element's begin.  ``confidence`` is a percentage;
- ``gaps``: ``[reason, page, unit, amount]``;  ``tallies``: ``[unit, seen, stored]``;
- ``flags``: strings;  ``hidden``: ``[why, text, page]``.

Elements stand in order, do not overlap and cover everything in the text that is not white space.

`decode` is where the reader's output stops being untrusted: every bound is checked there.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import NoReturn, TypeVar

from appliance.documents import (
    Box,
    Cell,
    Concealment,
    Element,
    ElementKind,
    Flag,
    Gap,
    HiddenText,
    Mark,
    ParsedDocument,
    Row,
    Span,
    Tally,
    Unit,
)
from appliance.errors import ReaderViolation
from appliance.formats.build import LONGEST_TITLE, MOST_CHARACTERS, UNPRINTABLE

VERSION = 2
MOST_ELEMENTS = 4_000_000
MOST_NUMBERS = 6_000_000  # in the marks or the row of one element
MOST_PAGES = 100_000
MOST_GAPS = 110_000
MOST_HIDDEN = 100_000
MOST_COLUMNS = 20_000
MOST_COUNTED = 1 << 53
LARGEST_COORDINATE = 200_000  # tenths of a point; PDF allows pages of 144,000
LONGEST_REASON = 200  # characters
LONGEST_MEDIA_TYPE = 120

Words = TypeVar("Words", bound=StrEnum)

_KEYS = {"v", "media_type", "text", "title", "pages", "elements", "gaps"} | {
    "tallies",
    "flags",
    "hidden",
}
_ELEMENT_FIELDS = 8
_LEAST, _MOST = -LARGEST_COORDINATE / 10, LARGEST_COORDINATE / 10  # points
_ONLY_NUMBERS = {int}
_KINDS = {kind.value: kind for kind in ElementKind}


def encode(parsed: ParsedDocument) -> bytes:
    """The document as bytes; `decode` gives an equal document back."""
    document = {
        "v": VERSION,
        "media_type": parsed.media_type,
        "text": parsed.text,
        "title": parsed.title,
        "pages": parsed.pages,
        "elements": [_element_row(element) for element in parsed.elements],
        "gaps": [[gap.reason, gap.page, gap.unit, gap.amount] for gap in parsed.gaps],
        "tallies": [[tally.unit, tally.seen, tally.stored] for tally in parsed.tallies],
        "flags": list(parsed.flags),
        "hidden": [[hidden.why, hidden.text, hidden.page] for hidden in parsed.hidden],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _element_row(element: Element) -> list[object]:
    begin = element.span.begin
    marks: list[int] = []
    for mark in element.marks:
        span = mark.span
        marks += (span.begin - begin, span.end - begin, *_tenths(mark.box))
    confidence = None if element.confidence is None else round(element.confidence * 100)
    row: list[object] = [
        *(element.kind.value, begin, element.span.end, element.page),
        _tenths(element.box) if element.box else None,
        marks or None,
        _table_row(element.row, begin) if element.row else None,
        confidence,
    ]
    while row[-1] is None:
        row.pop()
    return row


def _tenths(box: Box) -> list[int]:
    """What a file places beyond every page is placed at its bound."""
    x0, y0, x1, y1 = box.x0, box.y0, box.x1, box.y1
    if _LEAST < x0 < _MOST and _LEAST < y0 < _MOST and _LEAST < x1 < _MOST and _LEAST < y1 < _MOST:
        return [round(x0 * 10), round(y0 * 10), round(x1 * 10), round(y1 * 10)]
    return [round(min(max(at, _LEAST), _MOST) * 10) for at in (x0, y0, x1, y1)]


def _table_row(row: Row, begin: int) -> list[int]:
    flat = [row.table, int(row.heads)]
    for cell in row.cells:
        flat += (cell.span.begin - begin, cell.span.end - begin, cell.column, cell.width)
    return flat


def decode(untrusted: bytes) -> ParsedDocument:
    """Check every bound and make the document.

    Raises:
        ReaderViolation: the bytes are not a document as described above.
    """
    try:
        found = json.loads(untrusted.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise broken("not UTF-8 JSON") from error
    if not isinstance(found, dict):
        raise broken("not a document")
    if found.get("v") != VERSION or set(found) != _KEYS:
        raise broken("not a document of this version")
    return _document(found)


def _document(found: dict[str, object]) -> ParsedDocument:
    text = _text(found["text"], MOST_CHARACTERS, "text")
    pages = _number(found["pages"], 1, MOST_PAGES, "pages") if found["pages"] is not None else None
    title = _text(found["title"], LONGEST_TITLE, "title") if found["title"] is not None else None
    return ParsedDocument(
        text=text,
        elements=_elements(_rows(found["elements"], "elements", MOST_ELEMENTS), text, pages),
        media_type=_text(found["media_type"], LONGEST_MEDIA_TYPE, "media type"),
        pages=pages,
        gaps=tuple(_gap(row, pages) for row in _rows(found["gaps"], "gaps", MOST_GAPS)),
        title=title,
        tallies=_tallies(_rows(found["tallies"], "tallies", len(Unit))),
        flags=_flags(found["flags"]),
        hidden=tuple(_hidden(row, pages) for row in _rows(found["hidden"], "hidden", MOST_HIDDEN)),
    )


# --- elements -------------------------------------------------------------------------------------


def _elements(rows: list[list[object]], text: str, pages: int | None) -> tuple[Element, ...]:
    elements = []
    end = 0
    most = len(text)
    for row in rows:
        element = _element(row, end, most, pages)
        between = text[end : element.span.begin]
        if between and not between.isspace():
            raise broken("text outside the elements")
        end = element.span.end
        elements.append(element)
    if text[end:].strip():
        raise broken("text outside the elements")
    return tuple(elements)


def _element(row: list[object], least: int, most: int, pages: int | None) -> Element:
    if not 3 <= len(row) <= _ELEMENT_FIELDS:
        raise broken("an element is not one")
    kind, begin, end, page, box, marks, cells, confidence = row + [None] * (
        _ELEMENT_FIELDS - len(row)
    )
    begin = _number(begin, least, most, "begin")
    span = Span(begin, _number(end, begin + 1, most, "end"))
    return Element(
        _KINDS[kind] if type(kind) is str and kind in _KINDS else _word(ElementKind, kind, "kind"),
        span,
        _page(page, pages),
        None if box is None else _box(_numbers(box, "box")),
        () if marks is None else _marks(_numbers(marks, "marks"), span),
        None if cells is None else _row(_numbers(cells, "row"), span),
        None if confidence is None else _number(confidence, 0, 100, "confidence") / 100,
    )


def _box(tenths: list[int]) -> Box:
    if len(tenths) != 4 or max(tenths) > LARGEST_COORDINATE or min(tenths) < -LARGEST_COORDINATE:
        raise broken("a box is out of bounds")
    x0, y0, x1, y1 = tenths
    return Box(x0 / 10, y0 / 10, x1 / 10, y1 / 10)


def _marks(flat: list[int], within: Span) -> tuple[Mark, ...]:
    most = LARGEST_COORDINATE
    if len(flat) % 6:
        raise broken("marks are not whole")
    marks = []
    base, free, length = within.begin, 0, within.end - within.begin
    numbers = iter(flat)
    for begin, end, x0, y0, x1, y1 in zip(*[numbers] * 6, strict=True):
        if not free <= begin < end <= length:
            raise broken("a part of an element lies outside it")
        if not (-most <= x0 <= most and -most <= y0 <= most):
            raise broken("a box is out of bounds")
        if not (-most <= x1 <= most and -most <= y1 <= most):
            raise broken("a box is out of bounds")
        box = Box(x0 / 10, y0 / 10, x1 / 10, y1 / 10)
        marks.append(Mark(Span(base + begin, base + end), box))
        free = end
    return tuple(marks)


def _row(flat: list[int], within: Span) -> Row:
    if len(flat) % 4 != 2 or not 0 <= flat[0] <= MOST_ELEMENTS or flat[1] not in {0, 1}:
        raise broken("a row is not one")
    cells = []
    base, least, length, free = within.begin, 0, within.end - within.begin, 0
    numbers = iter(flat[2:])
    for begin, end, column, width in zip(numbers, numbers, numbers, numbers, strict=True):
        if not least <= begin < end <= length:
            raise broken("a part of an element lies outside it")
        if not free <= column <= MOST_COLUMNS or not 1 <= width <= MOST_COLUMNS:
            raise broken("a column is out of bounds")
        cells.append(Cell(Span(base + begin, base + end), column, width))
        least, free = end, column + width
    return Row(flat[0], bool(flat[1]), tuple(cells))


# --- the rest -------------------------------------------------------------------------------------


def _gap(row: list[object], pages: int | None) -> Gap:
    if len(row) != 4:
        raise broken("a gap is not one")
    unit = None if row[2] is None else _word(Unit, row[2], "unit")
    amount = _number(row[3], 1, MOST_COUNTED, "amount")
    return Gap(_text(row[0], LONGEST_REASON, "reason"), _page(row[1], pages), unit, amount)


def _tallies(rows: list[list[object]]) -> tuple[Tally, ...]:
    tallies = []
    for row in rows:
        if len(row) != 3:
            raise broken("a tally is not one")
        seen = _number(row[1], 0, MOST_COUNTED, "seen")
        stored = _number(row[2], 0, seen, "stored")
        tallies.append(Tally(_word(Unit, row[0], "unit"), seen, stored))
    if len({tally.unit for tally in tallies}) != len(tallies):
        raise broken("a unit is counted twice")
    return tuple(tallies)


def _flags(value: object) -> tuple[Flag, ...]:
    if not isinstance(value, list) or len(value) > len(Flag):
        raise broken("flags are out of bounds")
    return tuple(_word(Flag, flag, "flag") for flag in value)


def _hidden(row: list[object], pages: int | None) -> HiddenText:
    if len(row) != 3:
        raise broken("hidden text is not one")
    why = _word(Concealment, row[0], "concealment")
    return HiddenText(why, _text(row[1], MOST_CHARACTERS, "hidden text"), _page(row[2], pages))


# --- values ---------------------------------------------------------------------------------------


def _word(words: type[Words], value: object, what: str) -> Words:
    try:
        return words(str(value))
    except ValueError as error:
        raise broken(f"{what} is not known") from error


def _page(value: object, pages: int | None) -> int | None:
    return None if value is None else _number(value, 1, pages or 0, "page")


def _number(value: object, least: int, most: int, what: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise broken(f"{what} is out of bounds")
    return value


def _numbers(value: object, what: str) -> list[int]:
    if not isinstance(value, list) or len(value) > MOST_NUMBERS:
        raise broken(f"{what} is out of bounds")
    if value and set(map(type, value)) != _ONLY_NUMBERS:
        raise broken(f"{what} holds something else than whole numbers")
    return value


def _text(value: object, longest: int, what: str) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise broken(f"{what} is out of bounds")
    if UNPRINTABLE.search(value):
        raise broken(f"{what} holds unprintable characters")
    return value


def _rows(value: object, what: str, most: int = MOST_ELEMENTS) -> list[list[object]]:
    if not isinstance(value, list) or len(value) > most:
        raise broken(f"{what} is out of bounds")
    for row in value:
        if not isinstance(row, list):
            raise broken(f"{what} is not a list of lists")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def broken(what: str) -> ReaderViolation:
    """The error for an answer that breaks its bounds; ``what`` is never text of it."""
    return ReaderViolation(
        f"the reader process broke its bounds: {what}",
        remedy="treat the file as hostile and remove it from the folder",
    )
