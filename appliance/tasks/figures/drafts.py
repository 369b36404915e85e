"""What each kind of question makes of the figures.  Pure."""

from __future__ import annotations

from collections.abc import Callable

from appliance.tasks.figures import changes, lookups, pooling, standouts, trends
from appliance.tasks.figures.draft import Draft
from appliance.tasks.figures.intent import Asked, Kind
from appliance.tasks.figures.match import Matcher

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
    found = _DRAFTS[question.kind](question, matcher)
    return found if found and found.lines else None
