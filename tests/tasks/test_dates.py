from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.dates import find_dates, normalise_date

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
