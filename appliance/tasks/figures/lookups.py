"""Cells, lists of cells, and what a table is made of: its periods, the rows of a section.  Pure."""

from __future__ import annotations

from appliance.tasks.figures.draft import Draft, Line, better, listed, parted, period_lines
from appliance.tasks.figures.intent import Asked
from appliance.tasks.figures.match import Choice, Matcher
from appliance.tasks.figures.pooling import total
from appliance.tasks.figures.series import Series
from appliance.tasks.figures.wording import terms

LEAST = 0.6  # score of the periods of a table


def lookup(question: Asked, matcher: Matcher) -> Draft | None:
    """The cells of one measure, or of two, for each period asked for."""
    if question.paired:
        return _split_lookup(question, matcher)
    change = question.percent and question.moving
    choice = matcher.best(question.measure, question.periods, change=change)
    if choice and _is_sum_of_periods(question, choice.series):
        return total(question, matcher)
    one, several = listed(question, choice), _split_lookup(question, matcher)
    found = better(one, several)
    if found is several and several and _is_sum_of_rows(question, several):
        return total(question, matcher)
    return found


def _is_sum_of_rows(question: Asked, several: Draft) -> bool:
    """Whether "total" before several measures asks for their sum: none of them is a total."""
    totals = any(cell.total for line in several.lines for cell in line.cells)
    leads = terms(question.measure)[:1] == ("total",)
    return leads and not totals and not question.each and len(question.periods) == 1


def _is_sum_of_periods(question: Asked, series: Series) -> bool:
    """Whether "total" asks for the sum over periods: no total stands in the row itself."""
    several = len(question.periods) > 1 and not question.each
    return several and "total" in terms(question.measure) and not series.total


def _split_lookup(question: Asked, matcher: Matcher) -> Draft | None:
    joint = parted(question.measure, question, matcher)
    if joint is None:
        return None
    lines: list[Line] = []
    for series in joint.series:
        found = listed(question, Choice(series, joint.score, joint.margin))
        if found is None:
            return None
        lines.extend(found.lines)
    return Draft(tuple(lines), joint.score, joint.margin)


def periods(question: Asked, matcher: Matcher) -> Draft | None:
    """The periods for which a table has figures."""
    choice = matcher.best(question.measure)
    among = matcher.series
    tables = {(s.points[0].document, s.points[0].table) for s in among}
    vague = not question.years and bool(terms(question.measure))
    if choice is not None:
        first = choice.series.points[0]
        among = tuple(s for s in among if s.points[0].table == first.table)
    elif vague or len(tables) > 1:
        return None
    longest = max((s for s in among if not s.change), key=lambda s: len(s.points), default=None)
    series = choice.series if choice and not choice.series.change else longest
    if series is None:
        return None
    figures = list({f.period.year: f for f in series.points if f.period}.values())
    clear = {f.period.year for s in among for f in s.points if f.period and not f.change}
    margin = 1.0 if len(clear) == len(figures) else 0.0  # all rows say the same
    return Draft(period_lines(figures), max(choice.score if choice else 0, LEAST), margin)


def members(question: Asked, matcher: Matcher) -> Draft | None:
    """The rows of a section."""
    wanted = set(terms(question.measure))
    sections: dict[tuple[int, frozenset[str]], list[Series]] = {}
    for one in matcher.series:
        if one.section and not one.total and one.row != one.section:
            sections.setdefault((one.points[0].table, one.section), []).append(one)
    scored = sorted(
        (
            (2 * len(wanted & section) / (len(wanted) + len(section)), at)
            for at, (_, section) in enumerate(sections)
            if wanted & section
        ),
        reverse=True,
    )
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    score, at = scored[0]
    rows = {one.points[0].line: one.points[0] for one in list(sections.values())[at]}
    lines = tuple(Line(f.label.strip(" :"), (f,), label=True) for _, f in sorted(rows.items()))
    return Draft(lines, score, score - (scored[1][0] if len(scored) > 1 else 0))
