"""What a format makes of a number: per cent, money, dates; never another value."""

from __future__ import annotations

import pytest

from appliance.formats import cell_numbers


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234567.891, "#,##0.00", "1234567.891"),
        (0.0523, "0.0%", "5.23%"),
        (-0.3, "0%", "-30%"),
        (1234.5, '"$"#,##0.00', "$1234.5"),
        (-1234.5, "[$€-407]#,##0.00", "-€1234.5"),
        (1234.5, "#,##0.00\\ [$€-407]", "1234.5 €"),
        (1234.5, '#,##0.00 "CHF"', "1234.5 CHF"),
        (5, '0 "pieces"', "5"),
        (45293, "yyyy-mm-dd", "2024-01-02"),
        (45293.5, "dd/mm/yyyy hh:mm", "2024-01-02 12:00:00"),
        (0.25, "h:mm", "6:00:00"),
        (1.5, "[h]:mm", "36:00:00"),
        (59, "d mmm yyyy", "1900-02-28"),
        (61, "d mmm yyyy", "1900-03-01"),
        (3, "[Red]General", "3"),
        (1e20, "General", "1e+20"),
        (-1, "yyyy", "-1"),
    ],
)
def test_numbers_as_their_formats_mean_them(value: float, code: str, shown: str) -> None:
    assert cell_numbers.shown_number(value, code) == shown


def test_dates_counted_from_1904() -> None:
    assert cell_numbers.shown_number(43831, "yyyy-mm-dd", from_1904=True) == "2024-01-02"


def test_formats_that_show_nothing() -> None:
    assert cell_numbers.is_hidden(";;;")
    assert not cell_numbers.is_hidden("0;-0;")
    assert not cell_numbers.is_hidden("General")


def test_text_that_is_no_number_stays() -> None:
    assert cell_numbers.shown_text("n/a", "0%") == "n/a"
    assert cell_numbers.shown_text("0.5", "0%") == "50%"
    assert cell_numbers.shown_text("inf", "0%") == "inf"
