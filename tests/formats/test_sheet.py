"""A sheet parted into its tables."""

from __future__ import annotations

from appliance.documents import ElementKind, ParsedDocument
from appliance.formats.build import DocumentBuilder
from appliance.formats.sheet import Sheet, add_sheet
from tests.formats.packing import of, table


def read(*rows: str, **more: list[object]) -> ParsedDocument:
    """A sheet with cells parted by ``|``; a row ``-`` is blank."""
    sheet = Sheet()
    for at, row in enumerate(rows, 1):
        cells = {c: t.strip() for c, t in enumerate(row.strip("-").split("|")) if t.strip()}
        if cells:
            sheet.rows[at] = cells
    for name, value in more.items():
        setattr(sheet, name, value)
    builder = DocumentBuilder("x/y")
    add_sheet(sheet, builder)
    return builder.finish()


def test_a_title_above_the_heads_is_no_head() -> None:
    parsed = read("Ducks per year", "Year|Count", "2019|120")

    assert of(parsed, ElementKind.TITLE) == ["Ducks per year"]
    assert table(parsed) == ["H 0:Year 1:Count", "0:2019 1:120"]


def test_blank_rows_part_tables_that_have_heads() -> None:
    parsed = read("Year|Count", "2019|120", "-", "City|People|Area", "Bern|5|7")

    assert table(parsed, 0) == ["H 0:Year 1:Count", "0:2019 1:120"]
    assert table(parsed, 1) == ["H 0:City 1:People 2:Area", "0:Bern 1:5 2:7"]


def test_rows_without_heads_below_a_blank_row_belong_to_the_table_above() -> None:
    parsed = read("|2019|2018", "Assets|5|4", "-", "Debts||", "Loans|3|2")

    assert table(parsed) == ["H 1:2019 2:2018", "0:Assets 1:5 2:4", "0:Debts", "0:Loans 1:3 2:2"]


def test_tables_beside_each_other() -> None:
    parsed = read("Year|Count||City|People", "2019|120||Bern|5", "2020|135||Basel|6")

    assert table(parsed, 0) == ["H 0:Year 1:Count", "0:2019 1:120", "0:2020 1:135"]
    assert table(parsed, 1) == ["H 0:City 1:People", "0:Bern 1:5", "0:Basel 1:6"]


def test_a_blank_column_before_figures_parts_nothing() -> None:
    parsed = read("||2019||2018", "Assets||5||4", "Debts||3||2")

    assert table(parsed) == ["H 2:2019 4:2018", "0:Assets 2:5 4:4", "0:Debts 2:3 4:2"]


def test_tables_that_share_no_column_are_two() -> None:
    parsed = read("A|B", "1|2", "||C|D", "||3|4")

    assert table(parsed, 0) == ["H 0:A 1:B", "0:1 1:2"]
    assert table(parsed, 1) == ["H 0:C 1:D", "0:3 1:4"]


def test_a_table_that_begins_lower_beside_another() -> None:
    parsed = read("A|B||", "1|2||", "3|4||C|D", "5|6||7|8")

    assert table(parsed, 1) == ["H 0:C 1:D", "0:7 1:8"]


def test_merged_cells_keep_their_columns() -> None:
    parsed = read("Name|Ducks||", "|2019|2020|", "Pond|1|2", merged=[(1, 1, 1, 2), (1, 0, 2, 0)])

    assert table(parsed) == ["H 0:Name 1+2:Ducks", "H 1:2019 2:2020", "0:Pond 1:1 2:2"]


def test_what_a_merged_area_holds_beside_its_first_cell_is_kept() -> None:
    parsed = read("Name|Count", "Pond|1", "Lake|2", merged=[(2, 0, 3, 0)])

    assert table(parsed)[1:] == ["0:Pond Lake 1:1", "0:Pond Lake 1:2"]


def test_one_column_of_words_is_text() -> None:
    parsed = read("First note.", "Second note.")

    assert of(parsed, ElementKind.TEXT) == ["First note.", "Second note."]


def test_a_marked_table_has_the_heads_that_the_file_says() -> None:
    parsed = read("x|y", "a|b", "c|d", tables=[((1, 0, 3, 1), 1)])

    assert table(parsed) == ["H 0:x 1:y", "0:a 1:b", "0:c 1:d"]
