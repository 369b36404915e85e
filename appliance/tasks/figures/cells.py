"""Every cell of a document's tables with what names it: its row, its section, its columns.

What a figure means stands around it: the scale in the head or in a line beside the table, the
period in a head above or a label at its left, the section in a row without figures.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from appliance.documents import Cell, DocumentId, Element, ElementKind, ParsedDocument, Span
from appliance.tables import TableHeads
from appliance.tasks.figures.numbers import Number, currency_note, read_number, scale_note
from appliance.tasks.figures.periods import Period, periods, quarter_in, without_periods

REACH = 4  # lines before and after a table that may say what its figures are
LONGEST_LINE = 600  # characters of such a line that are read
LONGEST_LABEL = 300

_UNSCALED = re.compile(
    r"\bper\s+(?:\w+\s+){0,2}?(?:share|unit|ads|option|award|note|day|barrel|ounce|tonne|employee)"
    r"|\bEPS\b|\bprices?\b(?!.*\bin\s+(?:thousands|millions))|\(?\bin\s+years\b|\(years\)"
    r"|\bnumber of (?:employees|stores|locations|countries|customers)\b|\bheadcount\b",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(?<!\d)(?<!\d\s)%|\bpercent(?:age)?s?\b", re.IGNORECASE)
_RATE = re.compile(r"\b(?:rates?|margins?|ratios?|yields?)\W*(?:\(\w+\)\W*)?$", re.IGNORECASE)
MOST_RATE = 100  # a "margin" above it is an amount, not a percentage
_CHANGE = re.compile(
    r"\bchanges?\b|\bvariances?\b|\bincreases?\b|\bdecreases?\b|\bgrowth\b|\bover\b|\bvs?\.|\bversus\b"
    r"|\byr\.?-to-yr\b|\by[-/]?o[-/]?y\b|△|Δ",
    re.I,
)
_TOTAL = re.compile(r"^\W*(?:sub-?\s?)?totals?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell with what it means; ``number`` is None where it holds words."""

    document: DocumentId
    span: Span
    quote: str
    number: Number | None
    table: int
    line: int  # of its row, in the document's order
    column: int
    label: str  # of its row, without its period
    section: str  # titles of the rows above it
    inner: str  # the last of them
    heads: str  # of its columns, without their periods
    around: str = field(compare=False)  # lines beside the table
    period: Period | None = None
    scale: int = 1
    currency: str = ""
    percent: bool = False
    total: bool = False
    change: bool = False  # from one period to another, as the table itself gives it
    since: Period | None = None  # of a change: the earlier period
    naming: tuple[Span, ...] = field(default=(), compare=False)  # its row and its heads
    dated: Span | None = None  # the head or label that names the period


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of one table with the lines beside it."""

    number: int
    rows: tuple[Element, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


def figures(document: DocumentId, parsed: ParsedDocument) -> tuple[Figure, ...]:
    """All cells right of the labels, in reading order."""
    heads = TableHeads.of(parsed)
    found: list[Figure] = []
    for table in _tables(parsed):
        found.extend(_Reader(document, parsed, heads, table).read())
    return tuple(found)


def _tables(parsed: ParsedDocument) -> Iterator[_Table]:
    runs = [
        (number, tuple(run))
        for number, run in groupby(parsed.elements, lambda e: e.row.table if e.row else None)
    ]
    for at, (number, run) in enumerate(runs):
        if number is None:
            continue
        before = runs[at - 1][1] if at and runs[at - 1][0] is None else ()
        after = runs[at + 1][1] if at + 1 < len(runs) and runs[at + 1][0] is None else ()
        yield _Table(
            number,
            run,
            _lines(parsed, before[-REACH:]),
            _lines(parsed, after if at + 2 >= len(runs) else after[:REACH]),
        )


def _lines(parsed: ParsedDocument, elements: Sequence[Element]) -> tuple[str, ...]:
    silent = {ElementKind.HEADER, ElementKind.FOOTER}
    return tuple(e.span.of(parsed.text) for e in elements if e.kind not in silent)


class _Reader:
    """Reads one table from the top, keeping the section that the rows stand in."""

    def __init__(
        self, document: DocumentId, parsed: ParsedDocument, heads: TableHeads, table: _Table
    ) -> None:
        self._document = document
        self._text = parsed.text
        self._heads = heads
        self._table = table
        self._around = " ".join(line[:LONGEST_LINE] for line in (*table.before[::-1], *table.after))
        self._scale, self._currency = self._notes()
        self._sections: list[Span] = []
        self._closed: list[Span] = []  # the section that a total ended last
        self._fresh = False  # the row above was the title of a section
        self._percents = self._percent_columns()
        self._spilt = self._spilt_columns()

    def read(self) -> Iterator[Figure]:
        for line, element in enumerate(self._table.rows):
            row = element.row
            if row is None or row.heads or not row.cells:
                continue
            labels, values = self._parted(row.cells)
            if not values:
                self._title(labels)
                continue
            label = " ".join(cell.span.of(self._text) for cell in labels)
            total = not labels or bool(_TOTAL.search(label))
            for cell in values:
                yield self._figure(element, line, labels, cell, total)
            self._fresh = False
            if total and (not labels or self._closes(label)):
                self._closed, self._sections = self._sections or self._closed, []

    def _parted(self, cells: Sequence[Cell]) -> tuple[list[Cell], list[Cell]]:
        """The label and the values: what stands in the first column, and what beside it."""
        first = cells[0]
        own = first.span.of(self._text)
        if first.column == 0 and (read_number(own) is None or _is_year(own)):
            return [first], list(cells[1:])
        return [], list(cells)

    def _title(self, labels: Sequence[Cell]) -> None:
        if not self._fresh:
            self._sections = []
        self._sections.extend(cell.span for cell in labels)
        self._fresh = True

    def _closes(self, label: str) -> bool:
        """Whether a total is that of the section: it says its words again."""
        section = " ".join(span.of(self._text) for span in self._sections).lower()
        words = set(re.findall(r"[a-z]{4,}", label.lower())) - {"total"}
        return not words or bool(words & set(re.findall(r"[a-z]{4,}", section)))

    def _notes(self) -> tuple[int, str]:
        """Scale and currency by the heads and corners of the table, then by the lines beside it."""
        notes = self._of_all_columns()
        scale = next((s for note in notes if (s := scale_note(note))), None)
        currency = next(
            (c for note in notes if scale_note(note) and (c := currency_note(note))), ""
        )
        for line in (*self._table.before[::-1], *self._table.after):
            if scale is None and (note := _noted(line)):
                scale = scale_note(note)
                currency = currency or currency_note(note)
        return scale or 1, currency

    def _of_all_columns(self) -> list[str]:
        """Heads that speak of the whole table: corners, and heads that stand alone in their row."""
        found = []
        for element in self._table.rows:
            if element.row is None or not element.row.heads:
                continue
            texts = [(cell.column, cell.span.of(self._text)) for cell in element.row.cells]
            beside = [text for column, text in texts if column]
            alone = len(beside) == 1 or all(scale_note(text) for text in beside)
            found += [text for column, text in texts if not column or alone]
        return found

    def _percent_columns(self) -> frozenset[int]:
        """Columns of percentages of which only the first and the last figure carry the sign."""
        columns: dict[int, list[Number]] = {}
        for element in self._table.rows:
            if element.row is None or element.row.heads:
                continue
            for cell in element.row.cells:
                if cell.column and (number := read_number(cell.span.of(self._text))):
                    columns.setdefault(cell.column, []).append(number)
        return frozenset(
            column
            for column, numbers in columns.items()
            if len(numbers) > 1
            and numbers[0].percent
            and numbers[-1].percent
            and not any(number.currency for number in numbers)
        )

    def _spilt_columns(self) -> dict[int, Cell]:
        """Columns without a head in the lowest row of heads, each with the head at its left.

        "2019 over 2018" stands over an amount and a percentage, where a file does not say so.
        """
        groups = [e for e in self._table.rows if e.row and e.row.heads]
        last = groups[-1].row.cells if groups and groups[-1].row else ()
        covered = {c for cell in last for c in range(cell.column, cell.column + cell.width)}
        filled = {
            cell.column
            for e in self._table.rows
            if e.row and not e.row.heads
            for cell in e.row.cells
        }
        spilt = {}
        for column in sorted(filled - covered - {0}):
            left = [cell for cell in last if 0 < cell.column < column]
            if left and len(last) > 1 and column - 1 in filled:
                spilt[column] = left[-1]
        return spilt

    def _figure(
        self, element: Element, line: int, labels: Sequence[Cell], cell: Cell, total: bool
    ) -> Figure:
        spans = self._heads.heads(element, cell)
        if cell.column in self._spilt and self._spilt[cell.column].span not in spans:
            spans = (*spans, self._spilt[cell.column].span)
        head = " ".join(span.of(self._text) for span in spans)
        label = " ".join(c.span.of(self._text) for c in labels)[:LONGEST_LABEL]
        sections = self._sections or (() if labels else self._closed)
        section = " ".join(span.of(self._text) for span in sections)
        if sections and not labels and not self._sections:
            section += " net"  # what is left of a total after what stands below it
        quote = cell.span.of(self._text)
        number = read_number(quote)
        period, since, dated = self._period(element, spans, labels, section)
        change = since is not None or bool(_CHANGE.search(head))
        percent = number is not None and self._is_percent(number, cell, label, head)
        return Figure(
            document=self._document,
            span=cell.span,
            quote=quote,
            number=number,
            table=self._table.number,
            line=line,
            column=cell.column,
            label=without_periods(label),
            section=without_periods(section),
            inner=sections[-1].of(self._text) if sections else "",
            heads=without_periods(head),
            around=self._around,
            period=period,
            scale=1 if percent else self._scale_of(number, head, label, section),
            currency="" if percent else self._currency_of(number, head),
            percent=percent,
            total=total,
            change=change,
            since=since,
            naming=(*(c.span for c in labels), *(() if labels else sections), *spans),
            dated=dated,
        )

    def _period(
        self, element: Element, spans: Sequence[Span], labels: Sequence[Cell], section: str
    ) -> tuple[Period | None, Period | None, Span | None]:
        """The period of a figure, for a change the one before it, and where it is named."""
        head = " ".join(span.of(self._text) for span in spans)
        named = periods(head)
        years = sorted({period.year for period in named})
        if len(years) == 2:
            latest = max(named)
            return latest, min(named), spans[-1] if spans else None
        if named:
            dated = [s for s in spans if periods(s.of(self._text))]
            return max(named, key=lambda p: (p.month, p.day, p.months)), None, dated[-1]
        quarter = quarter_in(head)
        for cell in labels:
            if own := periods(cell.span.of(self._text)):
                return _within(own[-1], quarter), None, cell.span
        if own := periods(section):
            return _within(own[-1], quarter), None, None
        period = self._of_group(element) or self._of_lines
        return _within(period, quarter) if period else None, None, None

    @cached_property
    def _of_lines(self) -> Period | None:
        """The one period that the lines above a table name, where its own rows name none."""
        if any(periods(e.span.of(self._text)) for e in self._table.rows):
            return None
        for line in self._table.before[::-1]:
            if named := {period.year: period for period in periods(line[:LONGEST_LINE])}:
                return next(iter(named.values())) if len(named) == 1 else None
        return None

    def _of_group(self, element: Element) -> Period | None:
        """The last period that the heads above name for other columns: the end of a movement."""
        for group in self._heads.above(element):
            named = [p for row in group.rows for p in periods(row.span.of(self._text))]
            if named:
                return max(named)
        return None

    def _is_percent(self, number: Number, cell: Cell, label: str, head: str) -> bool:
        if number.percent:
            return True
        if number.currency:
            return False
        if cell.column in self._percents or _PERCENT.search(head) or _PERCENT.search(label):
            return True
        return bool(_RATE.search(label)) and abs(number.value) < MOST_RATE and not number.nil

    def _currency_of(self, number: Number | None, head: str) -> str:
        own = number.currency if number else ""
        return own or currency_note(head) or self._currency

    def _scale_of(self, number: Number | None, head: str, label: str, section: str) -> int:
        if number is None or number.scale > 1:
            return number.scale if number else 1
        for words in (label, head, section):
            if own := scale_note(words):
                return own
        return 1 if _UNSCALED.search(f"{label} {head} {section}") else self._scale


def _within(period: Period, quarter: int) -> Period:
    """A quarter of a year, where a head names one and the year stands elsewhere."""
    return replace(period, quarter=quarter) if quarter and not period.quarter else period


def _is_year(text: str) -> bool:
    return bool(re.fullmatch(r"\s*(?:19|20)\d\d\s*", text))


_NOTED = re.compile(
    r"\([^()]*\b(?:thousands|millions|billions)\b[^()]*\)|\([^()]*[’'`]000s?[^()]*\)"
    r"|\b(?:amounts|dollars|figures|tabular\w*|expressed|stated|presented|reported|shown|\$)"
    r"[^.;]{0,40}\bin\s+(?:thousands|millions|billions)\b[^.;:]{0,40}"
    r"|^.{0,20}\bin\s+(?:thousands|millions|billions)\b(?!\s+of\s+[a-z]+\s+[a-z]).{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)


def _noted(line: str) -> str:
    """The part of a line that gives a scale to a table; a sentence about "millions" gives none."""
    match = _NOTED.search(line)
    return match[0] if match else ""
