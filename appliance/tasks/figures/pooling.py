"""Averages, sums and shares: one result out of several figures.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.tasks.figures import compute
from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.draft import Draft, better, computed, of_periods, pairs, single
from appliance.tasks.figures.intent import Asked
from appliance.tasks.figures.match import Matcher
from appliance.tasks.figures.series import Series


def average(question: Asked, matcher: Matcher) -> Draft | None:
    return _pooled(question, matcher, compute.average)


def total(question: Asked, matcher: Matcher) -> Draft | None:
    return _pooled(question, matcher, compute.total)


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
    pair = pairs(question.measure, question, matcher)
    if pair is None:
        return one
    cells = [single(c.series, question.periods) for c in pair]
    if cells[0] is None or cells[1] is None:
        return one
    both = (cells[0], cells[1])
    score, margin = (min(getattr(c, name) for c in pair) for name in ("score", "margin"))
    return better(one, computed(work(both), both, score, margin))


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
    """One figure in percent of another of the same time."""
    whole = matcher.best(question.other, question.periods)
    part = matcher.best(question.measure, question.periods, context=question.other)
    if whole is None or part is None or whole.series == part.series:
        return None
    cells = single(part.series, question.periods), single(whole.series, question.periods)
    if cells[0] is None or cells[1] is None:
        return None
    work = compute.share if question.percent else compute.ratio
    both = (cells[0], cells[1])
    score = min(whole.score, part.score)
    return computed(work(*both), both, score, min(whole.margin, part.margin))
