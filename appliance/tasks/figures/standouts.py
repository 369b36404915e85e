"""What stands out: periods beyond a limit, the largest and smallest, and how many.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.tasks.figures import compute
from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.draft import Draft, Line, of_periods, period_lines, single
from appliance.tasks.figures.intent import Asked
from appliance.tasks.figures.match import Choice, Matcher
from appliance.tasks.figures.series import Series

FEWEST_ROWS = 3
OF_THE_TABLE = 0.4  # score of all rows of the only table, where no label says the measure
BY_ROW = 0.8  # of the score: rows are compared, of which the question names none


def count(question: Asked, matcher: Matcher) -> Draft | None:
    """In how many periods a figure lies beyond a limit."""
    found = _beyond(question, matcher)
    if found is None:
        return None
    cells, choice, series = found
    dated = tuple(f for f in series.points if f.period)
    shown = ", ".join(f"{f.period.year}: {f.quote}" for f in cells if f.period) or "none"
    return Draft((Line(str(len(cells)), dated, shown),), choice.score, choice.margin)


def _beyond(question: Asked, matcher: Matcher) -> tuple[list[Figure], Choice, Series] | None:
    choice = matcher.best(question.measure)
    if choice is None or question.bound is None:
        return None
    bound = question.bound
    dated = [f for f in choice.series.points if f.period and f.number]
    if not dated or len({f.period for f in dated}) != len(dated):
        return None
    beyond = [f for f in dated if f.number and bound.holds(f.number.value, f.scale)]
    return beyond, choice, choice.series


def which_period(question: Asked, matcher: Matcher) -> Draft | None:
    """The periods in which a figure lies beyond a limit, or is the largest or smallest."""
    if question.bound is not None:
        found = _beyond(question, matcher)
        if found is None:
            return None
        cells, measured, _ = found
        return Draft(period_lines(cells), measured.score, measured.margin)
    choice = matcher.best(question.measure, question.periods)
    if choice is None:
        return None
    chosen = _extremes(_dated(choice.series, question), largest=question.largest)
    return Draft(period_lines(chosen), choice.score, choice.margin) if chosen else None


def _dated(series: Series, question: Asked) -> list[Figure]:
    if question.periods:
        return of_periods(series, question.periods) or []
    return [f for f in series.points if f.period]


def _extremes(figures: Sequence[Figure], *, largest: bool) -> list[Figure]:
    """The one figure that stands out; none where two do, or where there is nothing to compare."""
    known = [(f.number.value * f.scale, f) for f in figures if f.number]
    if len(known) < 2:
        return []
    extreme = (max if largest else min)(value for value, _ in known)
    chosen = [f for value, f in known if value == extreme]
    return chosen if len(chosen) == 1 else []


def which_row(question: Asked, matcher: Matcher) -> Draft | None:
    """Which row of a table has the largest or smallest figure of a measure."""
    score, rows = _rows(question, matcher)
    chosen = _extremes(rows, largest=question.largest)
    if len(rows) < FEWEST_ROWS or not chosen:
        return None
    lines = tuple(Line(f.label.strip(" :"), (f,), label=True) for f in chosen)
    return Draft(lines, score * BY_ROW, 0.1)


def count_rows(question: Asked, matcher: Matcher) -> Draft | None:
    """How many rows of a table lie beyond a limit."""
    score, rows = _rows(question, matcher)
    if question.bound is None or len(rows) < FEWEST_ROWS:
        return None
    bound = question.bound
    beyond = [f for f in rows if f.number and bound.holds(f.number.value, f.scale)]
    shown = ", ".join(f"{f.label.strip(' :')}: {f.quote}" for f in beyond) or "none"
    return Draft((Line(str(len(beyond)), tuple(rows), shown),), score * BY_ROW, 0.1)


def _rows(question: Asked, matcher: Matcher) -> tuple[float, list[Figure]]:
    """The rows that a measure speaks of, totals aside: of its section, or of the only table."""
    ranked = matcher.ranked(question.measure, question.periods)
    if ranked:
        score, first = ranked[0]
        among = [s for s in matcher.series if _beside(s, first)]
    elif len({s.points[0].table for s in matcher.series}) == 1:
        score, among = OF_THE_TABLE, [s for s in matcher.series if not s.column and not s.change]
    else:
        return 0.0, []
    cells = [single(one, question) for one in among if not one.total]
    return score, [cell for cell in cells if cell is not None and cell.number is not None]


def _beside(one: Series, other: Series) -> bool:
    mine, theirs = one.points[0], other.points[0]
    same = (mine.document, mine.table) == (theirs.document, theirs.table)
    return same and one.column == other.column and one.section == other.section


def extreme(question: Asked, matcher: Matcher) -> Draft | None:
    """The largest or smallest figure of one measure over its periods."""
    choice = matcher.best(question.measure)
    if choice is None:
        return None
    chosen = _extremes(_dated(choice.series, question), largest=question.largest)
    lines = tuple(Line(compute.shown(f), (f,)) for f in chosen)
    return Draft(lines, choice.score, choice.margin) if lines else None
