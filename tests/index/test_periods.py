"""Quarters and dates, as file names, first lines and questions write them."""

from __future__ import annotations

import pytest

from appliance.index.periods import latest_date, with_periods


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("the third quarter of 2023", "the Q3 of 2023"),
        ("its 1st-quarter report", "its Q1 report"),
        ("2023Q3 and Q12022", "Q3 2023 and Q1 2022"),
        ("Q2'23, FY24", "Q2 2023, 2024"),
        ("FY2023 and fiscal year 2019", "2023 and 2019"),
        ("quarterly, a quarter of Q10", "quarterly, a quarter of Q10"),
        ("Q3 10.5 and Q3 12/31", "Q3 10.5 and Q3 12/31"),
    ],
)
def test_periods_have_one_form(text: str, written: str) -> None:
    assert with_periods(text) == written


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("ACME_05_08_2020-EX-10.2", (2020, 5, 8)),
        ("report-2020-05-08.pdf", (2020, 5, 8)),
        ("ArcGroup_20171211_8-K", (2017, 12, 11)),
        ("made as of May 8th, 2020, not 2021", (2020, 5, 8)),
        ("made on 8 May 2020 and 1 June 2021", (2021, 6, 1)),
        ("2022 Q3 ACME.pdf", (2022, 9, 0)),
        ("Q1-2023", (2023, 3, 0)),
        ("in March 2019", (2019, 3, 0)),
        ("of 1999", (1999, 0, 0)),
        ("section 13 of the act; 486-2000x; 12019", None),
        ("", None),
    ],
)
def test_the_latest_date_of_the_fullest_kind(text: str, date: tuple[int, int, int] | None) -> None:
    assert latest_date(text) == date
