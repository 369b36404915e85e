"""Records: lines that repeat under heads, such as items of an invoice, or transactions of a bank.

A head row names the parts of a record by the pack's expressions; the lines below it, up to the
first that sums up, are records, and what stands below a head is that part.  A line that has only
words goes to the record it stands beside.  Where no head row is found, as on many receipts, a line
that ends with a price is a record of a name and an amount.  Quantity times price, and the sum of
the amounts against the total printed below, say whether the lines were read right.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from appliance.documents import ParsedDocument, Span
from appliance.tasks.blocks import anycase
from appliance.tasks.dates import Order, order_of, read_date
from appliance.tasks.normalise import NORMALISERS
from appliance.tasks.numbers import read_number, shown
from appliance.tasks.packs import FieldPart, FieldType, PackField
from appliance.tasks.receipts import words
from appliance.tasks.receipts.totals import prices, unit
from appliance.tasks.strips import Piece, Ruler, Strip, strips

LEAST_HEADS = 2  # parts that a head row names
MOST_GAPS = 3  # lines without a value between two records
_SUMS = re.compile(
    r"\b(?:sub[\s-]?)?total\b|\btotai\b|\bsumme\b|\bgesamt|\bzwischensumme|\bbalance\s+(?:due|brought"
    r"|carried)|\bamount\s+due\b|\b(?:gst|vat|tax|mwst|tva)\s?(?:summary|total|\d|\()"
    r"|^\W*(?:net|vat|tax|gst|cash|change|rounding|discount|shipping|item\(?s?\)?\s?:)\b"
    r"|\b(?:opening|closing|ending|beginning)\s+balance\b|\biten?\s+count\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-\u2212(]?\s?\d[\d.,'\u00a0 ]*\d\)?[-\u2212]?|\d")
_PRICED = re.compile(r"\d[.,]\d\d\b")
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Value:
    """One part of one record."""

    part: str
    span: Span
    normalised: str | None
    record: int
    heads: tuple[Span, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Head:
    """A head: where it stands along the ruler; ``part`` is None for one that the pack lacks."""

    part: FieldPart | None
    span: Span
    left: float
    right: float


@dataclass
class _Record:
    pieces: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    numbers: dict[str, Decimal] = field(default_factory=dict)


def records(parsed: ParsedDocument, wanted: PackField) -> tuple[Value, ...]:
    """The values of a record field, by record and in the order of its parts."""
    cut = strips(parsed)
    order = order_of(parsed.text)
    found: list[tuple[tuple[_Head, ...], _Record]] = []
    at = 0
    while at < len(cut):
        summary = _SUMS.search(cut[at].line.text) is not None
        heads = () if summary else _heads(cut[at], wanted.parts)
        if heads:
            block, at = _below(cut, at + 1, heads, wanted.parts)
            found += [(heads, record) for record in block]
        else:
            at += 1
    if not found:
        found = [((), record) for record in _priced(cut, wanted.parts)]
    name = unit([strip.line for strip in cut], "")
    sums = _sums_up([record for _, record in found], cut)
    return tuple(
        value
        for number, (heads, record) in enumerate(found)
        for value in _values(parsed.text, wanted.parts, heads, record, number, name, order, sums)
    )


def _heads(strip: Strip, parts: Sequence[FieldPart]) -> tuple[_Head, ...]:
    """The parts that a line names, each by a stretch of its own; none for a line of values."""
    if sum(bool(re.search(r"\d[.,]\d\d\b", piece.text)) for piece in strip.pieces):
        return ()
    taken: list[_Head] = []
    for part in parts:
        for source in part.heads:
            head = _named(strip, part, source, taken)
            if head:
                taken.append(head)
                break
    every = {part.name for part in parts if part.required}
    if len(taken) < LEAST_HEADS or not every <= {head.part.name for head in taken if head.part}:
        return ()
    others = [
        _Head(None, piece.span, piece.left, piece.right)
        for piece in strip.pieces
        if not any(piece.span.overlaps(head.span) for head in taken)
    ]
    return (*taken, *others)


def _named(strip: Strip, part: FieldPart, source: str, taken: Sequence[_Head]) -> _Head | None:
    for piece in strip.pieces:
        for match in anycase(source).finditer(piece.text):
            span = Span(piece.span.begin + match.start(), piece.span.begin + match.end())
            if any(span.overlaps(other.span) for other in taken):
                continue
            width = (piece.right - piece.left) / len(piece.text)
            if strip.ruler is Ruler.COLUMNS:
                return _Head(part, span, piece.left, piece.right)
            left = piece.left + width * match.start()
            return _Head(part, span, left, piece.left + width * match.end())
    return None


def _below(
    cut: Sequence[Strip], at: int, heads: Sequence[_Head], parts: Sequence[FieldPart]
) -> tuple[list[_Record], int]:
    """The records below a head row, and the line after them."""
    ruler = cut[at - 1].ruler
    found: list[_Record] = []
    loose: list[Span] = []  # lines of words that wait for their record
    below = None  # whether words stand below the values of their record, or above
    gaps = 0
    while at < len(cut):
        strip = cut[at]
        sums = _SUMS.search(strip.line.text) is not None
        if (sums and found) or _heads(strip, parts):
            break
        if sums:  # a balance brought forward
            at += 1
            continue
        record = _record(strip, heads) if strip.ruler is ruler else None
        if record is not None:
            below = not loose if below is None else below
            _take(found, record, loose, below=below)
            loose, gaps = [], 0
        elif _LETTERS.search(strip.line.text):
            loose.append(strip.line.span)
            gaps += 1
        if gaps > MOST_GAPS:
            break
        at += 1
    if found and below and loose and gaps <= 1:
        _describe(found[-1], loose[:1])
    return found, at


def _take(found: list[_Record], record: _Record, loose: Sequence[Span], below: bool) -> None:
    if loose and below and found:
        _describe(found[-1], loose[:1])
    elif loose and not below:
        _describe(record, loose[-1:])
    found.append(record)


def _describe(record: _Record, spans: Sequence[Span]) -> None:
    record.pieces["+"] = (*record.pieces.get("+", ()), *spans)


def _record(strip: Strip, heads: Sequence[_Head]) -> _Record | None:
    """The pieces of a line below their heads; None where a required part or all numbers lack."""
    record = _Record()
    for piece in strip.pieces:
        part = _part_of(piece, heads)
        if part is None:
            continue
        held = record.pieces.get(part.name, ())
        if not held or part.type is FieldType.TEXT:
            record.pieces[part.name] = (*held, piece.span)
            number = _number(piece.text)
            if number is not None and part.type is FieldType.AMOUNT:
                record.numbers[part.name] = number
    parts = [head.part for head in heads if head.part]
    lacking = any(part.required and part.name not in record.pieces for part in parts)
    valued = any(part.name in record.numbers for part in parts if part.type is FieldType.AMOUNT)
    return record if valued and not lacking else None


def _part_of(piece: Piece, heads: Sequence[_Head]) -> FieldPart | None:
    """The part below whose head a piece stands: they overlap, or their ends are nearest."""

    def distance(head: _Head) -> tuple[float, float]:
        overlap = min(piece.right, head.right) - max(piece.left, head.left)
        ends = min(
            abs(piece.left - head.left),
            abs(piece.right - head.right),
            abs(piece.left + piece.right - head.left - head.right) / 2,
        )
        return (0.0, ends) if overlap > 0 else (-overlap, ends)

    fitting = [head for head in heads if _fits(piece, head.part)]
    return min(fitting, key=distance).part if fitting else None


def _fits(piece: Piece, part: FieldPart | None) -> bool:
    if part is None:
        return True
    if part.type is FieldType.AMOUNT:
        return _number(piece.text) is not None
    if part.type is FieldType.DATE:
        return any(char.isdigit() for char in piece.text)
    return True


def _priced(cut: Sequence[Strip], parts: Sequence[FieldPart]) -> Iterator[_Record]:
    """Lines of a receipt without heads: words, and a price at their end."""
    text = next((part.name for part in parts if part.type is FieldType.TEXT), None)
    amount = next((part.name for part in reversed(parts) if part.type is FieldType.AMOUNT), None)
    if text is None or amount is None:
        return
    every = [strip.line for strip in cut]
    begin = next((at for at, line in enumerate(every) if _PRICED.search(line.text)), len(every))
    end = next((at for at in range(begin, len(every)) if _SUMS.search(every[at].text)), len(every))
    for price in prices(every[begin:end]):
        line = every[begin + price.at]
        if price.value.as_tuple().exponent == 0 or words.ends_heading(line.text):
            continue  # a number of an article, a year, or the head of the receipt
        label = line.text[: price.span.begin - line.span.begin].rstrip(" |:$€£RM")
        if _LETTERS.search(label) and price.value:
            named = Span(line.span.begin, line.span.begin + len(label.rstrip(" |:")))
            yield _Record({text: (named,), amount: (price.span,)}, {amount: price.value})


def _number(text: str) -> Decimal | None:
    """The number of a cell, beside a currency or a tax code; None where it is words."""
    matches = _NUMBER.findall(text)
    if len(matches) != 1 or "%" in text or len(re.findall(r"[^\W\d_]", text)) > 3:
        return None
    bare = re.sub(r"(?<=\d) (?=\d\d$)", ".", matches[0].strip())
    value = read_number(bare)
    return read_number(bare, ".") if value is None else value


def _sums_up(found: Sequence[_Record], cut: Sequence[Strip]) -> bool:
    """Whether the last numbers of the records add up to a number on a line that sums up."""
    totals = {price.value for price in prices([s.line for s in cut]) if _SUMS.search(price.label)}
    columns: Mapping[str, list[Decimal]] = {
        name: [r.numbers[name] for r in found if name in r.numbers]
        for record in found
        for name in record.numbers
    }
    return any(sum(column) in totals for column in columns.values() if column)


def _values(
    text: str,
    parts: Sequence[FieldPart],
    heads: Sequence[_Head],
    record: _Record,
    number: int,
    name: str,
    order: Order | None,
    sums: bool,
) -> Iterator[Value]:
    score = 0.4 + 0.2 * bool(heads) + 0.2 * sums + 0.2 * _multiplies(record)
    extra = record.pieces.get("+", ())
    described = next((part.name for part in parts if part.type is FieldType.TEXT), "")
    for part in parts:
        spans = record.pieces.get(part.name, ())
        if part.name == described:
            spans = (*spans, *extra) if _worded(text, spans) or not extra else extra
        if not spans:
            continue
        span = _joined(text, spans)
        above = tuple(head.span for head in heads if head.part and head.part.name == part.name)
        normal = _normal(span.of(text), part, name, order, record.numbers.get(part.name))
        yield Value(part.name, span, normal, number, above, round(score, 6))


def _worded(text: str, spans: Sequence[Span]) -> bool:
    """Whether there are words, not only a number of an article."""
    said = " ".join(span.of(text) for span in spans)
    return sum(map(str.isalpha, said)) > sum(map(str.isdigit, said))


def _joined(text: str, spans: Sequence[Span]) -> Span:
    """One stretch where they follow each other; else the first that has words."""
    ordered = sorted(spans)
    length = sum(span.end - span.begin for span in ordered)
    if ordered[-1].end - ordered[0].begin <= length + 4 * (len(ordered) - 1):
        return Span(ordered[0].begin, ordered[-1].end)
    return next((span for span in spans if _LETTERS.search(span.of(text))), spans[0])


def _multiplies(record: _Record) -> bool:
    values = list(record.numbers.values())
    return any(
        abs(a * b - c) <= Decimal("0.01")
        for i, a in enumerate(values)
        for j, b in enumerate(values)
        for k, c in enumerate(values)
        if len({i, j, k}) == 3 and c
    )


def _normal(
    quote: str, part: FieldPart, name: str, order: Order | None, number: Decimal | None
) -> str | None:
    if part.type is FieldType.DATE:
        return read_date(quote, order).iso
    if part.type is FieldType.AMOUNT and number is not None:
        return shown(number) if part.normaliser == "number" else f"{name} {shown(number)}".strip()
    return NORMALISERS[part.normaliser](quote)
