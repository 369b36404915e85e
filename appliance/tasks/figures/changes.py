"""Changes: those that a table gives itself, and differences of its figures.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.tasks.figures import compute
from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.draft import (
    Draft,
    Line,
    better,
    computed,
    listed,
    of_periods,
    parted,
    single,
)
from appliance.tasks.figures.intent import Asked, Kind, without_movement
from appliance.tasks.figures.match import Choice, Matcher
from appliance.tasks.figures.periods import Period
from appliance.tasks.figures.phrases import MOVE
from appliance.tasks.figures.series import Series
from appliance.tasks.figures.wording import terms


def change(question: Asked, matcher: Matcher) -> Draft | None:
    """What the table gives as a change, or the difference of two figures of it."""
    percent = question.kind is Kind.PERCENT_CHANGE
    measure = without_movement(question.measure)
    quoted = _quoted_change(question, measure, matcher, percent=percent)
    between = None if percent else _between_measures(question, measure, matcher)
    over_time = _over_time(question, measure, matcher, percent=percent)
    labelled = _labelled_change(question, matcher)
    best = quoted or better(over_time, between)
    if labelled and (best is None or labelled.score >= best.score):
        return labelled
    return best


def _quoted_change(
    question: Asked, measure: str, matcher: Matcher, *, percent: bool
) -> Draft | None:
    """A change that stands in the table itself, for the same two periods."""
    for choice in _changes(measure, matcher):
        fitting = [
            figure
            for figure in choice.series.points
            if figure.percent is percent
            and figure.number is not None
            and not figure.number.nil
            and _spans(figure, question.periods)
        ]
        if len(fitting) == 1:
            return Draft(
                (Line(compute.shown(fitting[0]), (fitting[0],)),), choice.score, choice.margin
            )
    return None


def _changes(measure: str, matcher: Matcher) -> list[Choice]:
    """The best series of changes in percent and the best in amounts."""
    found = []
    for percent in (True, False):
        among = [s for s in matcher.series if s.change and s.points[0].percent is percent]
        plain = matcher.best(measure)
        choice = matcher.best(measure, change=True, among=among)
        if choice and plain and choice.series.row == plain.series.row:
            found.append(choice)
    return found


def _spans(figure: Figure, asked: Sequence[Period]) -> bool:
    """Whether a change is that between the periods asked for."""
    if not asked:
        return True
    years = sorted({period.year for period in asked})
    if figure.since is not None and figure.period is not None:
        given = [figure.since.year, figure.period.year]
        return given == years if len(years) > 1 else given[1] == years[0]
    if figure.period is None:
        return False
    return figure.period.year == years[-1] and (len(years) == 1 or years[-1] - years[0] == 1)


def _over_time(question: Asked, measure: str, matcher: Matcher, *, percent: bool) -> Draft | None:
    """The difference between two periods of one series: the later less the earlier."""
    choice = matcher.best(measure, question.periods)
    if choice is None:
        return None
    figures = _ends(choice.series, question.periods, question.since)
    if figures is None:
        return None
    if percent:
        work = compute.percent_change
    else:
        work = compute.difference
        figures = _directed(question, *figures)
    return computed(work(*figures), figures, choice.score, choice.margin)


def _directed(question: Asked, later: Figure, earlier: Figure) -> tuple[Figure, Figure]:
    """What is subtracted from what: a fall is what was there before, less what is left.

    A difference is the larger less the smaller.
    """
    turned = question.falling
    if question.unsigned and later.number and earlier.number:
        turned = earlier.number.value * earlier.scale > later.number.value * later.scale
    return (earlier, later) if turned else (later, earlier)


def _ends(series: Series, asked: Sequence[Period], since: bool) -> tuple[Figure, Figure] | None:
    """The later and the earlier figure; of one period asked for, the one before it as well."""
    dated = sorted(
        (f for f in series.points if f.period is not None), key=lambda f: f.period or Period(0)
    )
    if not asked and len(dated) == 2 and dated[0].period != dated[1].period:
        return dated[1], dated[0]
    if len(asked) == 1 and since:
        asked = [*asked, *(f.period for f in dated[-1:] if f.period)]
    if len(asked) == 1:
        before = Period(asked[0].year - 1, asked[0].month, 0, asked[0].quarter, asked[0].months)
        found = of_periods(series, [asked[0], before])
        return (found[0], found[1]) if found else None
    if len(asked) != 2:
        return None
    found = of_periods(series, sorted(asked, reverse=True))
    return (found[0], found[1]) if found else None


def _between_measures(question: Asked, measure: str, matcher: Matcher) -> Draft | None:
    """The difference of two measures at one time; a change goes from the first to the second."""
    if len(question.periods) > 1:
        return None
    joint = parted(measure, question, matcher, most=2)
    if joint is None:
        return None
    first, second = (single(series, question) for series in joint.series)
    if first is None or second is None:
        return None
    cells = _directed(question, second, first)
    return computed(compute.difference(*cells), cells, joint.score, joint.margin)


def _labelled_change(question: Asked, matcher: Matcher) -> Draft | None:
    """A row that is named for a change: "Net increase in cash"."""
    if len(question.periods) > 1 or question.kind is Kind.PERCENT_CHANGE:
        return None
    choice = matcher.best(question.measure, question.periods)
    moving = set(terms(" ".join(MOVE.findall(question.measure))))
    if choice is None or not moving & choice.series.row:
        return None
    return listed(question, choice)
