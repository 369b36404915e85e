"""Years, quarters and days in heads and questions."""

from __future__ import annotations

import pytest

from appliance.tasks.figures.periods import Period, periods, quarter_in, without_periods


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2019", Period(2019)),
        ("December 29, 2019", Period(2019, 12, 29)),
        ("30 June 2018", Period(2018, 6, 30)),
        ("Mar 2020", Period(2020, 3)),
        ("2020-03-31", Period(2020, 3, 31)),
        ("FY19", Period(2019)),
        ("2018/19", Period(2019)),
        ("Q3 2023", Period(2023, quarter=3)),
        ("the second quarter of fiscal 2021", Period(2021, quarter=2)),
        ("Nine Months Ended June 30, 2019", Period(2019, 6, 30, months=9)),
    ],
)
def test_a_period_is_read(text: str, period: Period) -> None:
    assert periods(text) == (period,)


def test_amounts_and_names_are_no_years() -> None:
    assert periods("$2,019 and 2019% of Series2000, 2015.5") == ()


def test_both_ends_of_a_range_are_named() -> None:
    assert periods("2017-2019") == (Period(2017), Period(2019))


def test_periods_agree_where_both_speak() -> None:
    assert Period(2019).agrees(Period(2019, 12, 29))
    assert not Period(2019, 6).agrees(Period(2019, 12))
    assert not Period(2019).agrees(Period(2018))
    assert not Period(2019, months=3).agrees(Period(2019, months=9))


def test_a_quarter_without_a_year() -> None:
    assert [quarter_in(t) for t in ("Second Quarter", "Q4", "4th quarter", "Year")] == [2, 4, 4, 0]


def test_a_label_without_its_period() -> None:
    assert without_periods("For the year ended December 31, 2019").strip() == ""
    assert without_periods("Net sales 2019").strip() == "Net sales"
