"""The nouns of an answer in the making, and the choices that all kinds of questions share.  Pure.

A draft is refused (None) rather than guessed: where a period has two figures, an operand is
missing, or units do not go together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.tasks.figures import compute
from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.intent import Asked
from appliance.tasks.figures.match import Choice, Joint, Matcher, partings, points
from appliance.tasks.figures.periods import Period
from appliance.tasks.figures.series import Series

QUARTER = 3  # months
SPLIT_GAIN = 0.05  # two measures must match this much better than one


@dataclass(frozen=True, slots=True)
class Line:
    """One statement: its text, the cells it rests on, and the arithmetic over them."""

    text: str
    cells: tuple[Figure, ...]
    derivation: str = ""
    label: bool = False  # the text is the label or the head of the cell, not its value


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer in the making; ``score`` and ``margin`` say how well and how alone it matches."""

    lines: tuple[Line, ...]
    score: float
    margin: float


def better(one: Draft | None, other: Draft | None) -> Draft | None:
    """Two measures instead of one only where that fits clearly better."""
    if one is None or other is None:
        return one or other
    return other if other.score > one.score + SPLIT_GAIN else one


def listed(question: Asked, choice: Choice | None) -> Draft | None:
    """The cells of a series for the periods asked for."""
    if choice is None:
        return None
    figures = of_periods(choice.series, question.periods)
    if figures is None:
        figures = _undated(question, choice.series) if not question.periods else None
    if figures is None:
        return None
    return Draft(tuple(Line(compute.shown(f), (f,)) for f in figures), choice.score, choice.margin)


def _undated(question: Asked, series: Series) -> list[Figure] | None:
    """The figure for a question that names no date: the last, if it asks so, or the only one."""
    if not question.latest:
        return only(series)
    figure = latest(series, quarter=question.quarter)
    return [figure] if figure else None


def of_periods(series: Series, wanted: Sequence[Period]) -> list[Figure] | None:
    """One figure for each period, in the order asked; None where one has none or several."""
    figures = []
    if len(wanted) == 1 and not any(f.period for f in series.points):
        return only(series)
    for period in wanted:
        found = [series.points[at] for at in points(series, period)]
        if len(found) > 1 and period.quarter:
            found = [f for f in found if f.period and f.period.months == QUARTER]
        if len(found) != 1:
            return None
        figures.append(found[0])
    return figures or None


def latest(series: Series, *, quarter: bool) -> Figure | None:
    """The figure of the last period; of several that end with it, the one that stands first."""
    dated = [f for f in series.points if f.period is not None]
    if not dated:
        return None
    last = max(_end(f) for f in dated)
    found = [f for f in dated if _end(f) == last]
    short = [f for f in found if f.period and f.period.months == QUARTER]
    return short[0] if quarter and short else found[0]


def _end(figure: Figure) -> tuple[int, int, int, int]:
    period = figure.period or Period(0)
    return period.year, period.month, period.day, period.quarter


def only(series: Series) -> list[Figure] | None:
    """The figure of a series that has no other."""
    return list(series.points) if len(series.points) == 1 else None


def single(series: Series, question: Asked) -> Figure | None:
    """The one figure of a series at the time that the question is about."""
    if question.periods:
        figures = of_periods(series, question.periods[:1])
    else:
        figures = _undated(question, series)
    return figures[0] if figures else None


def parted(measure: str, question: Asked, matcher: Matcher, most: int = 9) -> Joint | None:
    """The different series that a measure names with "and" between; the best way to part it."""
    ways = [way for way in partings(measure) if len(way) <= most]
    found = [joint for way in ways if (joint := matcher.joint(way, question.periods))]
    return max(found, key=lambda joint: joint.score, default=None)


def period_lines(figures: Sequence[Figure]) -> tuple[Line, ...]:
    return tuple(
        Line(str(f.period.year), (f,), label=True) for f in figures if f.period is not None
    )


def computed(
    result: compute.Computed | None, cells: Sequence[Figure], score: float, margin: float
) -> Draft | None:
    """A draft of one calculation; None where nothing could be calculated."""
    if result is None:
        return None
    return Draft((Line(result.text, tuple(cells), result.derivation),), score, margin)
