"""Which rows name the columns, as in the tables of annual reports."""

from __future__ import annotations

import pytest

from appliance.documents import ElementKind
from appliance.formats import table_heads
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.table import add_table, in_order
from appliance.formats.wire import MOST_COLUMNS
from tests.formats.packing import table


def cells(*rows: str) -> list[list[Entry]]:
    """Rows with cells parted by ``|``; empty ones are left out."""
    return [
        [Entry(text.strip(), at) for at, text in enumerate(row.split("|")) if text.strip()]
        for row in rows
    ]


@pytest.mark.parametrize(
    "text", ["1,234", "$(62)", "(13%)", "—", "$—", "€ 1.5", "12 %", "-3", "1.2e5", "USD 40", "4.5x"]
)
def test_figures(text: str) -> None:
    assert table_heads.is_figure(text)


@pytest.mark.parametrize("text", ["2019", "FY2020", "Total", "Dec 29, 2018", "2019 $’000", "N/A"])
def test_no_figures(text: str) -> None:
    assert not table_heads.is_figure(text)


@pytest.mark.parametrize(
    ("count", "rows"),
    [
        (1, ["Year|Ducks", "2019|120", "2020|135"]),
        (1, ["|2019|2018", "Cost|$100|$82"]),
        (2, ["|Year Ended March 31,||", "|2019|2018|2017", "Units|550|33|28"]),
        (3, ["||Years Ended|", "|2019|2018|2017", "||(in thousands)|", "Other|185|136|146"]),
        (2, ["($ in millions)||", "For the year:|2019|2018", "Cost|$100|$82"]),
        (1, ["|2019|2018", "Continuing operations:||", "Revenue|154|176"]),
        (1, ["Name|Role|Since", "Ada|Lead|May", "Bob|Clerk|June"]),
        (0, ["Fee|EUR 1,200", "Term|N/A"]),
        (0, ["1|2", "3|4"]),
        (2, ["|Class1|Class2", "|A|B", "R1|True|False"]),
        (0, ["Only|one row"]),
        (0, ["Fee|due on signing", "Term|three years"]),
        (1, ["Account|Amount|Note", "007|12.5|N/A"]),
    ],
)
def test_rows_that_name_columns(count: int, rows: list[str]) -> None:
    assert table_heads.head_count(cells(*rows)) == count


def test_marked_heads_are_kept_and_go_on_with_periods() -> None:
    rows = cells("||Year Ended|", "|2019|2018|2017", "Income|5|4|3")

    assert table_heads.head_count(rows, 1) == 2
    assert table_heads.head_count(cells("a|b", "c|d", "e|f"), 2) == 2


def test_heads_that_come_back_and_groups_of_columns() -> None:
    builder = DocumentBuilder("x/y")
    add_table(
        builder,
        cells(
            "|Fiscal 2019||Fiscal 2018|",
            "|First|Second|First|Second",
            "Sales|1|2|3|4",
            "|Fiscal 2017|||",
            "|First|Second|First|Second",
            "Sales|5|6|7|8",
        ),
    )

    assert table(builder.finish()) == [
        "H 1+2:Fiscal 2019 3+2:Fiscal 2018",
        "H 1:First 2:Second 3:First 4:Second",
        "0:Sales 1:1 2:2 3:3 4:4",
        "H 1+4:Fiscal 2017",
        "H 1:First 2:Second 3:First 4:Second",
        "0:Sales 1:5 2:6 3:7 4:8",
    ]


def test_cells_are_in_order_and_within_bounds() -> None:
    row = [Entry("b", 1, 3), Entry("a", 0, 2), Entry("", 5), Entry("c", 1)]

    assert [(e.text, e.column, e.width) for e in in_order(row)] == [
        ("a", 0, 2),
        ("b", 2, 3),
        ("c", 5, 1),
    ]
    many = in_order([Entry("x", at) for at in range(MOST_COLUMNS + 3)])
    assert len(many) == MOST_COLUMNS
    assert many[-1].text == "x x x x"


def test_a_label_over_several_rows_stands_in_each() -> None:
    builder = DocumentBuilder("x/y")
    rows = cells("|2019|2018", "North|5|4", "|3|2", "South|1|0")
    rows[0].insert(0, Entry("Pond", 0, height=2))
    rows[1][0] = Entry("North", 0, height=2)
    rows[1][1] = Entry("5", 1, height=2)
    add_table(builder, rows)

    assert table(builder.finish()) == [
        "H 0:Pond 1:2019 2:2018",
        "0:North 1:5 2:4",
        "0:North 1:3 2:2",
        "0:South 1:1 2:0",
    ]


def test_a_table_that_goes_on_has_no_heads_of_its_own() -> None:
    builder = DocumentBuilder("x/y")
    number = add_table(builder, cells("Year|Ducks", "2019|120"))
    builder.add(ElementKind.TEXT, "between")
    add_table(builder, cells("2020|135"), table=number)

    assert table(builder.finish()) == ["H 0:Year 1:Ducks", "0:2019 1:120", "0:2020 1:135"]
