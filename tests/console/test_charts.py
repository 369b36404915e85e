"""Charts are whole XML without script or style, and say in words what they draw."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from appliance.app.oversight.timeline import Called, Person
from appliance.audit.tallies import Tally, Week
from appliance.console import charts
from appliance.console.asking import Asked, asked, filter_of, form, whole
from appliance.console.rendering import date, moment, number, plural
from appliance.errors import UsageError

LAST = datetime(2026, 3, 31, 12, tzinfo=UTC)
CALLED = Called((Person(7, "ana", ("officer",), ()), Person(8, "ben", ("operator",), ())), (), {})


def test_every_day_has_a_bar_and_the_denied_part_is_in_it() -> None:
    tallies = (Tally("2026-03-30", 40, 10, "", ""), Tally("2025-01-01", 9, 9, "", ""))
    bars = charts.days_of(tallies, LAST, 30)
    assert (len(bars), bars[-1].day, bars[-2].events) == (30, "2026-03-31", 40)
    drawn = ElementTree.fromstring(charts.by_day(bars))  # noqa: S314 - our own markup
    titles = [one.text for one in drawn.iter() if one.tag == "title"]
    assert "2026-03-30: 40 events, 10 denied" in titles
    heights = {
        one.get("class"): float(one.get("height", 0))
        for one in drawn.iter("rect")
        if float(one.get("height", 0)) > 0
    }
    assert heights["bar denied"] == pytest.approx(heights["bar"] / 4, abs=0.2)
    assert not any("style" in one.attrib for one in drawn.iter())


@pytest.mark.parametrize("most", [0, 1, 4, 5, 9, 99, 12_345, 10**9])
def test_the_axis_reaches_over_the_most_in_few_round_steps(most: int) -> None:
    top, step = charts._scale(most)
    assert top >= most
    assert top % step == 0
    assert top // step <= charts.STEPS
    assert str(step).strip("0") in {"1", "2", "5"}


def test_an_empty_log_is_drawn_as_well() -> None:
    charts.by_day(())
    charts.by_hour(Week(tuple((0,) * 24 for _ in range(7))))
    assert "aria-hidden" in charts.share(0, 0, 0)


def test_the_busiest_hour_is_the_darkest() -> None:
    hours = [[0] * 24 for _ in range(7)]
    hours[2][14], hours[0][9] = 50, 1
    drawn = charts.by_hour(Week(tuple(map(tuple, hours))))
    assert 'class="heat-5"' in drawn
    assert "Wednesday, 14 to 15: 50" in drawn
    assert drawn.count("<rect") == 7 * 24


def test_numbers_and_times_read_well() -> None:
    assert number(1_234_567) == "1\u202f234\u202f567"
    assert date("2026-11-21T01:02:03Z") == "Saturday, 21 November 2026"
    assert moment("2026-11-21T14:02:03.000000Z") == "2026-11-21 14:02 UTC"
    assert (plural(1, "event"), plural(2, "event")) == ("1 event", "2 events")
    assert plural(2, "person", "people") == "2 people"


def test_a_role_stands_for_the_people_who_have_it() -> None:
    assert filter_of(Asked(role="officer"), CALLED).uids == (7,)
    assert filter_of(Asked(role="officer", person="8"), CALLED).uids == (-1,)
    assert filter_of(Asked(role="nobody"), CALLED).uids == (-1,)
    assert filter_of(Asked(), CALLED).uids == ()


def test_readings_are_left_out_unless_they_are_asked_for() -> None:
    assert "console_read" in filter_of(Asked(), CALLED).without
    assert filter_of(Asked(readings="yes"), CALLED).without == ()
    assert filter_of(Asked(action="console_read"), CALLED).without == ()


def test_what_an_address_says_is_checked() -> None:
    assert asked({"text": " x ", "unknown": "y"}) == Asked(text="x")
    assert asked({"text": "x"}).address(before="7") == "/timeline?text=x&before=7"
    for wrong in ({"text": "x" * 3000}, {"since": "soon"}):
        with pytest.raises(UsageError):
            asked(wrong)
    for fault in ("", "-1", "1e3", "٣", "9" * 20):
        with pytest.raises(UsageError):
            whole(fault)


def test_a_form_is_bounded() -> None:
    assert form(b"a=1&a=2&b=%C3%A4&c=") == {"a": "1", "b": "ä", "c": ""}
    for fault in (
        b"a=%FF",
        "a=ä".encode(),
        b"&".join(b"a=1" for _ in range(50)),
        b"a=" + b"x" * 2001,
    ):
        with pytest.raises(UsageError):
            form(fault)
