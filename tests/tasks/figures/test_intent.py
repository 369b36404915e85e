"""What kind of question it is, and of what."""

from __future__ import annotations

from decimal import Decimal

import pytest

from appliance.tasks.figures.intent import Bound, Kind, asked
from appliance.tasks.figures.wording import terms


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What was the cash balance in 2019?", Kind.LOOKUP),
        ("How much did revenue grow from 2018 to 2019?", Kind.CHANGE),
        ("What is the difference between cost and fair value in 2019?", Kind.CHANGE),
        ("By what percentage did sales fall between 2017 and 2018?", Kind.PERCENT_CHANGE),
        ("What is the growth rate of revenue in 2019?", Kind.PERCENT_CHANGE),
        ("What is the average rent for 2018 and 2019?", Kind.AVERAGE),
        ("What is the weighted average share price in 2019?", Kind.LOOKUP),
        ("What is the sum of cash and securities in 2019?", Kind.SUM),
        ("What is the total rent across the three years?", Kind.SUM),
        ("What are services as a percentage of total revenue in 2019?", Kind.RATIO),
        ("What percentage of total cost is made up of bonds?", Kind.RATIO),
        ("What is the ratio of debt to equity in 2019?", Kind.RATIO),
        ("In how many years did profit exceed $5 million?", Kind.COUNT),
        ("In which year was profit less than 10%?", Kind.WHICH_PERIOD),
        ("Which year had the highest rent?", Kind.WHICH_PERIOD),
        ("Which segment had the largest sales in 2019?", Kind.WHICH_ROW),
        ("What was the lowest rent?", Kind.EXTREME),
        ("Which years are included in the table?", Kind.PERIODS),
        ("What are the components of inventories?", Kind.MEMBERS),
        ("How has net income developed over the quarters?", Kind.TREND),
    ],
)
def test_kinds(question: str, kind: Kind) -> None:
    found = asked(question)
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize(
    "question",
    [
        "Why did revenue increase in 2019?",
        "How is depreciation calculated?",
        "Who signed the report?",
        "What caused the decrease in sales?",
        "What was the increase primarily attributable to?",
        "What would be the total if rent doubled?",
        "Did the company buy back shares in 2019?",
        "What is included in other assets?",
        "What is the expiration date of the lease?",
        "What is the name of the lender?",
        "What is the sum of the three largest costs?",
        "What is the change in the average cost between 2018 and 2019?",
    ],
)
def test_questions_for_no_figure_are_left_to_others(question: str) -> None:
    assert asked(question) is None


@pytest.mark.parametrize(
    ("question", "measure", "years"),
    [
        ("What was the rent in fiscal year 2019?", "rent", [2019]),
        ("How much rent was recorded at December 31, 2018 and 2019?", "rent", [2018, 2019]),
        ("What is the fair value of bonds in 2019?", "fair value bonds", [2019]),
        ("What was Acme's rent in its Q3 2023 10-Q?", "rent", [2023]),
        ("What was the rent in 2019, and what was it for?", "rent", [2019]),
    ],
)
def test_the_measure_is_what_is_left(question: str, measure: str, years: list[int]) -> None:
    found = asked(question)
    assert found is not None
    assert terms(found.measure) == terms(measure)
    assert [period.year for period in found.periods] == years


def test_directions() -> None:
    def flags(question: str) -> tuple[bool, bool, bool]:
        found = asked(question)
        assert found is not None
        return found.falling, found.unsigned, found.since

    assert flags("What was the decrease in rent from 2018 to 2019?") == (True, False, False)
    assert flags("What was the increase / (decrease) in rent in 2019?") == (False, False, False)
    assert flags("What is the difference in rent between 2018 and 2019?") == (False, True, False)
    assert flags("What is the net difference in rent for 2018?") == (False, False, False)
    assert flags("What was the increase in rent from 2018?") == (False, False, True)


def test_limits_are_read_with_their_scale() -> None:
    found = asked("How many years did net income exceed $30,000 thousand?")
    assert found is not None
    assert found.bound == Bound(True, Decimal(30000), 1000)
    assert found.bound.holds(Decimal(31), 10**6)
    assert not found.bound.holds(Decimal(30), 10**6)
    bare = asked("In which year was the rent less than 100?")
    assert bare is not None
    assert bare.bound is not None
    assert bare.bound.holds(Decimal(99), 10**6)


def test_the_last_period() -> None:
    found = asked("What was the rent in the most recent quarter?")
    assert found is not None
    assert (found.latest, found.quarter, found.periods) == (True, True, ())
    assert terms(found.measure) == ("rent",)
