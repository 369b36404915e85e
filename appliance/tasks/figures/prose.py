"""Figures in sentences: "Depreciation expense was $27 million and $22 million in 2019 and 2018".

A sentence answers when it holds what the question names, the period it asks for and one figure for
it; the answer is that figure as it stands.  Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.documents import DocumentId, ElementKind, ParsedDocument, Span
from appliance.tasks.figures.intent import Asked
from appliance.tasks.figures.periods import Mention, Period, mentions
from appliance.tasks.figures.wording import ALIKE, terms
from appliance.tasks.sentences import sentences

LONGEST = 1200  # characters of a sentence
UNDATED = 0.65  # left of the score where the sentence names no period and the question does
ONE_OF_SEVERAL = 0.85  # ... where other figures stand beside the one chosen
NEAR = 30  # characters between a figure and its period

_AMOUNT = re.compile(
    r"(?<![\w.,])(?:\(\s?)?(?:(?:US|AU|NT|HK|A|C)?\s?[$€£¥]\s?|(?:RMB|US|AU|EUR|USD|GBP)\s?)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?!\w*\()"
    r"(?:\s?(?P<scale>thousand|million|billion|trillion|bn|mn)\b)?"
    r"(?:\s?(?P<percent>%|per\s?cent(?:age)?(?:\s+points?)?\b|basis\s+points\b))?"
    r"(?:\s(?P<unit>years?|months?|weeks?|days?|cents?|shares|employees)\b)?",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:notes?|items?|sections?|topics?|asc|asu|no\.?|rule|form|part|level|tier|class|series"
    r"|exhibit|page|paragraph|schedule|step|phase|version|ifrs|ias|aasb|sfas|fasb)\s*$",
    re.IGNORECASE,
)
_LINKED = re.compile(r"\s*(?:,|and|or|,\s*and|;|&|to|versus|compared\s+(?:to|with))?\s*")
_COUNTED = re.compile(
    r"\bhow\s+(?:many\s+(?P<unit>[a-z-]+)|(?P<long>long)|(?P<often>often))\b", re.IGNORECASE
)
_TIMES = ("year", "month", "week", "day")


@dataclass(frozen=True, slots=True)
class Quoted:
    """Figures of sentences that answer a question, in the order of its periods."""

    document: DocumentId
    spans: tuple[Span, ...]
    sentence: Span
    score: float
    margin: float


@dataclass(frozen=True, slots=True)
class _Amount:
    begin: int
    end: int
    percent: bool
    unit: str
    money: bool


def quoted(
    question: str, asked: Asked, document: DocumentId, parsed: ParsedDocument
) -> Quoted | None:
    """The figures of the sentence that meets the question best; None where no sentence does."""
    wanted = terms(asked.measure)
    places = [
        span
        for span in sentences(parsed, Span(0, len(parsed.text)))
        if span.end - span.begin <= LONGEST and _is_prose(parsed, span)
    ]
    if not wanted or not places:
        return None
    held = [frozenset(terms(span.of(parsed.text))) for span in places]
    weights = _weights(wanted, held)
    found = [
        Quoted(document, spans, place, weights_met * clear, 0.0)
        for place, words in zip(places, held, strict=True)
        if (weights_met := _met(weights, words)) > 0
        for spans, clear in (_chosen(question, asked, parsed.text, place),)
        if spans
    ]
    if not found:
        return None
    found.sort(key=lambda one: (-one.score, one.sentence))
    best = found[0]
    others = [o.score for o in found[1:] if _said(parsed, o) != _said(parsed, best)]
    margin = best.score - max(others, default=0.0)
    return Quoted(document, best.spans, best.sentence, best.score, margin)


def _said(parsed: ParsedDocument, one: Quoted) -> list[str]:
    return [span.of(parsed.text) for span in one.spans]


def _is_prose(parsed: ParsedDocument, span: Span) -> bool:
    element = parsed.element_at(span.begin)
    return element is not None and element.kind is not ElementKind.TABLE_ROW


def _weights(wanted: Sequence[str], held: Sequence[frozenset[str]]) -> dict[str, float]:
    holding = Counter(term for words in held for term in words)
    count = len(held)
    weights = {t: 0.5 + 0.5 * math.log(1 + count / (1 + holding[t])) for t in wanted}
    whole = sum(weights.values())
    return {term: weight / whole for term, weight in weights.items()}


def _met(weights: dict[str, float], words: frozenset[str]) -> float:
    return sum(
        weight if term in words else 0.75 * weight
        for term, weight in weights.items()
        if term in words or ALIKE.get(term, frozenset()) & words
    )


def _chosen(question: str, asked: Asked, text: str, place: Span) -> tuple[tuple[Span, ...], float]:
    """The figures of a sentence for the periods asked for, and how clear they are."""
    sentence = place.of(text)
    named = mentions(sentence)
    amounts = [a for a in _amounts(sentence, named) if _fits(question, asked, a)]
    found, clear = _for_periods(sentence, amounts, named, asked.periods)
    return tuple(Span(place.begin + a.begin, place.begin + a.end) for a in found), clear


def _amounts(sentence: str, named: Sequence[Mention]) -> list[_Amount]:
    found = []
    for match in _AMOUNT.finditer(sentence):
        begin, end = match.span()
        inside = any(m.begin <= match.start("digits") < m.end for m in named)
        if inside or _REFERENCE.search(sentence[:begin]):
            continue
        if match[0].startswith("("):
            closed = sentence[end : end + 1] == ")"
            begin, end = (begin, end + 1) if closed else (match.start() + 1, end)
        head = sentence[begin : match.start("digits")]
        found.append(
            _Amount(
                begin,
                end,
                bool(match["percent"]),
                (match["unit"] or "").lower().rstrip("s"),
                bool(re.search(r"[$€£¥A-Z]", head)) or bool(match["scale"]),
            )
        )
    return found


def _fits(question: str, asked: Asked, amount: _Amount) -> bool:
    """Whether an amount is of the kind that the question asks for."""
    counted = _COUNTED.search(question)
    if counted and counted["unit"]:
        unit = counted["unit"].lower().rstrip("s")
        return amount.unit == unit if unit in _TIMES else not amount.money and not amount.percent
    if counted:
        return amount.unit in _TIMES
    if asked.percent or re.search(r"\b(?:rates?|margin)\b", question, re.IGNORECASE):
        return amount.percent
    return (amount.money or amount.unit in {"share", "employee"}) and not amount.percent


def _for_periods(
    sentence: str,
    amounts: Sequence[_Amount],
    named: Sequence[Mention],
    wanted: Sequence[Period],
) -> tuple[list[_Amount], float]:
    """One amount for each period: the only one, that beside the period, or that of its rank."""
    if not amounts:
        return [], 0.0
    years = {mention.period.year for mention in named}
    if any(period.year not in years for period in wanted):
        alone = len(amounts) == 1 and len(wanted) == 1 and not years
        return (list(amounts), UNDATED) if alone else ([], 0.0)
    if len(amounts) == 1 and len(wanted) <= 1:
        return list(amounts), 1.0
    if not wanted:
        return [], 0.0
    ranked = _by_rank(sentence, amounts, named, wanted)
    if ranked:
        return ranked, 1.0
    beside = [_beside(amounts, named, period) for period in wanted]
    known = [amount for amount in beside if amount is not None]
    return (known, ONE_OF_SEVERAL) if len(known) == len(wanted) else ([], 0.0)


def _by_rank(
    sentence: str,
    amounts: Sequence[_Amount],
    named: Sequence[Mention],
    wanted: Sequence[Period],
) -> list[_Amount]:
    """Amounts and periods listed in the same order: "$3, $2 and $1 in 2019, 2018 and 2017"."""
    dates = _runs(sentence, [(m.begin, m.end) for m in named])
    lists = _runs(sentence, [(a.begin, a.end) for a in amounts])
    fitting = [
        (days, sums)
        for days in dates
        for sums in lists
        if len(days) == len(sums) > 1
        and all(any(named[at].period.agrees(p) for at in days) for p in wanted)
    ]
    if len(fitting) != 1:
        return []
    days, sums = fitting[0]
    ranks = [next(r for r, at in enumerate(days) if named[at].period.agrees(p)) for p in wanted]
    return [amounts[sums[rank]] for rank in ranks]


def _runs(sentence: str, places: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Numbers of the places, those together that only commas and conjunctions part."""
    runs: list[list[int]] = []
    for at, (begin, _) in enumerate(places):
        between = sentence[places[at - 1][1] : begin] if at else ""
        linked = _LINKED.fullmatch(_FISCAL.sub("", between))
        if at and linked:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


_FISCAL = re.compile(r"\b(?:fiscal|years?|the|in)\b|[()]", re.IGNORECASE)


def _beside(amounts: Sequence[_Amount], named: Sequence[Mention], period: Period) -> _Amount | None:
    """The amount that stands directly before the period's name: "$7 million in 2019"."""
    found = [
        amount
        for mention in named
        if mention.period.agrees(period)
        for amount in amounts
        if 0 <= mention.begin - amount.end <= NEAR
    ]
    return found[-1] if len({a.begin for a in found}) == 1 else None
