"""Rows as CSV and as XLSX, safe to open: no cell of a document becomes a formula.

A spreadsheet program runs what begins with "=", "+", "-" or "@" in a CSV file; such a text gets an
apostrophe before it there (OWASP, "CSV Injection").  XLSX says of each cell what it is, so texts
stand unchanged (ECMA-376 Part 1, 18.3.1.53: inline strings).  The same rows give the same bytes.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from appliance.export.cells import Cell

LONGEST_TEXT = 32_767  # characters of a cell in Excel
MOST_ROWS = 1_048_576
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, 2.2
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest of a ZIP file
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def as_csv(rows: Sequence[Sequence[Cell]]) -> str:
    """CSV (RFC 4180) with a byte order mark, which spreadsheet programs need to read UTF-8."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return "\ufeff" + target.getvalue()


def as_xlsx(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook with one sheet per entry; the first row of each is its head.

    Raises:
        ValueError: a sheet has more rows than a workbook can hold.
    """
    if any(len(rows) > MOST_ROWS for rows in sheets.values()):
        raise ValueError("a sheet holds at most 1,048,576 rows")
    parts = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(list(sheets)),
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
            + [("styles", "styles.xml")]
        ),
        "xl/styles.xml": _styles(),
    }
    for number, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(rows)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(zipfile.ZipInfo(name, _DATE), (_XML + content).encode("utf-8"), 8)
    return target.getvalue()


def harmless(cell: Cell) -> Cell:
    """A cell that no spreadsheet program takes for a formula."""
    if isinstance(cell, str) and cell.startswith(_RUN) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _sheet(rows: Sequence[Sequence[Cell]]) -> str:
    lines = []
    for number, row in enumerate(rows, 1):
        style = ' s="1"' if number == 1 else ""
        cells = "".join(_cell(cell, style) for cell in row)
        lines.append(f'<row r="{number}">{cells}</row>')
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    return f'<worksheet xmlns="{_MAIN}">{view}<sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(cell: Cell, style: str) -> str:
    if cell is None:
        return f"<c{style}/>"
    if isinstance(cell, int | float):
        return f"<c{style}><v>{cell!r}</v></c>"
    text = escape(_FORBIDDEN.sub("\ufffd", cell)[:LONGEST_TEXT])
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>'
        for n, name in enumerate(names, 1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets>{sheets}</sheets></workbook>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATED}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _content_types(sheets: int) -> str:
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, sheets + 1)]
    listed = "".join(
        f'<Override PartName="{name}" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in parts
    )
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    defaults = f'<Default Extension="rels" ContentType="{relations}"/>'
    return f'<Types xmlns="{_PACKAGE}/content-types">{defaults}{listed}</Types>'


def _styles() -> str:
    """Plain, and bold for the head row."""
    fonts = '<fonts count="2"><font/><font><b/></font></fonts>'
    fills = '<fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    formats = '<cellXfs count="2"><xf fontId="0"/><xf fontId="1" applyFont="1"/></cellXfs>'
    return f'<styleSheet xmlns="{_MAIN}">{fonts}{fills}{formats}</styleSheet>'
