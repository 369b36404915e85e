"""Which series of figures a measure means: coverage both ways, words weighed by rarity.  Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product, repeat

from appliance.tasks.figures.periods import Period
from appliance.tasks.figures.series import Series
from appliance.tasks.figures.wording import ALIKE, terms

IN_SECTION = 0.9  # what a word counts that stands only in the section, instead of the label
IN_LINES = 0.5  # ... only in the lines beside the table
ALIKE_COUNTS = 0.75  # ... that is there by a word of the same meaning
ROW_FITS = 0.32  # of the score: how much of the label the measure says
COLUMN_FITS = 0.13  # ... of the heads
SECTION_FITS = 0.06  # ... of the section
CHANGE_COUNTS = 0.5  # of a series of changes where no change is asked for
ASKED_TOTAL = 0.4  # weight of "total" in a question, where rows that are totals rarely say it
SHARE_COUNTS = 0.85  # of a series of percentages where the question asks for none
NAMED_SHARE_COUNTS = 0.55  # ... that its label calls so
WORDS_COUNT = 0.75  # of a series without figures: tables are often there for their looks
APART = 0.08  # lost by two figures of one calculation that stand in different tables or columns
CONSIDERED = 5  # best series for each of several measures
BESIDE_COUNTS = 0.15  # weight of a word that stands in another measure of the question
UNDATED = 0.75  # of a series without periods, where the question names one
NAME_COUNTS = 0.05  # weight of a name of the document that stands in no label
NO_WORDS = 0.3  # weight of a word that stands nowhere in the tables, against a common one

_SHARES = frozenset({"percent", "percentag", "rate", "margin", "shar", "proport"})


@dataclass(frozen=True, slots=True)
class Choice:
    """The series that meets a measure best; ``margin`` is how far the next one is behind."""

    series: Series
    score: float
    margin: float


@dataclass(frozen=True, slots=True)
class Joint:
    """The series that meet several measures best together."""

    series: tuple[Series, ...]
    score: float  # of the worst of them
    margin: float


class Matcher:
    """Scores the series of one or several documents."""

    def __init__(self, series: Sequence[Series], names: frozenset[str] = frozenset()) -> None:
        """Keep the series, and the names that a document goes by: they ask for nothing in it."""
        self.series = tuple(series)
        self.names = names
        self._count = len(self.series)
        self._holding = Counter(
            term for one in self.series for term in one.row | one.section | one.column
        )

    def best(
        self,
        measure: str,
        needed: Sequence[Period] = (),
        *,
        context: str = "",
        change: bool = False,
        among: Iterable[Series] | None = None,
    ) -> Choice | None:
        """The best series that has the needed periods; None where no word of it meets.

        Args:
            context: words that stand elsewhere in the question and count for little.
            change: series of changes are asked for, no others.
        """
        ranked = self.ranked(measure, needed, context=context, change=change, among=among)
        if not ranked:
            return None
        score, first = ranked[0]
        behind = next(
            (s for s, other in ranked[1:] if not _says_the_same(first, other, needed)), 0.0
        )
        return Choice(first, score, score - behind)

    def ranked(
        self,
        measure: str,
        needed: Sequence[Period] = (),
        *,
        context: str = "",
        change: bool = False,
        among: Iterable[Series] | None = None,
    ) -> list[tuple[float, Series]]:
        """The series that hold a word of the measure and the needed periods, best first."""
        wanted = terms(measure)
        beside = tuple(term for term in terms(context) if term not in wanted)
        if not wanted:
            return []
        weights = {t: self._weight(t) for t in wanted} | {
            term: BESIDE_COUNTS * self._weight(term) for term in beside
        }
        scored = [
            (self._score(weights, wanted, one, change) * timely, at, one)
            for at, one in enumerate(self.series if among is None else among)
            for timely in (_timely(one, needed),)
            if timely
        ]
        scored.sort(key=lambda item: (-item[0], item[1]))
        return [(score, one) for score, _, one in scored if score > 0]

    def joint(
        self, measures: Sequence[str], needed: Sequence[Period] = (), *, whole: int | None = None
    ) -> Joint | None:
        """Different series for measures of one calculation, which like to stand together.

        Args:
            whole: number of a measure that the words of the others say nothing of.
        """
        ranked = [
            self.ranked(m, needed, context="" if at == whole else " ".join(measures))[:CONSIDERED]
            for at, m in enumerate(measures)
        ]
        if not all(ranked):
            return None
        if len(measures) > 2:
            ranked = [best[:1] for best in ranked]
        found = [
            Joint(tuple(one for _, one in chosen), _together(chosen), 0.0)
            for chosen in product(*ranked)
            if len({id(one) for _, one in chosen}) == len(measures)
        ]
        if not found:
            return None
        found.sort(key=lambda joint: -joint.score)
        first = found[0]
        others = (
            joint.score
            for joint in found[1:]
            if not all(map(_says_the_same, first.series, joint.series, repeat(needed)))
        )
        return replace(first, margin=first.score - next(others, 0.0))

    def _weight(self, term: str) -> float:
        """Half of it is how rare the term is among the series; one in no label says little."""
        if term == "total":
            return ASKED_TOTAL
        holding = self._holding[term] or sum(self._holding[other] for other in ALIKE.get(term, ()))
        if not holding:
            return NAME_COUNTS if term in self.names else NO_WORDS + 0.5
        return 0.5 + 0.5 * math.log(1 + self._count / holding) / math.log(1 + self._count)

    def _score(
        self, weights: Mapping[str, float], wanted: Sequence[str], one: Series, change: bool
    ) -> float:
        words = one.row | one.column | one.section
        met = {term: _credit(term, one) for term in weights}
        if not any(_within(term, words) for term in wanted):
            return 0.0
        recall = sum(weights[t] * met[t] for t in weights) / sum(weights.values())
        row = self._precision(one.row, wanted)
        column = self._precision(one.column, wanted)
        section = self._precision(one.inner, wanted)
        fit = 1 - ROW_FITS * (1 - row) - COLUMN_FITS * (1 - column) - SECTION_FITS * (1 - section)
        if not any(figure.number for figure in one.points):
            fit *= WORDS_COUNT
        if one.share and not _SHARES & set(weights):
            fit *= NAMED_SHARE_COUNTS if _SHARES & one.row else SHARE_COUNTS
        return recall * fit * (1 if one.change == change else CHANGE_COUNTS)

    def _precision(self, label: frozenset[str], wanted: Sequence[str]) -> float:
        """Share of a label that the question says; nothing to say counts as said."""
        weighed = {t: self._weight(t) for t in sorted(label)}  # so that sums repeat
        whole = sum(weighed.values())
        if not whole:
            return 1.0
        said = frozenset(wanted)
        return sum(w for t, w in weighed.items() if _within(t, said)) / whole


def _together(chosen: Sequence[tuple[float, Series]]) -> float:
    """The score of the worst of some series, less where they stand apart.

    A part in a section and the total of that section belong together as much as two rows.
    """
    series = [one for _, one in chosen]
    tables = {(one.points[0].document, one.points[0].table) for one in series}
    columns = {one.column for one in series}
    sections = {one.section for one in series}
    apart = (len(tables) > 1 or len(columns) > 1) + (len(sections) > 1)
    return min(score for score, _ in chosen) - APART * apart


def _within(term: str, words: frozenset[str]) -> bool:
    return term in words or bool(ALIKE.get(term, frozenset()) & words)


def _credit(term: str, one: Series) -> float:
    """What a word of the question counts for a series."""
    if term in one.row or term in one.column or (term == "total" and one.total):
        return 1.0
    if term in one.section:
        return IN_SECTION
    if ALIKE.get(term, frozenset()) & (one.row | one.column | one.section):
        return ALIKE_COUNTS
    return IN_LINES if term in one.around else 0.0


def _timely(one: Series, needed: Sequence[Period]) -> float:
    """1 where a series has the periods needed, 0 where it lacks one; less where it has none."""
    if any(figure.period for figure in one.points):
        return float(all(points(one, period) for period in needed))
    return 1.0 if not needed else UNDATED * (len(needed) == 1)


def points(series: Series, period: Period) -> list[int]:
    """Which figures of a series are of a period."""
    return [
        at
        for at, figure in enumerate(series.points)
        if figure.period is not None and figure.period.agrees(period)
    ]


def _says_the_same(one: Series, other: Series, needed: Sequence[Period]) -> bool:
    """Whether two series give the same values, so that it does not matter which is meant."""
    if not needed:
        return _values(one, range(len(one.points))) == _values(other, range(len(other.points)))
    return all(
        _values(one, points(one, period)) == _values(other, points(other, period))
        for period in needed
    )


def _values(series: Series, chosen: Iterable[int]) -> list[tuple[object, ...]]:
    figures = [series.points[at] for at in chosen]
    return [(f.number.value if f.number else f.quote, f.scale, f.percent) for f in figures]


_AND = re.compile(
    r"\s*(?:,\s*(?:and|or)\s+|,\s+|\s+and\s+|\s+or\s+|\s+than\s+|\s+versus\s+|\s+vs\.?\s+)", re.I
)


def partings(measure: str) -> list[tuple[str, ...]]:
    """Every way to read a measure as two, at its conjunctions and commas, and that as many."""
    ways: list[tuple[str, ...]] = [
        (measure[: match.start()].strip(), measure[match.end() :].strip())
        for match in _AND.finditer(measure)
    ]
    if len(ways) > 1:
        ways.append(tuple(part.strip() for part in _AND.split(measure)))
    return [way for way in ways if all(way)]
