from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.amounts import (
    currency,
    find_amounts,
    find_durations,
    normalise_amount,
    normalise_duration,
)


@given(st.integers(0, 10**12), st.sampled_from([("$", "$"), ("£", "GBP"), ("EUR ", "EUR")]))
def test_grouped_and_plain_spellings_agree(cents: int, currency: tuple[str, str]) -> None:
    value = Decimal(cents) / 100
    sign, code = currency
    assert normalise_amount(f"{sign}{value:,.2f}") == f"{code} {value:.2f}"
    assert normalise_amount(f"{sign}{value:.2f}") == f"{code} {value:.2f}"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("$2,099.00", "$ 2099.00"),
        ("$2 500.00", "$ 2500.00"),
        ("US$ 3.5 million", "USD 3500000"),
        ("One Hundred Thousand dollars ($100,000.00)", "$ 100000.00"),
        ("EUR 12,50", "EUR 12.50"),
        ("4 000 euros", "EUR 4000"),
        ("RM 28.60", "MYR 28.60"),
        ("EUR 1.234", "EUR 1234"),  # decimals are parted by a comma there
        ("$1.234", None),
        ("($1,234)", "$ -1234"),
        ("$(1,234.50)", "$ -1234.50"),
        ("-$5.00", "$ -5.00"),
        ("1.234,56 €", "EUR 1234.56"),
        ("Rs. 5 crore", "INR 50000000"),
        ("₹ 12,34,567.00", "INR 1234567.00"),
        ("CHF 1'234.50", "CHF 1234.50"),
        ("two million dollars", "$ 2000000"),
        ("one hundred dollars ($90)", None),  # says two things
        ("$5 or $6", None),
        ("5 apples", None),
    ],
)
def test_normalise_amount(text: str, normal: str | None) -> None:
    assert normalise_amount(text) == normal


def test_amounts_are_found_without_the_words_around() -> None:
    text = "pay $800,000, the balance of £1.2m, or 100 USD."
    assert [span.of(text) for span in find_amounts(text)] == ["$800,000", "£1.2m", "100 USD"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("twelve (12) months", "P12M"),
        ("ninety (90) days", "P90D"),
        ("30 (thirty) days", "P30D"),
        ("one year", "P1Y"),
        ("thirty-six month", "P36M"),
        ("one hundred and twenty days", "P120D"),
        ("six months' notice", "P6M"),
        ("2 quarters", "P6M"),
        ("48 hours", "PT48H"),
        ("one year and six months", "P1Y6M"),
        ("5 business days", None),  # ISO 8601 has no word for them
        ("sixty (90) days", None),  # says two things
        ("a while", None),
    ],
)
def test_normalise_duration(text: str, normal: str | None) -> None:
    assert normalise_duration(text) == normal


@given(st.text())
def test_any_text_is_read_without_failing(text: str) -> None:
    normalise_amount(text)
    normalise_duration(text)
    for span in (*find_amounts(text), *find_durations(text)):
        assert span.of(text).strip()


def test_the_currency_that_a_text_names() -> None:
    assert currency("(in millions of U.S. dollars)") == "USD"
    assert currency("RM 5 and RM 6") == "MYR"
    assert currency("5 EUR or 6 USD") is None
    assert currency("apples") is None
    assert currency("we try a cop") is None  # codes of currencies, in small letters
