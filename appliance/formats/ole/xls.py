"""Reads XLS (Excel 5 to 2003) with xlrd, and what xlrd leaves out.  Runs in the confined child.

Every sheet is read, hidden ones too; numbers show as their format means them; cells are counted in
the records of the file by another way.
"""

from __future__ import annotations

import io
from typing import Any

from appliance.documents import Concealment, ElementKind, Flag, Tally, Unit
from appliance.formats import cell_numbers, pictures
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole import pictures as ole_pictures
from appliance.formats.ole import xls_records
from appliance.formats.ole.container import Container
from appliance.formats.ole.xls_records import Extras
from appliance.formats.reading import Reading, Wishes
from appliance.formats.table import add_table
from appliance.sandbox.outcome import Outcome, ReadingFailed

_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5
_EMBEDDED = "mbd"  # how storages of embedded objects are named
_MACROS = frozenset({xls_records.MACRO_SHEET, xls_records.MODULE})


def warm() -> None:
    """Import what the children need."""
    import olefile  # noqa: F401 -- for the children
    import xlrd  # noqa: F401 -- for the children

    pictures.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one workbook.

    Raises:
        ReadingFailed: damaged, encrypted, too large.
        Exception: whatever xlrd raises at a damaged workbook.
    """
    container = Container(data)
    stream = container.stream("Workbook") or container.stream("Book")
    extras = xls_records.extras(stream)
    if extras.encrypted:
        raise ReadingFailed(Outcome.ENCRYPTED)
    builder = DocumentBuilder(media_type)
    book = _opened(xls_records.cells_only(stream))
    hidden = sum(_add_sheet(book, sheet, builder) for sheet in book.sheets())
    _add_extras(extras, builder)
    _count(book, extras, hidden, builder)
    _flag(container, extras, builder)
    storages = [(name,) for name in container.children() if name.lower().startswith(_EMBEDDED)]
    parts, following = ole_parts.objects(container, storages, wishes.first_part, builder)
    scans = pictures.add_pictures(ole_pictures.in_container(container, media_type), builder)
    return Reading(builder.finish(), parts, following, scans)


def _opened(stream: bytes) -> Any:
    import xlrd

    silent = io.StringIO()
    try:
        return xlrd.open_workbook(
            file_contents=stream,
            logfile=silent,
            formatting_info=True,
            ragged_rows=True,
            on_demand=True,  # what it has read stays, for the count
        )
    except NotImplementedError:  # of formats older than it knows
        return xlrd.open_workbook(
            file_contents=stream, logfile=silent, ragged_rows=True, on_demand=True
        )


def _add_sheet(book: Any, sheet: Any, builder: DocumentBuilder) -> int:
    """Add the name of a sheet and its tables, parted by empty rows; how many cells are hidden."""
    widths = {(top, left): right - left for top, _, left, right in sheet.merged_cells}
    table: list[list[Entry]] = []
    begun, hidden = False, 0
    for number in range(sheet.nrows + 1):
        row: list[Entry] = []
        for column, cell in enumerate(sheet.row(number) if number < sheet.nrows else ()):
            text, seen = _shown(book, cell)
            if text.strip() and not seen:
                builder.hide(Concealment.HIDDEN, text)
                hidden += 1
            elif text.strip():
                row.append(Entry(text, column, widths.get((number, column), 1)))
        if row and not begun:
            builder.add(ElementKind.TITLE, sheet.name)
            begun = True
        if row:
            table.append(row)
        elif table:
            add_table(builder, table)
            table = []
    if begun and sheet.visibility:
        builder.add_gap("a hidden sheet is among the text")
    return hidden


def _shown(book: Any, cell: Any) -> tuple[str, bool]:
    """A cell as text, and whether its format shows it."""
    import xlrd

    code = ""
    if cell.xf_index is not None:
        found = book.format_map.get(book.xf_list[cell.xf_index].format_key)
        code = found.format_str if found is not None else ""
    if cell.ctype in {_NUMBER, _DATE}:
        text = cell_numbers.shown_number(cell.value, code, from_1904=bool(book.datemode))
        return text, not cell_numbers.is_hidden(code)
    if cell.ctype == _BOOLEAN:
        return "TRUE" if cell.value else "FALSE", True
    if cell.ctype == _ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR"), True
    return (str(cell.value) if cell.ctype == _TEXT else ""), True


def _add_extras(extras: Extras, builder: DocumentBuilder) -> None:
    for kind, found in (
        (ElementKind.TEXT, extras.texts),
        (ElementKind.HEADER, extras.headers),
        (ElementKind.FOOTER, extras.footers),
    ):
        for texts in found.values():
            for text in texts:
                builder.add(kind, text)


def _count(book: Any, extras: Extras, hidden: int, builder: DocumentBuilder) -> None:
    """Cells by the records of the file, against those that stand in rows."""
    strings = book._sharedstrings or ()
    labels = sum(n < len(strings) and bool(strings[n].strip()) for n in extras.labels)
    stored = sum(len(e.row.cells) for e in builder.finish().elements if e.row is not None)
    builder.tally(Tally(Unit.CELLS, labels + extras.cells, stored + hidden))
    macros = sum(kind in _MACROS for kind in extras.sheets)
    if macros:
        builder.add_gap(ole_parts.MACROS, None, Unit.SHEETS, macros)
        builder.flag(Flag.ACTIVE)
    charts = sum(kind == xls_records.CHART_SHEET for kind in extras.sheets)
    builder.tally(Tally(Unit.SHEETS, len(extras.sheets), book.nsheets + charts))


def _flag(container: Container, extras: Extras, builder: DocumentBuilder) -> None:
    if ole_parts.has_macros(container):
        builder.flag(Flag.ACTIVE)
        builder.add_gap(ole_parts.MACROS)
    if extras.dynamic:
        builder.flag(Flag.ACTIVE)
    if extras.linked:
        builder.flag(Flag.EXTERNAL)
