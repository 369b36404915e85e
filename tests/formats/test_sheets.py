"""XLSX: every cell as it is meant, several tables, what is not shown apart, a million cells."""

from __future__ import annotations

import datetime
import io
import time

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from appliance.documents import Concealment, ElementKind, Flag, Unit
from appliance.formats.ooxml import sheet_cells
from appliance.formats.ooxml.sheet_cells import SheetReader
from appliance.sandbox.outcome import Outcome, ReadingFailed
from tests.formats.packing import S, links, of, read, read_all, sheet, table


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def row(number: int, *values: str) -> str:
    cells = (
        f'<c r="{chr(65 + at)}{number}" {value}</c>' for at, value in enumerate(values) if value
    )
    return f'<row r="{number}">{"".join(cells)}</row>'


def text(words: str) -> str:
    return f't="inlineStr"><is><t>{words}</t></is>'


def value(number: object, kind: str = "n", style: int = 0) -> str:
    return f't="{kind}" s="{style}"><v>{number}</v>'


def test_every_cell_as_it_is() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Balance"
    page.append(["Account", "Amount", "Note"])
    page.append(["007", 1234567.891, "N/A"])
    page.append(["008", 0.05, None])
    page["B3"].number_format = "0%"
    page.append([datetime.date(2024, 1, 2), 2**40, True])
    page["B4"].number_format = '"$"#,##0.00'
    page["A2"].comment = Comment("Checked twice", "A reviewer")
    hidden = book.create_sheet("Reserves")
    hidden.append(["null", "kept"])
    hidden.sheet_state = "hidden"

    parsed = read(saved(book), "a.xlsx")

    assert of(parsed, ElementKind.TITLE) == ["Balance", "Reserves"]
    assert table(parsed) == [
        "H 0:Account 1:Amount 2:Note",
        "0:007 1:1234567.891 2:N/A",
        "0:008 1:5%",
        "0:2024-01-02 1:$1099511627776 2:TRUE",
    ]
    assert table(parsed, 1) == ["0:null 1:kept"]
    assert "A2 (author: A reviewer): Checked twice" in of(parsed, ElementKind.TEXT)
    assert parsed.flags == (Flag.HIDDEN_TEXT,)
    assert parsed.gaps == ()
    tallies = {t.unit: (t.seen, t.stored) for t in parsed.tallies}
    assert tallies[Unit.SHEETS] == (2, 2)
    assert tallies[Unit.CELLS] == (13, 13)


def test_merged_cells_tables_and_titles() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for line in (
        ["Ducks of the year"],
        [],
        ["Pond", "Ducks", None],
        [None, "wild", "tame"],
        ["North", 5, 7],
    ):
        page.append(line)
    page.merge_cells("B3:C3")
    page.merge_cells("A3:A4")

    parsed = read(saved(book), "a.xlsx")

    assert of(parsed, ElementKind.TEXT) == ["Ducks of the year"]
    assert table(parsed) == ["H 0:Pond 1+2:Ducks", "H 1:wild 2:tame", "0:North 1:5 2:7"]


def test_white_on_white_tiny_and_blanked_cells_are_kept_apart() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["Seen", "white", "tiny", 42, "white on black"])
    page["B1"].font = Font(color="FFFFFFFF")
    page["C1"].font = Font(sz=1)
    page["D1"].number_format = ";;;"
    page["E1"].font = Font(color="FFFFFFFF")
    page["E1"].fill = PatternFill("solid", fgColor="FF000000")

    parsed = read(saved(book), "a.xlsx")

    assert table(parsed) == ["0:Seen 4:white on black"]
    assert {(each.why, each.text) for each in parsed.hidden} == {
        (Concealment.WHITE, "white"),
        (Concealment.TINY, "tiny"),
        (Concealment.HIDDEN, "42"),
    }


def test_a_formula_without_a_stored_value_is_a_gap() -> None:
    rows = row(1, text("Sum"), "><f>SUM(1,2)</f>") + row(2, text("Kept"), "><f>1+2</f><v>3</v>")

    parsed = read(sheet(rows), "a.xlsx")

    assert parsed.text == "Data\n\nSum\n\nKept | 3"
    assert [(g.reason, g.unit, g.amount) for g in parsed.gaps] == [
        ("a formula without a stored value", Unit.CELLS, 1)
    ]


def test_shared_texts_leave_out_how_they_are_said() -> None:
    shared = (
        f"<sst {S}><si><t>plain</t></si><si><r><t>ri</t></r><r><t>ch</t></r>"
        "<rPh sb='0' eb='1'><t>spoken</t></rPh></si></sst>"
    )
    rels = links(r1="worksheet worksheets/sheet1.xml", r2="sharedStrings sharedStrings.xml")
    members = {"xl/_rels/workbook.xml.rels": rels, "xl/sharedStrings.xml": shared}
    rows = row(1, value(0, "s"), value(1, "s"), value(0, "s"), value(9, "s"))

    assert table(read(sheet(rows, **members), "a.xlsx")) == ["0:plain 1:rich 2:plain"]


def test_a_marked_table_names_its_heads() -> None:
    rows = (
        row(1, text("a"), text("b")) + row(2, text("c"), text("d")) + row(3, text("e"), text("f"))
    )
    members = {
        "xl/worksheets/_rels/sheet1.xml.rels": links(r1="table ../tables/table1.xml"),
        "xl/tables/table1.xml": f'<table {S} ref="A1:B3" headerRowCount="1"/>',
    }

    assert table(read(sheet(rows, **members), "a.xlsx"))[0] == "H 0:a 1:b"


def test_hidden_rows_are_read_and_flagged() -> None:
    rows = row(1, text("a")).replace("<row ", '<row hidden="1" ')

    assert read(sheet(rows), "a.xlsx").flags == (Flag.HIDDEN_TEXT,)


@pytest.mark.parametrize(
    ("members", "flags"),
    [
        ({"xl/vbaProject.bin": b"x"}, {Flag.ACTIVE}),
        ({"xl/macrosheets/sheet9.xml": "<x/>"}, {Flag.ACTIVE}),
        ({"xl/connections.xml": "<x/>"}, {Flag.EXTERNAL}),
        ({"xl/externalLinks/externalLink1.xml": "<x><ddeLink/></x>"}, {Flag.ACTIVE, Flag.EXTERNAL}),
    ],
)
def test_what_a_program_would_run_or_fetch(members: dict[str, str], flags: set[Flag]) -> None:
    assert set(read(sheet(row(1, text("a")), **members), "a.xlsx").flags) == flags


def test_a_missing_sheet_is_a_gap() -> None:
    members = {"xl/_rels/workbook.xml.rels": links(r1="worksheet worksheets/gone.xml")}

    found = read_all(sheet("", **members), "a.xlsx").document

    assert found is not None
    assert [(g.unit, g.amount) for g in found.gaps] == [(Unit.SHEETS, 1)]
    assert found.unexplained() == ()


def test_a_damaged_sheet_is_read_as_far_as_it_goes() -> None:
    rows = row(1, text("Year"), text("Ducks")) + row(2, value(2019), value(120)) + "<row r='3'><c"

    parsed = read(sheet(rows), "a.xlsx")

    assert table(parsed) == ["H 0:Year 1:Ducks", "0:2019 1:120"]
    assert [g.reason for g in parsed.gaps] == [
        "a part of the file is damaged and read as far as it goes"
    ]


def test_headers_of_printed_pages() -> None:
    header = '&amp;L&amp;"Arial,Bold"&amp;12Strictly private&amp;R&amp;P'
    after = f"<headerFooter><oddHeader>{header}</oddHeader></headerFooter>"

    parsed = read(sheet(row(1, text("a")), after), "a.xlsx")

    assert of(parsed, ElementKind.HEADER) == ["Strictly private"]


def test_cells_far_apart_take_no_space_and_too_many_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = row(1, text("a")) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert "1" in read(sheet(rows), "a.xlsx").text

    monkeypatch.setattr(sheet_cells, "MOST_CELLS", 3)
    with pytest.raises(ReadingFailed) as failed:
        read(sheet(row(1, *[value(1)] * 4)), "a.xlsx")
    assert failed.value.outcome is Outcome.TOO_LARGE


def test_a_hundred_thousand_cells_take_seconds() -> None:
    def seconds(many: int) -> float:
        rows = "".join(row(at, *(value(at * 10 + n) for n in range(10))) for at in range(1, many))
        before = time.thread_time()
        found = read_all(sheet(rows), "a.xlsx").document
        took = time.thread_time() - before
        assert found is not None
        assert {t.unit: t.stored for t in found.tallies}[Unit.CELLS] == 10 * many - 10
        return took

    few, all_of_them = seconds(1_001), seconds(10_001)
    assert all_of_them < max(15, 30 * few)  # of a slow machine: ten times as many, not a hundred


def test_the_count_notices_what_the_reader_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SheetReader, "_row", lambda _self, _row, at, *_, **__: at)

    found = read_all(sheet(row(1, text("Lost"), value(5))), "a.xlsx").document

    assert found is not None
    assert {t.unit for t in found.unexplained()} == {Unit.CELLS, Unit.CHARACTERS}
