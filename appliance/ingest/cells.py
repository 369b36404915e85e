"""Rows of spreadsheets and of separated values, cell by cell as the file has them.

These two do not go through unstructured's partitioners, which hand the cells to pandas: that turns
cells such as N/A and null into nothing, 007 into 7 where a column holds only numbers, 1.10 into
1.1, and refuses a file whose rows differ in length.  A value shown as found in a document must
stand there.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator
from typing import Any

from appliance.documents import ElementKind
from appliance.ingest.build import DocumentBuilder

LONGEST_FIELD = 10_000_000  # characters in one field of separated values
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 20


def add_workbook(data: bytes, builder: DocumentBuilder) -> None:
    """Add every sheet, hidden ones too: its name as a heading, then its rows.

    Formulas count with the value stored for them; one without a stored value is a gap.

    Raises:
        Exception: whatever openpyxl raises at a damaged workbook.
    """
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        # the size a file claims may be missing, wrong, or a million rows of nothing
        sheet.reset_dimensions()
        rows = [row for row in _sheet_rows(sheet) if any(row)]
        if rows:
            builder.add(ElementKind.TITLE, sheet.title)
        for row in rows:
            builder.add_row(row)
        if sheet.sheet_state != "visible" and rows:
            builder.add_gap("a hidden sheet is among the text")
    book.close()


def _sheet_rows(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.iter_rows():
        yield [
            _shown(cell.value, cell.number_format) if cell.value is not None else "" for cell in row
        ]


def _shown(value: object, number_format: str) -> str:
    """A cell's value in the plainest form; per cents as such, a date without an empty time."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, int | float):
        return _number(value * 100) + "%" if "%" in str(number_format) else _number(value)
    return str(value)


def _number(value: float) -> str:
    """Up to 15 digits, which is what a spreadsheet keeps; no exponent for money."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


def add_separated(text: str, builder: DocumentBuilder) -> None:
    """Add the rows of a CSV or TSV text; rows may differ in length."""
    csv.field_size_limit(LONGEST_FIELD)
    lines = io.StringIO(text, newline="")
    for row in csv.reader(lines, delimiter=_delimiter(text)):
        builder.add_row(row)


def _delimiter(text: str) -> str:
    """The separator that cuts the first lines most evenly into most cells."""
    lines = [line for line in text.splitlines()[:_SAMPLE_LINES] if line.strip()]

    def fit(delimiter: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(counts), key=counts.count) if counts else 1
        return (counts.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=fit)
