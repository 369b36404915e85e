"""Figures of financial statements: the row by its label, the period by the heads of its column.

A figure is a cell of a table.  Which table is the statement of income or the balance sheet follows
from how many of a pack's rows it holds; scale and currency from what stands above the table.  The
current period is the one that ends last, the shorter one of two (the quarter before the nine
months); comparative periods follow, and each has a record number that the figures of a pack share.

A statement checks itself: assets are liabilities and equity, and a figure that other tables repeat
for the same period is confirmed.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from appliance.documents import Element, ParsedDocument, Span
from appliance.tables import TableHeads, row_head
from appliance.tasks.amounts import currency
from appliance.tasks.blocks import anycase
from appliance.tasks.numbers import SCALES, read_number, scaled, shown
from appliance.tasks.packs import FieldType, PackField
from appliance.tasks.periods import Period, read_period

ABOVE = 6  # elements above a table that may say its scale
LONGEST_LABEL = 300  # characters; more is a paragraph that was read as a row
_BLANK_NUMBER = re.compile(r"[\s$€£¥₹*]|(?:US|R|C)(?=\$)|\(\w\)$|\b(?:USD|EUR|GBP|CHF)\b")
_SCALE = re.compile(
    r"\b(?:in|expressed in|amounts? in|figures in|stated in)\s+(?:\w+\.?\s+){0,3}?"
    r"(?P<scale>thousands|millions|billions|lakhs|crores)\b"
    r"|(?P<sign>[$€£₹])\s?(?:(?P<short>000|m|mn|bn)\b|(?:in\s+)?(?P<word>thousands|millions|billions))"
    r"|['’](?P<thousands>000)s?\b",
    re.IGNORECASE,
)
_SHARES_SCALE = re.compile(
    r"\bshares?\b[^()]{0,60}\b(?:in|reflected in)\s+(?P<scale>thousands|millions)", re.IGNORECASE
)
_PLAIN_SHARES = re.compile(r"\bexcept\s+(?:for\s+)?(?:number of\s+)?shares?\b", re.IGNORECASE)
_SECURITIES = re.compile(r"securities\s+and\s+exchange\s+commission", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell: what it says, for which period, and where that is said."""

    span: Span
    value: Decimal  # with its scale
    normalised: str
    period: Period | None
    heads: tuple[Span, ...]  # the label of its row, then the heads of its column
    score: float
    record: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with values, and what names it."""

    element: Element
    label: Span
    name: str  # its label, without notes and colons
    path: str  # with the label of the group in which it stands before it


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is known of one table: its rows, and what the text above it says."""

    table: int
    rows: tuple[_Row, ...]
    caption: str


def figures(
    parsed: ParsedDocument, fields: Sequence[PackField]
) -> Mapping[str, tuple[Figure, ...]]:
    """The figures of a pack in one document by the name of the field, current period first."""
    wanted = [field for field in fields if field.type is FieldType.FIGURE]
    if not wanted:
        return {}
    sheets = _sheets(parsed)
    heads = TableHeads.of(parsed)
    found: dict[str, tuple[Figure, ...]] = {}
    for group in dict.fromkeys(field.place for field in wanted):
        members = [field for field in wanted if field.place == group]
        ranked = sorted(sheets, key=lambda sheet: (-_held(sheet, members), sheet.table))
        for field in members:
            found[field.name] = _of_field(parsed, field, ranked, heads)
    return _numbered(_checked(found))


def _of_field(
    parsed: ParsedDocument, field: PackField, ranked: Sequence[_Sheet], heads: TableHeads
) -> tuple[Figure, ...]:
    """From the statement that holds most of the group; else from the first table with the row."""
    for place, sheet in enumerate(ranked):
        for rank, label in enumerate(field.rows):
            for row in sheet.rows:
                if not _matches(label, row) or _excluded(field, row):
                    continue
                cells = tuple(_cells(parsed, field, sheet, row, heads))
                dated = [figure for figure in cells if figure.period is not None]
                if dated or (cells and place == 0):
                    sure = 0.4 * (place == 0) + 0.1 * (rank == 0)
                    confirmed = _repeated(parsed, field, ranked, sheet, dated, heads)
                    return tuple(
                        _scored(figure, sure + 0.2 * confirmed) for figure in dated or cells
                    )
    return ()


def _cells(
    parsed: ParsedDocument, field: PackField, sheet: _Sheet, row: _Row, heads: TableHeads
) -> Iterator[Figure]:
    cells = row.element.row.cells if row.element.row else ()
    for cell in cells[1:]:
        above = heads.heads(row.element, cell)
        value = _value(cell.span.of(parsed.text))
        if value is None:
            continue
        named = " ".join(span.of(parsed.text) for span in above)
        period = read_period(named)
        unit, scale = _unit(parsed, field, sheet, row, named)
        number = scaled(value, scale)
        text = f"{unit} {shown(number)}".strip()
        text = text.replace("/share ", "") + ("/share" if field.normaliser == "per_share" else "")
        yield Figure(
            cell.span,
            number,
            f"{text} {period}" if period else text,
            period,
            (row.label, *above),
            0.2 * (period is not None) + 0.1 * (scale != 1 or field.normaliser == "per_share"),
        )


def _unit(
    parsed: ParsedDocument, field: PackField, sheet: _Sheet, row: _Row, named: str
) -> tuple[str, int]:
    """Currency and scale: of money; of shares, whose scale is said apart; of amounts a share."""
    said = f"{named} {sheet.caption} {row.path}"
    if field.normaliser == "count":
        own = _SHARES_SCALE.search(said)
        if own:
            return "shares", SCALES[own["scale"].lower()]
        return "shares", 1 if _PLAIN_SHARES.search(said) else _scale(said)
    rows = " ".join(other.element.span.of(parsed.text) for other in sheet.rows[:40])
    unit = currency(said) or currency(row.element.span.of(parsed.text)) or currency(rows) or ""
    if unit == "$" and _SECURITIES.search(parsed.text, 0, 20_000):
        unit = "USD"  # filers with this commission report in its country's dollar
    return unit, 1 if field.normaliser == "per_share" else _scale(said)


def _scale(said: str) -> int:
    match = _SCALE.search(said)
    if not match:
        return 1
    word = (match["scale"] or match["word"] or match["short"] or "000").lower()
    return 1000 if word == "000" else SCALES[word]


def _value(text: str) -> Decimal | None:
    if "%" in text:
        return None
    return read_number(_BLANK_NUMBER.sub("", text), ".") or read_number(_BLANK_NUMBER.sub("", text))


def _repeated(
    parsed: ParsedDocument,
    field: PackField,
    sheets: Sequence[_Sheet],
    own: _Sheet,
    figures: Sequence[Figure],
    heads: TableHeads,
) -> bool:
    """Whether another table says the same of the current period."""
    if not figures:
        return False
    current = figures[0]
    return any(
        other.period == current.period and other.value == current.value
        for sheet in sheets
        if sheet.table != own.table
        for row in sheet.rows
        if any(_matches(label, row) for label in field.rows)
        for other in _cells(parsed, field, sheet, row, heads)
    )


def _checked(found: dict[str, tuple[Figure, ...]]) -> dict[str, tuple[Figure, ...]]:
    """The sides of a balance sheet that come out equal speak for its three figures."""
    sides = ("total_assets", "total_liabilities", "equity")
    if not all(found.get(side) for side in sides):
        return found
    by_period = [{f.period: f.value for f in found[side]} for side in sides]
    even = {p for p, assets in by_period[0].items() if _balance(p, assets, by_period[1:])}
    for side in sides:
        found[side] = tuple(_scored(f, 0.2 if f.period in even else -0.2) for f in found[side])
    return found


def _balance(
    period: Period | None, assets: Decimal, others: Sequence[Mapping[Period | None, Decimal]]
) -> bool:
    parts = [side.get(period) for side in others]
    return None not in parts and assets == sum(part for part in parts if part is not None)


def _numbered(found: dict[str, tuple[Figure, ...]]) -> dict[str, tuple[Figure, ...]]:
    """Number the periods from the current one; a day has the number of the shortest that ends on
    it.
    """
    spans = {f.period for each in found.values() for f in each if f.period}
    numbers: dict[Period, int] = {}
    for period in sorted(spans, key=lambda p: (_descending(p.end), _days(p))):
        same_end = (p for p in numbers if p.end == period.end and not period.length)
        shortest = next(same_end, None)
        numbers[period] = numbers[shortest] if shortest else len(set(numbers.values()))
    return {
        name: tuple(
            sorted(
                (replace(f, record=numbers[f.period]) if f.period else f for f in each),
                key=lambda f: (f.record, f.span),
            )
        )
        for name, each in found.items()
    }


def _descending(end: str) -> tuple[int, ...]:
    return tuple(-int(part) for part in end.split("-"))


def _days(period: Period) -> int:
    """About how long a period is; a point in time comes after the spans that end with it."""
    match = re.fullmatch(r"P(\d+)([DWMY])", period.length)
    if not match:
        return 10**6
    return int(match[1]) * {"D": 1, "W": 7, "M": 30, "Y": 365}[match[2]]


def _scored(figure: Figure, more: float) -> Figure:
    return replace(figure, score=round(figure.score + more, 6))


def _held(sheet: _Sheet, members: Sequence[PackField]) -> int:
    return sum(
        any(
            _matches(label, row) and not _excluded(field, row)
            for label in field.rows
            for row in sheet.rows
        )
        for field in members
    )


def _matches(label: str, row: _Row) -> bool:
    expression = anycase(label)
    return bool(expression.fullmatch(row.name) or expression.fullmatch(row.path))


def _excluded(field: PackField, row: _Row) -> bool:
    return any(anycase(source).search(row.path) for source in field.unless)


def _sheets(parsed: ParsedDocument) -> list[_Sheet]:
    """The tables of a document with the rows that hold values."""
    tables: dict[int, list[int]] = {}
    for at, element in enumerate(parsed.elements):
        if element.row is not None:
            tables.setdefault(element.row.table, []).append(at)
    return [_sheet(parsed, table, places) for table, places in tables.items()]


def _sheet(parsed: ParsedDocument, table: int, places: Sequence[int]) -> _Sheet:
    rows = []
    group = ""
    caption = [e.span.of(parsed.text) for e in _above(parsed, places[0])]
    for at in places:
        element = parsed.elements[at]
        label = row_head(element)
        if element.row is None or label is None:
            continue
        if element.row.heads:
            caption.append(element.span.of(parsed.text))
            continue
        named = _label(label.of(parsed.text))
        if len(element.row.cells) == 1:
            group = named
        else:
            rows.append(_Row(element, label, named, f"{group} / {named}" if group else named))
    return _Sheet(table, tuple(rows), " ".join(caption))


def _above(parsed: ParsedDocument, at: int) -> list[Element]:
    page = parsed.elements[at].page
    before = []
    for element in reversed(parsed.elements[max(0, at - ABOVE) : at]):
        if element.row is not None or element.page != page:
            break
        before.append(element)
    return before[::-1]


def _label(text: str) -> str:
    """A label without notes, colons and odd blanks."""
    notes = r"\s*\((?:\d{1,2}|[a-z]|note \d+)\)|[:*]|\s+note \d+$"
    bare = re.sub(notes, "", text[:LONGEST_LABEL], flags=re.I)
    return " ".join(bare.replace("’", "'").split())
