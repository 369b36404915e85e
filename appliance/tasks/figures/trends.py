"""One figure of each of several documents, or of each period of one.  Pure."""

from __future__ import annotations

from itertools import groupby

from appliance.tasks.figures import compute
from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.draft import Draft, Line, latest
from appliance.tasks.figures.intent import Asked
from appliance.tasks.figures.match import Choice, Matcher
from appliance.tasks.figures.periods import Period

FEWEST = 2  # figures that show a course


def trend(question: Asked, matcher: Matcher) -> Draft | None:
    """A measure over time: what each document gives for its own last period, the first one first.

    Of a single document, what it gives for each of its periods.
    """
    chosen = [choice for one in _by_document(matcher) if (choice := one.best(question.measure))]
    if not chosen:
        return None
    figures = _course(chosen, quarter=question.quarter)
    if len(figures) < FEWEST:
        return None
    lines = tuple(Line(compute.shown(figure), (figure,)) for figure in figures)
    return Draft(lines, min(c.score for c in chosen), min(c.margin for c in chosen))


def _by_document(matcher: Matcher) -> list[Matcher]:
    groups = groupby(matcher.series, key=lambda one: one.points[0].document)
    return [Matcher(tuple(series), matcher.names) for _, series in groups]


def _course(chosen: list[Choice], *, quarter: bool) -> list[Figure]:
    """The figures in the order of their periods."""
    if len(chosen) > 1:
        found = [latest(choice.series, quarter=quarter) for choice in chosen]
        figures = [figure for figure in found if figure is not None]
    else:
        figures = [f for f in chosen[0].series.points if f.period and f.number]
        if len({f.period for f in figures}) < len(figures):
            return []
    return sorted(figures, key=lambda f: f.period or Period(0))
