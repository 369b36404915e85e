"""What a question asks of a table: a cell, a list, a calculation, a choice.  Pure.

Written from how questions about figures are put in English: the kind by its signal words, the
periods by their names, and what is left is the measure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from appliance.tasks.figures.numbers import SCALES
from appliance.tasks.figures.periods import Period, mentions, without_periods
from appliance.tasks.figures.phrases import (
    AVERAGE,
    BOUND,
    DATED,
    DIFFERENCE,
    EACH,
    FALL,
    FILING,
    FRAME,
    FURTHER,
    HOW_MANY,
    HOW_MANY_YEARS,
    LATEST,
    LESS,
    MARK,
    MARKS,
    MEMBERS,
    MORE,
    MOST,
    MOVE,
    NO_FIGURE,
    OWNED,
    PAIRED,
    PERCENT,
    PROVIDED,
    RATIOS,
    RISE,
    SINCE,
    SUM,
    SUPERLATIVE,
    THROUGH,
    TREND,
    WHICH,
    YEARS,
)


class Kind(StrEnum):
    """What is to be done with the figures that are found."""

    LOOKUP = "lookup"
    CHANGE = "change"
    PERCENT_CHANGE = "percentage change"
    AVERAGE = "average"
    SUM = "sum"
    RATIO = "ratio"
    COUNT = "count of periods"
    COUNT_ROWS = "count of rows"
    WHICH_PERIOD = "which period"
    WHICH_ROW = "which row"
    EXTREME = "extreme"
    PERIODS = "periods"
    MEMBERS = "members"
    TREND = "trend"  # the figure of each document, or of each period


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that figures are compared with."""

    above: bool
    value: Decimal
    scale: int  # 0: the question gives none, and the figure counts as it stands

    def holds(self, value: Decimal, scale: int) -> bool:
        """Whether a figure lies beyond the limit."""
        limit = self.value if self.scale == 0 else self.value * self.scale
        figure = value if self.scale == 0 else value * scale
        return figure > limit if self.above else figure < limit


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about figures, taken apart."""

    kind: Kind
    measure: str
    other: str = ""  # the whole of a ratio
    text: str = ""  # all that is left without its periods
    periods: tuple[Period, ...] = ()
    through: bool = False  # the two periods are the ends of a stretch
    bound: Bound | None = None
    largest: bool = True
    percent: bool = False  # a percentage is asked for
    moving: bool = False  # words of change stand in the question
    falling: bool = False  # a decrease is asked for, and no increase
    unsigned: bool = False  # a difference, which has no direction
    since: bool = False  # the one period is that from which something changed
    years: bool = False  # years are asked for by that word
    latest: bool = False  # the last period of the document
    quarter: bool = False  # ... a quarter
    paired: bool = False  # two measures are to be set side by side
    each: bool = False  # one answer for each period, "respectively"


def asked(question: str) -> Asked | None:
    """The question taken apart; None where it asks for no figure, label or period."""
    question = FURTHER.sub("", OWNED.sub(" ", question.rpartition(";")[2]))
    if trend := TREND.search(question):
        measure = _measure(trend["first"] or trend["second"])
        return Asked(Kind.TREND, measure, quarter="quarter" in question.lower())
    paired = bool(PAIRED.search(question))
    question = PAIRED.sub(r"\g<before> what were \g<one> and \g<other>", question)
    if NO_FIGURE.search(question):
        return None
    question = re.sub(r"\s+", " ", FILING.sub(r" \g<kept>", question.strip()))
    text, named = _marked(question)
    latest = bool(LATEST.search(text))
    bare = MARKS.sub(" ", DATED.sub(" ", LATEST.sub(" ", text)))
    if AVERAGE.search(bare) and MOVE.search(bare):
        return None  # a change of averages is two calculations
    found = _read(bare)
    return replace(
        found,
        measure=_measure(found.measure),
        other=_measure(found.other),
        text=_measure(bare),
        periods=named,
        through=len(named) == 2 and bool(THROUGH.search(text)),
        since=len(named) == 1 and bool(SINCE.search(text)),
        percent=bool(PERCENT.search(bare)),
        moving=bool(MOVE.search(bare)),
        falling=bool(FALL.search(bare)) and not RISE.search(bare),
        unsigned=found.unsigned or bool(DIFFERENCE.search(bare)),
        latest=latest,
        quarter="quarter" in question.lower(),
        paired=paired,
        each=bool(EACH.search(question)),
    )


def _read(text: str) -> Asked:
    for reading in (_choice, _ratio, _calculation, _members):
        found = reading(text)
        if found is not None:
            return found
    return Asked(Kind.LOOKUP, text)


def _marked(question: str) -> tuple[str, tuple[Period, ...]]:
    """The question with marks in place of its periods, and the periods."""
    pieces: list[str] = []
    at = 0
    found: list[Period] = []
    for number, mention in enumerate(mentions(question)):
        pieces += (question[at : mention.begin], f"{MARK}{number}")
        found.append(mention.period)
        at = mention.end
    pieces.append(question[at:])
    return "".join(pieces), tuple(dict.fromkeys(found))


def _choice(text: str) -> Asked | None:
    """Questions for periods or rows that stand out."""
    bound, most = BOUND.search(text), MOST.search(text)
    years = YEARS.search(text)
    if HOW_MANY.search(text):
        return _counted(text, bound) if bound else None
    if not years:
        return _outstanding(text, most) if most and SUPERLATIVE.search(most[0]) else None
    if bound:
        return Asked(Kind.WHICH_PERIOD, _cut(text, bound, years), bound=_bound(bound))
    if most:
        return Asked(Kind.WHICH_PERIOD, _cut(text, most, years), largest=bool(most["most"]))
    measure = PROVIDED.sub(" ", _cut(text, years))
    return Asked(Kind.PERIODS, measure, years="year" in years[0].lower())


def _counted(text: str, bound: re.Match[str]) -> Asked:
    """How many periods, or how many rows, lie beyond a limit."""
    years = HOW_MANY_YEARS.search(text)
    kind = Kind.COUNT if years else Kind.COUNT_ROWS
    return Asked(kind, _cut(text, bound, years), bound=_bound(bound))


def _outstanding(text: str, most: re.Match[str]) -> Asked:
    kind = Kind.WHICH_ROW if WHICH.search(text) else Kind.EXTREME
    return Asked(kind, _cut(text, most), largest=bool(most["most"]))


def _bound(match: re.Match[str]) -> Bound:
    word = (match["scale"] or "").lower().rstrip("s")
    scale = next((n for n, name in SCALES.items() if name and name == word), 0)
    return Bound(bool(match["above"]), Decimal(match["digits"].replace(",", "")), scale)


def _ratio(text: str) -> Asked | None:
    """Shares of one figure in another; a percentage of change is none."""
    if MOVE.search(text):
        return None
    for pattern in RATIOS:
        if match := pattern.search(text):
            return Asked(Kind.RATIO, match["part"], match["whole"])
    return None


def _calculation(text: str) -> Asked | None:
    if average := AVERAGE.search(text):
        return Asked(Kind.AVERAGE, _cut(text, average))
    if more := MORE.search(text):
        return Asked(Kind.CHANGE, _cut(text, more), unsigned=True)
    if less := LESS.search(text):
        return Asked(Kind.CHANGE, f"{less['one']} and {less['other']}", unsigned=True)
    if MOVE.search(text):
        kind = Kind.PERCENT_CHANGE if PERCENT.search(text) else Kind.CHANGE
        return Asked(kind, text)
    if summed := SUM.search(text):
        return Asked(Kind.SUM, _cut(text, summed))
    return None


def _members(text: str) -> Asked | None:
    match = MEMBERS.search(text)
    return Asked(Kind.MEMBERS, _cut(text, match)) if match else None


def _cut(text: str, *matches: re.Match[str] | None) -> str:
    kept = list(text)
    for match in matches:
        if match is not None:
            kept[match.start() : match.end()] = " " * (match.end() - match.start())
    return "".join(kept)


def _measure(text: str) -> str:
    """What is left when the words that only ask are taken away."""
    return re.sub(r"\s+", " ", FRAME.sub(" ", without_periods(text))).strip(" ?.,;:")


def without_movement(measure: str) -> str:
    """A measure without words of change and percentage."""
    bare = re.sub(r"[/(]+\s*(?:\(?\s*decrease|increase)\s*\)?", " ", measure, flags=re.IGNORECASE)
    bare = re.sub(r"\bnet(?=\s+(?:percent|change|differ|increase|decrease))", " ", bare, flags=re.I)
    return re.sub(r"\s+", " ", PERCENT.sub(" ", MOVE.sub(" ", bare))).strip(" ,/()")
