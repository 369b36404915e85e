"""What each kind of question makes of the figures.  Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.tasks.figures import changes, lookups, pooling, standouts, trends
from appliance.tasks.figures.draft import QUARTER, Draft
from appliance.tasks.figures.intent import Asked, Kind
from appliance.tasks.figures.match import Matcher

FISCAL_COUNTS = 0.8  # of the score, where a fiscal quarter is taken for the last of the document
_DRAFTS: dict[Kind, Callable[[Asked, Matcher], Draft | None]] = {
    Kind.LOOKUP: lookups.lookup,
    Kind.PERIODS: lookups.periods,
    Kind.MEMBERS: lookups.members,
    Kind.CHANGE: changes.change,
    Kind.PERCENT_CHANGE: changes.change,
    Kind.AVERAGE: pooling.average,
    Kind.SUM: pooling.total,
    Kind.RATIO: pooling.ratio,
    Kind.COUNT: standouts.count,
    Kind.COUNT_ROWS: standouts.count_rows,
    Kind.WHICH_PERIOD: standouts.which_period,
    Kind.WHICH_ROW: standouts.which_row,
    Kind.EXTREME: standouts.extreme,
    Kind.TREND: trends.trend,
}


def draft(question: Asked, matcher: Matcher) -> Draft | None:
    """The answer that the figures give; None where they give none, or more than one."""
    fiscal = _is_fiscal(question, matcher)
    if fiscal:
        question = replace(question, periods=(), latest=True, quarter=True)
    found = _DRAFTS[question.kind](question, matcher)
    if found is None or not found.lines:
        return None
    return replace(found, score=found.score * FISCAL_COUNTS) if fiscal else found


def _is_fiscal(question: Asked, matcher: Matcher) -> bool:
    """Whether the one quarter asked for is named by a fiscal year, which no head of a column says.

    A filing for the first quarter of 2023 may have columns of 2022 and 2021 alone: its last quarter
    is meant.
    """
    if len(question.periods) != 1 or not question.periods[0].quarter:
        return False
    periods = {f.period for s in matcher.series for f in s.points if f.period}
    quarters = {period.year for period in periods if period.months == QUARTER or period.quarter}
    return bool(quarters) and question.periods[0].year not in quarters
