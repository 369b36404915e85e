from __future__ import annotations

import time

import pytest

from appliance.tasks.lines import lines
from appliance.tasks.samples import sample
from appliance.tasks.sums import sums


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Subtotal $90.00\nSales tax $9.00\nTotal $99.00", ("$90.00", "$9.00", "$99.00")),
        ("Net 130.00\nVAT 20% 26.00\nAmount due GBP 156.00", ("130.00", "26.00", "156.00")),
        ("Netto 100,00\nMwSt 19% 19,00\nGesamtbetrag 119,00 EUR", ("100,00", "19,00", "119,00")),
        ("Subtotal $90.00\nTax $9.00\nTotal $98.00", None),  # one of them is misread
        ("Total $99.00", None),
        ("", None),
    ],
)
def test_amounts_that_add_up_confirm_each_other(
    text: str, shown: tuple[str, str, str] | None
) -> None:
    parsed = sample(text)
    found = sums(lines(parsed))
    spans = (found.net, found.tax, found.total) if found else ()
    assert tuple(span.of(parsed.text) for span in spans) == (shown or ())


def test_a_page_of_totals_takes_no_minutes() -> None:
    parsed = sample("Net 9.00\nTax 1.00\nTotal 10.01\n" * 400)
    begun = time.thread_time()
    assert sums(lines(parsed)) is None
    assert time.thread_time() - begun < 10  # one after the other, by all others: minutes
