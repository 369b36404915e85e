"""What a question asks of a table: a cell, a list, a calculation, a choice.  Pure.

Written from how questions about figures are put in English: the kind by its signal words, the
periods by their names, and what is left is the measure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from appliance.tasks.figures.numbers import SCALES
from appliance.tasks.figures.periods import Period, mentions, without_periods
from appliance.tasks.figures.phrases import (
    AVERAGE,
    BOUND,
    DATED,
    DIFFERENCE,
    FALL,
    FILING,
    FRAME,
    FURTHER,
    HOW_MANY,
    LATEST,
    MARK,
    MARKS,
    MEMBERS,
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
    periods: tuple[Period, ...] = ()
    through: bool = False  # the two periods are the ends of a stretch
    bound: Bound | None = None
    largest: bool = True
    percent: bool = False  # a percentage is asked for
    moving: bool = False  # words of change stand in the question
    falling: bool = False  # a decrease is asked for, and no increase
    unsigned: bool = False  # a difference, which has no direction
    since: bool = False  # the one period is that from which something changed
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
    text, named = _marked(re.sub(r"\s+", " ", FILING.sub(r" \g<kept>", question.strip())))
    latest, quarter = bool(LATEST.search(text)), bool(re.search(r"quarter", text, re.I))
    text = LATEST.sub(" ", text)
    since = len(named) == 1 and bool(SINCE.search(text))
    each = bool(re.search(r"\brespective|\beach\b", text, re.IGNORECASE))
    falling = bool(FALL.search(text)) and not RISE.search(text)
    unsigned = bool(DIFFERENCE.search(text))
    through = len(named) == 2 and bool(THROUGH.search(text))
    text = DATED.sub(" ", text)
    text = MARKS.sub(" ", text)
    percent, moving = bool(PERCENT.search(text)), bool(MOVE.search(text))
    if AVERAGE.search(text) and moving:
        return None  # a change of averages is two calculations
    for reading in (_choice, _ratio, _calculation, _members):
        found = reading(text, named)
        if found is not None:
            break
    else:
        found = Asked(Kind.LOOKUP, text)
    return Asked(
        found.kind,
        _measure(found.measure),
        _measure(found.other),
        named,
        through,
        found.bound,
        found.largest,
        percent,
        moving,
        falling,
        unsigned,
        since,
        latest,
        quarter,
        paired,
        each,
    )


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


def _choice(text: str, named: tuple[Period, ...]) -> Asked | None:
    """Questions for periods or rows that stand out."""
    bound, most = BOUND.search(text), MOST.search(text)
    years, how_many = YEARS.search(text), HOW_MANY.search(text)
    if bound and (years or how_many):
        rest = _cut(text, bound, years or how_many)
        return Asked(Kind.COUNT if how_many else Kind.WHICH_PERIOD, rest, bound=_bound(bound))
    if how_many:
        return None
    if most and years:
        rest = _cut(text, most, years)
        return Asked(Kind.WHICH_PERIOD, rest, largest=bool(most["most"]))
    if years:
        return Asked(Kind.PERIODS, PROVIDED.sub(" ", _cut(text, years)))
    if most and SUPERLATIVE.search(most[0]):
        kind = Kind.WHICH_ROW if WHICH.search(text) else Kind.EXTREME
        return Asked(kind, _cut(text, most), largest=bool(most["most"]))
    return None


def _bound(match: re.Match[str]) -> Bound:
    word = (match["scale"] or "").lower().rstrip("s")
    scale = next((n for n, name in SCALES.items() if name and name == word), 0)
    return Bound(bool(match["above"]), Decimal(match["digits"].replace(",", "")), scale)


def _ratio(text: str, named: tuple[Period, ...]) -> Asked | None:
    """Shares of one figure in another; a percentage of change is none."""
    if MOVE.search(text):
        return None
    for pattern in RATIOS:
        if match := pattern.search(text):
            return Asked(Kind.RATIO, match["part"], match["whole"])
    return None


def _calculation(text: str, named: tuple[Period, ...]) -> Asked | None:
    if average := AVERAGE.search(text):
        return Asked(Kind.AVERAGE, _cut(text, average))
    if MOVE.search(text):
        kind = Kind.PERCENT_CHANGE if PERCENT.search(text) else Kind.CHANGE
        return Asked(kind, text)
    if summed := SUM.search(text):
        return Asked(Kind.SUM, _cut(text, summed))
    return None


def _members(text: str, named: tuple[Period, ...]) -> Asked | None:
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
