from __future__ import annotations

import pytest

from appliance.tasks.lines import lines
from appliance.tasks.receipts import totals
from tests.tasks.receipts.slips import slip


@pytest.mark.parametrize(
    ("printed", "total"),
    [
        (["Subtotal | 10.00", "Total discount | 1.00", "Total | 9.00"], "9.00"),
        (["Total Sales | 22.91", "Rounding RM | 22.90", "CASH | 50.00", "CHANGE | 27.10"], "22.90"),
        (["Total Qty | 30.00", "Total Incl. GST | 7.16", "TOTAL ROUNDED | RM 7.15"], "7.15"),
        (["Total (Excluding GST) | 10.00", "Total (Inclusive of GST) | 10.60"], "10.60"),
        (["Take Out Total (incl GST) | 18.90", "TOTAL INCLUDES 6% GST | 1.07"], "18.90"),
        (
            ["TOTAL | 8.00", "GST Summary | Amount | Tax", "SR | 7.55 | 0.45", "Total | 9.99"],
            "8.00",
        ),
        (["Grand Total", "RM29.30", "Cash | RM30.30", "Change | RM1.00"], "RM29.30"),
        (["Zwischensumme | 4,10", "Summe EUR | 4,20", "Bar | 5,00", "Rückgeld | 0,80"], "4,20"),
        (["Total TTC | 12,50 €"], "12,50"),
        (["Total Sales Incl GST | 28.41", "Total After Adj Incl GST | 28.40"], "28.40"),
        (["Total RM | 20.00", "Total Saving | 25.00", "Total Qty | 30.00"], "20.00"),
        (["Total Sales Discount | 99.00", "Total Sales | 20.00"], "20.00"),
        (["Tea | 2.00", "Cake | 3.00"], None),
        (["CASH | 10.00", "CHANGE | 6.30", "Tea | 3.70"], "3.70"),
        ([], None),
    ],
)
def test_total(printed: list[str], total: str | None) -> None:
    parsed = slip(*printed)
    found = totals.total(lines(parsed))
    assert (found.span.of(parsed.text) if found else None) == total


def test_change_that_adds_up_counts_for_more_than_a_label() -> None:
    bare = totals.total(lines(slip("Total Sales | 5.00")))
    paid = totals.total(lines(slip("Total Sales | 5.00", "Cash | 10.00", "Change | 5.00")))
    assert bare is not None
    assert paid is not None
    assert paid.score > bare.score


def test_the_currency_stands_somewhere_on_the_receipt() -> None:
    assert totals.reading(lines(slip("Tea | RM2.00", "Total | 2.00")), "2.00") == "MYR 2.00"
    assert totals.reading(lines(slip("Sek.U3 Total | 2.00")), "2.00") == "2.00"
    assert totals.reading(lines(slip("Total | 2.00")), "€2,50") == "EUR 2.50"
