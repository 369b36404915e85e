from __future__ import annotations

import pytest

from appliance.tasks.dates import AMBIGUOUS
from appliance.tasks.lines import lines
from appliance.tasks.receipts import moment
from tests.tasks.receipts.slips import slip


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        (["valid until 25/12/2019", "Date: 24/12/2017 10:02"], "2017-12-24"),
        (["24/12/2016 tax registered", "23/12/2017 18:00"], "2017-12-23"),
        (["valid until 25/12/2019 10:00", "24/12/2017"], "2017-12-24"),
        (["03:46PM | 568268 | 13-05-18"], "2018-05-13"),
        (["Date | : 17/06/2018 7:36:12 PM"], "2018-06-17"),
        (["CASHIER 18-03-201811:23"], "2018-03-18"),
        (["25/Feb/2017 07:43:54"], "2017-02-25"),
        (
            ["03/02/2018 10:00", "printed 25/02/2018"],
            "2018-02-03",
        ),  # the other date says: day first
    ],
)
def test_date(printed: list[str], iso: str) -> None:
    found = moment.date(lines(slip(*printed)))
    assert found is not None
    assert found.reading.iso == iso


def test_a_country_that_writes_the_day_first_decides() -> None:
    printed = lines(slip("03/02/2018 10:00"))
    alone = moment.date(printed)
    assert alone is not None
    assert (alone.reading.iso, alone.reading.reason) == (None, AMBIGUOUS)
    there = moment.date(printed, "MYR")
    assert there is not None
    assert there.reading.iso == "2018-02-03"


def test_no_date() -> None:
    assert moment.date(lines(slip("Total | 5.00"))) is None
