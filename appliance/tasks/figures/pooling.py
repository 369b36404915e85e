"""Averages, sums and shares: one result out of several figures.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.tasks.figures import compute
from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.draft import (
    Draft,
    better,
    computed,
    listed,
    of_periods,
    parted,
    single,
)
from appliance.tasks.figures.intent import Asked
from appliance.tasks.figures.match import Joint, Matcher, partings
from appliance.tasks.figures.series import Series

AVERAGE = "averag"  # in the label of a row that is a mean


def average(question: Asked, matcher: Matcher) -> Draft | None:
    """The mean over periods, or of several measures; a row that is a mean itself is looked up."""
    pooled = _pooled(question, matcher, compute.average)
    choice = matcher.best(f"average {question.measure}", question.periods)
    if choice and AVERAGE in choice.series.row:
        return better(listed(question, choice), pooled)
    return pooled


def total(question: Asked, matcher: Matcher) -> Draft | None:
    """Their sum; of one measure at one time, its figure: "how much is it in total"."""
    pooled = _pooled(question, matcher, compute.total)
    if pooled is None and len(question.periods) <= 1:
        return listed(question, matcher.best(question.measure, question.periods))
    return pooled


def _pooled(
    question: Asked,
    matcher: Matcher,
    work: Callable[[Sequence[Figure]], compute.Computed | None],
) -> Draft | None:
    """One result over the periods of a measure, or over two measures of one period."""
    choice = matcher.best(question.measure, question.periods)
    one = None
    if choice is not None:
        figures = _stretch(choice.series, question)
        if figures and len(figures) > 1:
            one = computed(work(figures), figures, choice.score, choice.margin)
    if len(question.periods) > 1:
        return one
    joint = parted(question.measure, question, matcher)
    if joint is None:
        return one
    cells = [single(series, question) for series in joint.series]
    known = [cell for cell in cells if cell is not None]
    if len(known) < len(cells):
        return one
    return better(one, computed(work(known), known, joint.score, joint.margin))


def _stretch(series: Series, question: Asked) -> list[Figure] | None:
    """The figures of the periods asked for; of all periods where none is asked for."""
    dated = [f for f in series.points if f.period is not None and f.number is not None]
    if not question.periods:
        return dated if len({f.period for f in dated}) == len(dated) else None
    if len(question.periods) == 1:
        return None
    if question.through:
        first, last = sorted(period.year for period in question.periods)
        within = [f for f in dated if f.period and first <= f.period.year <= last]
        years = [f.period.year for f in within if f.period]
        return within if sorted(years) == list(range(first, last + 1)) else None
    return of_periods(series, question.periods)


def ratio(question: Asked, matcher: Matcher) -> Draft | None:
    """One figure, or the sum of several, in percent of another of the same time."""
    ways = [(question.measure,), *partings(question.measure)]
    found = None
    for way in ways:
        joint = matcher.joint((*way, question.other), question.periods, whole=len(way))
        found = better(found, _divided(joint, question)) if joint else found
    choice = matcher.best(question.text, question.periods)
    if choice and choice.series.share:
        return better(found, listed(question, choice)) if found else listed(question, choice)
    return found


def _divided(joint: Joint, question: Asked) -> Draft | None:
    cells = [single(series, question) for series in joint.series]
    known = [cell for cell in cells if cell is not None]
    if len(known) < len(cells):
        return None
    work = compute.share if question.percent else compute.ratio
    return computed(work(known[:-1], known[-1]), known, joint.score, joint.margin)
