from __future__ import annotations

import pytest

from appliance.documents import ParsedDocument
from appliance.tasks import packs
from appliance.tasks.packs import PackField
from appliance.tasks.records import Value, records
from appliance.tasks.samples import sample
from tests.tasks.receipts.slips import slip

ITEMS = next(f for f in packs.load("finance/invoice").fields if f.name == "line_items")
TRANSACTIONS = next(f for f in packs.load("finance/bank").fields if f.name == "transactions")

BLANKS = """INVOICE 2041

Description                 Qty    Unit price     Amount
Oak table, large              2         40.00      80.00
Chair                         4         12.50      50.00
Subtotal                                          130.00
VAT 20%                                            26.00
Total                                         GBP 156.00
"""
TABLE = """| Item | Description | Hours | Rate | Amount |
| 1 | Survey of the site | 3 | € 100.00 | € 300.00 |
| 2 | Report | 1.5 | € 80.00 | € 120.00 |
| | | | Total | € 420.00 |"""
BANK = """Date         Description            Withdrawals   Deposits    Balance
01/03/2023   Opening balance                                  1,000.00
02/03/2023   Card payment SHOP           20.00                  980.00
15/03/2023   Salary                                 500.00    1,480.00
Closing balance                                               1,480.00
"""


def by_record(
    parsed: ParsedDocument, field: PackField
) -> tuple[list[dict[str, str]], tuple[Value, ...]]:
    found = records(parsed, field)
    count = max((value.record for value in found), default=-1) + 1
    rows: list[dict[str, str]] = [{} for _ in range(count)]
    for value in found:
        rows[value.record][value.part] = value.span.of(parsed.text)
    return rows, found


def test_columns_made_with_blanks_are_items() -> None:
    rows, found = by_record(sample(BLANKS), ITEMS)
    assert rows == [
        {
            "description": "Oak table, large",
            "quantity": "2",
            "unit_price": "40.00",
            "amount": "80.00",
        },
        {"description": "Chair", "quantity": "4", "unit_price": "12.50", "amount": "50.00"},
    ]
    assert [v.normalised for v in found if v.part == "amount"] == ["GBP 80.00", "GBP 50.00"]
    assert [v.normalised for v in found if v.part == "quantity"] == ["2", "4"]


def test_cells_of_a_table_are_items_and_carry_their_heads() -> None:
    parsed = sample(TABLE)
    rows, found = by_record(parsed, ITEMS)
    assert [row["description"] for row in rows] == ["Survey of the site", "Report"]
    assert [row["quantity"] for row in rows] == ["3", "1.5"]
    heads = {v.part: [span.of(parsed.text) for span in v.heads] for v in found}
    assert heads["amount"] == ["Amount"]
    assert heads["unit_price"] == ["Rate"]


def test_transactions_skip_balances_and_keep_sides_apart() -> None:
    rows, found = by_record(sample(BANK), TRANSACTIONS)
    assert [row["description"] for row in rows] == ["Card payment SHOP", "Salary"]
    assert rows[0]["paid_out"] == "20.00"
    assert "paid_in" not in rows[0]
    assert rows[1]["paid_in"] == "500.00"
    dates = [v.normalised for v in found if v.part == "date"]
    assert dates == ["2023-03-02", "2023-03-15"]  # 15/03 says that the day stands first


def test_lines_that_multiply_and_add_up_count_for_more() -> None:
    _, right = by_record(sample(BLANKS), ITEMS)
    _, wrong = by_record(sample(BLANKS.replace("80.00", "81.00")), ITEMS)
    assert right[0].score > wrong[0].score
    assert right[0].score == 1.0


def test_words_below_a_number_of_an_article_describe_it() -> None:
    parsed = slip(
        "Item | Qty | Price | Amount",
        "70549 | 1 | 160.00 | 160.00",
        "PUMP ASSEMBLY",
        "70637 | 2 | 6.00 | 12.00",
        "SPARK PLUG",
        "Total Sales | 172.00",
    )
    rows, _ = by_record(parsed, ITEMS)
    assert [row["description"] for row in rows] == ["PUMP ASSEMBLY", "SPARK PLUG"]


def test_words_above_the_numbers_describe_them() -> None:
    parsed = slip(
        "Item | Qty | Price | Amount",
        "PUMP ASSEMBLY",
        "70549 | 1 | 160.00 | 160.00",
        "SPARK PLUG",
        "70637 | 2 | 6.00 | 12.00",
        "Total Sales | 172.00",
    )
    rows, _ = by_record(parsed, ITEMS)
    assert [row["description"] for row in rows] == ["PUMP ASSEMBLY", "SPARK PLUG"]


def test_without_heads_a_line_with_a_price_is_an_item() -> None:
    parsed = slip("CORNER SHOP LTD", "VAT ID 123", "Tea | 2.00", "Cake | RM3.50", "TOTAL | 5.50")
    rows, found = by_record(parsed, ITEMS)
    assert rows == [
        {"description": "Tea", "amount": "2.00"},
        {"description": "Cake", "amount": "RM3.50"},
    ]
    assert found[-1].normalised == "MYR 3.50"
    assert found[0].heads == ()


@pytest.mark.parametrize(
    "text", ["", "No items here.", "| Qty | Amount |", "Description   Amount\nonly words\n"]
)
def test_nothing_is_made_up(text: str) -> None:
    assert records(sample(text), ITEMS) == ()


def test_a_table_of_taxes_is_no_list_of_items() -> None:
    parsed = slip("Tea | 2.00", "TOTAL | 2.00", "GST Summary | Rate | Amount", "SR | 6.00 | 1.90")
    rows, _ = by_record(parsed, ITEMS)
    assert [row["description"] for row in rows] == ["Tea"]
