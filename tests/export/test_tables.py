"""Rows as CSV and XLSX: nothing runs, nothing is lost, the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from lxml import etree

from appliance.export.cells import Cell
from appliance.export.tables import as_csv, as_xlsx

HOSTILE = ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert parsed(as_csv([[text]])) == [["'" + text]]


def test_numbers_stay_numbers() -> None:
    assert parsed(as_csv([["-12.5", -3, 0.25, None, "a,b", 'say "x"\nagain']])) == [
        ["-12.5", "-3", "0.25", "", "a,b", 'say "x"\nagain']
    ]


def cells(data: bytes, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """Type and text of every cell, by another parser."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        tree = etree.fromstring(packed.read(f"xl/worksheets/sheet{sheet}.xml"))
    return [
        [(cell.get("t", ""), "".join(cell.itertext())) for cell in row.iterfind("{*}c")]
        for row in tree.iter("{*}row")
    ]


def test_a_workbook_says_of_each_cell_what_it_is() -> None:
    rows: list[list[Cell]] = [["name", "n"], ["=1+1", 2], ["<&>\u0001\ud800", None], [" x ", 0.1]]
    shown = cells(as_xlsx({"values": rows, "evi<dence": [["a"]]}))
    assert shown == [
        [("inlineStr", "name"), ("inlineStr", "n")],
        [("inlineStr", "=1+1"), ("", "2")],
        [("inlineStr", "<&>\ufffd\ufffd"), ("", "")],
        [("inlineStr", " x "), ("", "0.1")],
    ]


def test_a_workbook_is_read_by_the_reader_of_workbooks() -> None:
    from appliance.formats.kinds import XLSX
    from appliance.formats.ooxml import sheets  # as a document that comes in
    from appliance.formats.reading import Wishes

    workbook = as_xlsx({"a": [["head", "n"], ["term", 2]]})
    document = sheets.read(workbook, XLSX, Wishes(".xlsx")).document
    assert document is not None
    assert {"head", "n", "term", "2"} <= set(document.text.split())
    assert document.unexplained() == ()


def test_the_same_rows_give_the_same_bytes() -> None:
    rows: dict[str, list[list[Cell]]] = {"values": [["a", 1], ["b", 2]]}
    assert as_xlsx(rows) == as_xlsx(rows)
    with zipfile.ZipFile(io.BytesIO(as_xlsx(rows))) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_long_text_is_cut_to_what_a_cell_holds() -> None:
    assert len(cells(as_xlsx({"a": [["x" * 40_000]]}))[0][0][1]) == 32_767
