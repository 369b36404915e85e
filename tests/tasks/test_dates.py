from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.dates import (
    AMBIGUOUS,
    NO_DATE,
    SEVERAL,
    Order,
    find_dates,
    normalise_date,
    order_of,
    read_date,
)

SPELLINGS = ("%B %d, %Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d", "%dth day of %B, %Y")


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(SPELLINGS))
def test_every_date_is_found_and_read_in_every_spelling(day: date, spelling: str) -> None:
    written = day.strftime(spelling)
    text = f"It was signed on {written} in Leeds."
    (span,) = find_dates(text)
    assert span.of(text) == written
    assert normalise_date(written) == day.isoformat()


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("5th day of December, 2007", "2007-12-05"),
        ("15 April, 2009", "2009-04-15"),
        ("23rd day of September 1998", "1998-09-23"),
        ("Sept. 3, 2020", "2020-09-03"),
        ("12/31/06", "2006-12-31"),
        ("31.12.1999", "1999-12-31"),
        ("05/05/2018", "2018-05-05"),
        ("03/04/2018", None),  # two readings
        ("31 February 2020", None),
        ("10.2.1", None),
        ("1 May 2020 and 2 May 2020", None),
        ("no date", None),
    ],
)
def test_normalise_date(text: str, iso: str | None) -> None:
    assert normalise_date(text) == iso


@given(st.text())
def test_any_text_is_read_without_failing(text: str) -> None:
    for span in find_dates(text):
        assert normalise_date(span.of(text)) is None or span.of(text)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("25/FEB/2017", "2017-02-25"),
        ("25-Feb-17", "2017-02-25"),
        ("2018/03/18", "2018-03-18"),
        ("18-03-201811:23", "2018-03-18"),  # recognised text that runs the time into the year
        ("May 5th,2011", "2011-05-05"),
        ("the 3rd of May 2019", "2019-05-03"),
        ("twenty-first day of March, 2011", "2011-03-21"),
        ("5. März 2011", "2011-03-05"),
        ("5 de marzo de 2011", "2011-03-05"),
        ("1er mai 2020", "2020-05-01"),
        ("[ ] day of March, 2011", "2011-03"),
        ("____ day of March 2011", "2011-03"),
        ("March __, 2011", "2011-03"),
        ("March 2011", "2011-03"),
        ("30-98765-21", None),
    ],
)
def test_spellings_of_several_countries_and_open_days(text: str, iso: str | None) -> None:
    assert normalise_date(text) == iso


def test_a_date_without_one_reading_says_why() -> None:
    assert read_date("03/04/2018").reason == AMBIGUOUS
    assert read_date("1 May 2020 and 2 May 2020").reason == SEVERAL
    assert read_date("31 February 2020").reason == NO_DATE


def test_the_other_dates_of_a_document_decide_between_day_and_month() -> None:
    assert order_of("on 18/03/18 and 04/05/18") is Order.DAY
    assert order_of("on 5/13/20") is Order.MONTH
    assert order_of("13/05/2018, then 05/13/2018") is None
    assert read_date("03/04/2018", Order.DAY).iso == "2018-04-03"
    assert read_date("03/04/2018", Order.MONTH).iso == "2018-03-04"
