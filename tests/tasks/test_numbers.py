from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.numbers import read_number, read_words, scaled


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", "1234"),
        ("1.234", None),  # a thousand in one country, one and a bit in another
        ("0.125", "0.125"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("12,34,567.00", "1234567.00"),  # Indian groups
        ("1'234.50", "1234.50"),
        ("1 234,5", "1234.5"),
        ("1.234.567", "1234567"),
        ("(1,234)", "-1234"),
        ("\u22125", "-5"),
        ("5-", "-5"),
        ("1,2,3", None),
        ("10 000", "10000"),
        ("327 00", None),
        ("12a", None),
        ("", None),
        ("-", None),
    ],
)
def test_read_number(text: str, value: str | None) -> None:
    assert read_number(text) == (None if value is None else Decimal(value))


def test_a_known_decimal_mark_decides() -> None:
    assert read_number("1.234", ",") == 1234
    assert read_number("1.234", ".") == Decimal("1.234")
    assert read_number("12.5", ",") is None


@given(st.decimals(-(10**9), 10**9, places=2))
def test_grouped_numbers_are_read_back(value: Decimal) -> None:
    assert read_number(f"{value:,.2f}") == value


def test_numbers_in_words() -> None:
    assert read_words("two million five hundred thousand") == 2_500_000
    assert read_words("one hundred and twenty-five") == 125
    assert read_words("cat") is None
    assert read_words("and one") is None


def test_a_scale_brings_no_empty_decimals() -> None:
    assert str(scaled(Decimal("3.5"), 10**6)) == "3500000"
    assert str(scaled(Decimal("2.50"), 1)) == "2.50"


def test_a_number_too_long_to_be_scaled_exactly_is_none() -> None:
    assert read_number("9" * 15) == Decimal("9" * 15)
    assert read_number("9" * 16) is None
    assert read_number("(" + "9" * 40 + ")") is None
