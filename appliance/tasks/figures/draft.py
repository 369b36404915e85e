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
from appliance.tasks.figures.match import Choice, Matcher, points, splits
from appliance.tasks.figures.periods import Period
from appliance.tasks.figures.series import Series

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
    if choice is None:
        return None
    figures = of_periods(choice.series, question.periods)
    if figures is None:
        figures = only(choice.series) if not question.periods else None
    if figures is None:
        return None
    return Draft(tuple(Line(compute.shown(f), (f,)) for f in figures), choice.score, choice.margin)


def of_periods(series: Series, wanted: Sequence[Period]) -> list[Figure] | None:
    """One figure for each period, in the order asked; None where one has none or several."""
    figures = []
    for period in wanted:
        at = points(series, period)
        if len(at) != 1:
            return None
        figures.append(series.points[at[0]])
    return figures or None


def only(series: Series) -> list[Figure] | None:
    return list(series.points) if len(series.points) == 1 else None


def single(series: Series, periods: Sequence[Period]) -> Figure | None:
    figures = of_periods(series, periods[:1]) if periods else only(series)
    return figures[0] if figures else None


def pairs(
    measure: str, question: Asked, matcher: Matcher, *, context: str = ""
) -> tuple[Choice, Choice] | None:
    """Two different series that a measure names with "and" between; the best way to part it."""
    best: tuple[Choice, Choice] | None = None
    for left, right in splits(measure):
        first = matcher.best(left, question.periods, context=f"{context} {right}")
        second = matcher.best(right, question.periods, context=f"{context} {left}")
        if first is None or second is None or first.series == second.series:
            continue
        worst = min(first.score, second.score)
        if best is None or worst > min(best[0].score, best[1].score):
            best = (first, second)
    return best


def period_lines(figures: Sequence[Figure]) -> tuple[Line, ...]:
    return tuple(
        Line(str(f.period.year), (f,), label=True) for f in figures if f.period is not None
    )


def computed(
    computed: compute.Computed | None, cells: Sequence[Figure], score: float, margin: float
) -> Draft | None:
    if computed is None:
        return None
    return Draft((Line(computed.text, tuple(cells), computed.derivation),), score, margin)
