"""Table cells of a truth in Markdown or HTML, looked for among the cells of a read document.

The rule: a cell of the truth is *found* where a row of the document has a cell with the same text
(NFKC, case-folded, straight quotes and hyphens, without blanks and marks of Markdown), each cell of
the document used once.  It is *placed* where in addition the head of its column and the first cell
of its row, as far as the truth has them, stand there for the found cell.

Heads of the truth: the rows above the first row that holds a value (a number that is not a year,
yes, no, true, false, a dash), at least one where there are two rows, without rows at their end that
have only a label.  Further down, rows without a value but with two or more cells beside their label
are heads of the rows below, where the table has values.  The head of a cell is the lowest that is
not empty; the column of labels needs none.  A cell that equals its left or upper neighbour is the
same merged cell and counts once.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from appliance.documents import ParsedDocument
from appliance.tables import TableHeads, row_head
from scripts.evaluating.words import is_rule, plain, rows_of

Grid = list[list[str]]  # rows of cells, as texts

_NUMBER = re.compile(r"^[-+(\u2212]*\s*[$\u20ac\u00a3\u00a5]?\s*[-+(]?\d[\d.,]*\s*[%)]*(?:\s*x)?$")
_YEAR = re.compile(r"^(?:fy)?(?:19|20)\d\d$")
_ALIKE = str.maketrans("\u2010\u2011\u201c\u201d\u2018\u2019", "--\"\"''")
_WORDS = frozenset({"yes", "no", "true", "false", "n/a", "-", "\u2013", "\u2014", "$\u2014", "$-"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One cell of the truth; ``head`` and ``label`` are empty where it has none."""

    text: str
    head: str
    label: str


@dataclass(frozen=True, slots=True)
class Held:
    """One cell of a read document with what stands above it and at its left."""

    text: str
    heads: frozenset[str]
    label: str


def same(text: str) -> str:
    """A cell's text as it is compared."""
    bare = re.sub(r"(?:^|\s)(?:[-*]|\d+\.)\s+(?=\S)", " ", plain(text).replace("|", " "))
    bare = re.sub(r"[*~`\[\]]+", "", bare)
    return "".join(unicodedata.normalize("NFKC", bare).translate(_ALIKE).casefold().split())


def wanted(grid: Grid) -> list[Wanted]:
    """The cells below the heads of a table, merged ones once."""
    rows = [[same(cell) for cell in row] for row in grid]
    heads = _head_rows(rows)
    has_values = any(_holds_value(row) for row in rows)
    above: list[list[str]] = rows[:heads]  # the heads in force
    cells: list[Wanted] = []
    for number, row in enumerate(rows[heads:], heads):
        begins = has_values and not _holds_value(row) and sum(map(bool, row[1:])) > 1
        if begins:
            follows = number > heads and above[-1] is rows[number - 1]
            above = [*(above if follows else ()), row]
        before = rows[number - 1] if number > heads else []
        for column, text in enumerate(row):
            repeated = (column and row[column - 1] == text) or before[column : column + 1] == [text]
            if not text or repeated:
                continue
            if begins or not column:
                cells.append(Wanted(text, "", ""))
            else:
                cells.append(Wanted(text, _lowest(above, column), row[0]))
    return cells


def _lowest(heads: Grid, column: int) -> str:
    return next((row[column] for row in heads[::-1] if column < len(row) and row[column]), "")


def _head_rows(rows: Grid) -> int:
    first = next((number for number, row in enumerate(rows) if _holds_value(row)), 1)
    heads = min(max(first, 1), len(rows) - 1) if len(rows) > 1 else 0
    while heads > 1 and not any(rows[heads - 1][1:]):
        heads -= 1
    return heads


def _holds_value(row: list[str]) -> bool:
    return any(
        cell in _WORDS or (_NUMBER.match(cell) and not _YEAR.match(cell)) for cell in row[1:]
    )


def held(parsed: ParsedDocument) -> list[Held]:
    """The cells of a read document."""
    table = TableHeads.of(parsed)
    cells = []
    for element in parsed.elements:
        label = row_head(element)
        named = same(label.of(parsed.text)) if label else ""
        for cell in element.row.cells if element.row else ():
            heads = frozenset(same(span.of(parsed.text)) for span in table.heads(element, cell))
            cells.append(Held(same(cell.span.of(parsed.text)), heads, named))
    return cells


def matched(truth: Sequence[Wanted], cells: Sequence[Held]) -> tuple[int, int]:
    """How many cells of the truth are found, and how many of them are placed."""
    free: dict[str, list[Held]] = defaultdict(list)
    for cell in cells:
        free[cell.text].append(cell)
    rest: list[Wanted] = []
    for want in sorted(truth, key=lambda want: -len(want.head + want.label)):  # the strict first
        right = next((cell for cell in free[want.text] if _placed(want, cell)), None)
        if right is None:
            rest.append(want)
        else:
            free[want.text].remove(right)
    elsewhere = 0
    for want in rest:
        if free[want.text]:
            free[want.text].pop()
            elsewhere += 1
    placed = len(truth) - len(rest)
    return placed + elsewhere, placed


def _placed(want: Wanted, cell: Held) -> bool:
    return (not want.head or want.head in cell.heads) and want.label in {"", cell.label}


# --- tables of a truth ----------------------------------------------------------------------------


def of_markdown(markdown: str) -> list[Grid]:
    """The tables of a Markdown text, their first rows first, without the rule below the head."""
    grids: list[Grid] = []
    inside = False
    for line, cells in zip(markdown.splitlines(), rows_of(markdown), strict=True):
        if cells is not None and not is_rule(line):
            if not inside:
                grids.append([])
            grids[-1].append(cells)
        inside = cells is not None
    return [grid for grid in grids if len(grid) > 1]


def of_html(source: str) -> list[Grid]:
    """The tables of an HTML text that hold no other table and merge no cells."""
    reader = _Tables()
    reader.feed(source)
    return [grid for grid in reader.grids if len(grid) > 1]


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.grids: list[Grid] = []
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.grids.append([])
        elif tag == "tr" and self.grids:
            self.grids[-1].append([])
        elif tag in {"td", "th"} and self.grids and self.grids[-1]:
            self.grids[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "tr", "table"}:
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.grids[-1][-1][-1] += data


# --- tables that are written into the documents themselves ----------------------------------------


def of_file(file: Path) -> list[Grid]:
    """The tables of a simple file without merged cells, read by a library, not by our readers."""
    match file.suffix:
        case ".md":
            return of_markdown(file.read_text("utf-8"))
        case ".html":
            return of_html(file.read_text("utf-8"))
        case ".xlsx":
            return _of_workbook(file)
        case ".docx":
            return _of_word(file)
    return []


def _of_workbook(file: Path) -> list[Grid]:
    from openpyxl import load_workbook

    book = load_workbook(file, read_only=True, data_only=True)
    sheets = [
        [["" if value is None else str(value) for value in row] for row in sheet.values]
        for sheet in book
    ]
    return [grid for grid in sheets if len(grid) > 1 and max(map(len, grid)) > 1]


def _of_word(file: Path) -> list[Grid]:
    from docx import Document

    return [
        [[cell.text for cell in row.cells] for row in table.rows]
        for table in Document(str(file)).tables
    ]
