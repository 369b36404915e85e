from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.periods import Period, normalise_period, read_period


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Three Months Ended July 1, 2023", "P3M/2023-07-01"),
        ("As of September 24, 2022", "2022-09-24"),
        ("Year ended December 31, 2021", "P1Y/2021-12-31"),
        ("13 weeks ended 30 June 2020", "P13W/2020-06-30"),
        ("For the quarterly period ended July 1, 2023", "P3M/2023-07-01"),
        ("Q3 2023", "FY2023-Q3"),
        ("third quarter of fiscal 2023", "FY2023-Q3"),
        ("2022 Q4", "FY2022-Q4"),
        ("FY23", "FY2023"),
        ("fiscal year 2022", "FY2022"),
        ("Annual figures 2022", "2022"),  # of a day, or of the year? It does not say "ended"
        ("% Change", None),
        ("2021 2022", None),
    ],
)
def test_normalise_period(text: str, normal: str | None) -> None:
    assert normalise_period(text) == normal


def test_periods_sort_by_their_end() -> None:
    assert read_period("2019") == Period("2019")
    assert max(Period("2022-06-25", "P3M"), Period("2023-07-01", "P3M")).end == "2023-07-01"


@given(st.text())
def test_any_text_is_read_without_failing(text: str) -> None:
    assert read_period(text) is None or str(read_period(text))
    normalise_period(text)
