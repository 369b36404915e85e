"""Which candidates a summary takes: what carries the document, under the sections of a template.

Pure.  Every candidate is weighed by counting: the words that the whole document repeats, the words
its readers look for first, the place where it stands.  Sections take their candidates by cue,
heading and place, up to their share of the words; what is left of the budget goes to the
heaviest candidates from stretches that are not represented yet.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.tasks.blocks import anycase
from appliance.tasks.brief import Level
from appliance.tasks.templates import Template, TemplateSection
from appliance.tasks.units import Unit

FIRST = 1.6  # what leading the document is worth, as a factor
FIGURE = 5.0  # what an amount or a day adds, times the logarithm of how rare they are here
TITLE = 3.0  # what a heading is worth that says what the document is, as a factor
SALIENT = 0.2  # what each different word of _SALIENT adds to the factor, three at most
CHOSEN = 1.3  # what the model's choice is worth, as a factor
HEADED = 1.5  # cues that a fitting heading stands for
MOST_CUES = 3
MISPLACED = 0.3  # what a cue is worth outside the section's zone, or from another speaker
UNCLAIMED = 0.3  # cues that the section of the rest credits to anything
NEW_STRETCH = 1.5  # what the first statement of a stretch is worth to a section, as a factor
UNSEEN_STRETCH = 3.0  # and what it is worth when the sections have taken theirs
REPEATED = 0.5  # share of common words at which a sentence repeats another; speech: more
REPEATED_SPEECH = 0.8
BASE, BASE_SPEECH = 1.0, 2.0  # cues that weighing alone stands for; with more of it, sections blur
STRONG = 6.0  # cues that a strong one stands for
IDLE = 0.15  # what a sentence is worth that every document of the kind holds, as a factor
SECTIONS = 0.85  # of its share that a section takes before all that is left competes
OVERRUN = 1.15  # how far the last statement of a section may exceed its share

# Words around which the three sectors' readers look first.
_SALIENT = re.compile(
    r"\b(?:between|term of|terminat\w+|governed by|liab\w+|pay(?:s|able|ment)?|fees?|exclusive"
    r"|purpose|presents"
    r"|diagnos\w+|prescribe\w*|initiate|follow[- ]up|plan|conclu\w+|results?|total|revenue"
    r"|net (?:income|sales|loss)|increased|decreased|due)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"[$€£]\s?\d{1,3}(?:,\d{3})+|[$€£]\s?\d+(?:\.\d+)? (?:thousand|million|billion)"
    r"|\b(?:USD|EUR|GBP)\s?\d|\b\d[\d.,]* ?(?:dollars|euros|pounds)\b"
    r"|\b(?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"\s\d{1,2}, (?:19|20)\d\d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate, the section that it fits best, and what it is worth there."""

    unit: Unit
    section: int
    weight: float


def weigh(units: Sequence[Unit], template: Template, level: Level) -> tuple[Weighed, ...]:
    """Every candidate with its section and weight, in the document's order."""
    frequent = Counter(term for unit in units for term in unit.terms)
    figures = sum(_FIGURE.search(unit.text) is not None for unit in units)
    rarity = math.log((len(units) + 1) / (figures + 1))
    weighed = []
    for unit in units:
        fits = [_fit(section, unit) for section in template.sections]
        best = max(range(len(fits)), key=lambda at: (fits[at], -at))
        if fits[best] > 0:
            base = BASE_SPEECH if unit.speaker else BASE
            weight = _weight(unit, frequent, rarity) * (base + fits[best]) * _ease(unit, level)
            if any(anycase(source).search(unit.text) for source in template.idle):
                weight *= IDLE
            weighed.append(Weighed(unit, best, weight))
    return tuple(weighed)


def taken(
    weighed: Sequence[Weighed], template: Template, words: int, cover: bool
) -> tuple[Weighed, ...]:
    """The candidates that a summary of so many words takes, section by section, in order.

    Args:
        cover: whether stretches without a statement come first when words are left.
    """
    kept: list[Weighed] = []
    for at, section in enumerate(template.sections):
        if cover and section.open:
            continue  # its share goes to stretches that are not represented
        pool = [candidate for candidate in weighed if candidate.section == at]
        _take(pool, kept, SECTIONS * section.share * words, NEW_STRETCH if cover else 1.0)
    left = words - sum(candidate.unit.words for candidate in kept)
    _take(weighed, kept, left, UNSEEN_STRETCH if cover else 1.0)
    return tuple(sorted(kept, key=lambda c: (c.section, c.unit.spans)))


def _take(pool: Sequence[Weighed], kept: list[Weighed], words: float, new: float) -> None:
    """Add the heaviest of ``pool`` that repeat nothing, until ``words`` are used up.

    ``new`` is what standing in a stretch without a statement is worth, as a factor.
    """
    shown = {candidate.unit.stretch for candidate in kept}
    there = set(kept)
    left = [candidate for candidate in pool if candidate not in there]
    used, added = 0, True
    while added and used < words:
        left.sort(key=lambda c: (-c.weight * (1 if c.unit.stretch in shown else new), c.unit.spans))
        added = False
        for at, best in enumerate(left):  # what does not fit now will not fit later either
            fits = used + best.unit.words <= OVERRUN * words or not used
            if fits and not any(_repeats(best.unit, other.unit) for other in kept):
                kept.append(best)
                shown.add(best.unit.stretch)
                used += best.unit.words
                left, added = left[at + 1 :], True
                break


def _repeats(one: Unit, other: Unit) -> bool:
    limit = REPEATED_SPEECH if one.speaker else REPEATED
    return len(one.terms & other.terms) > limit * max(1, min(len(one.terms), len(other.terms)))


def _fit(section: TemplateSection, unit: Unit) -> float:
    """How many signals say that a candidate belongs to a section."""
    strong = any(anycase(cue).search(unit.text) for cue in section.strong)
    if unit.title and not strong:
        return 0.0
    cues = sum(anycase(cue).search(unit.text) is not None for cue in section.cues)
    fit = min(MOST_CUES, cues) + (STRONG if strong else 0.0)
    if any(anycase(heading).search(unit.heading) for heading in section.headings):
        fit += HEADED
    if not section.zone[0] <= unit.at <= section.zone[1]:
        fit *= MISPLACED
    if section.speaker and unit.speaker and section.speaker != unit.speaker:
        fit *= MISPLACED
    return max(fit, UNCLAIMED) if section.rest else fit


def _weight(unit: Unit, frequent: Mapping[str, int], rarity: float) -> float:
    """What a candidate says of its document, against its length."""
    if unit.speaker:
        return len(unit.terms) / (4 + unit.words)
    shared = sum(math.log(frequent[term]) for term in unit.terms if frequent[term] > 1)
    words = {word.lower() for word in _SALIENT.findall(unit.text)}
    salience = 1 + SALIENT * min(3, len(words))
    if _FIGURE.search(unit.text):
        shared += FIGURE * rarity
    place = TITLE if unit.title else FIRST if unit.leads else 1.0
    return (0.3 + shared) / (8 + len(unit.terms)) * salience * place


def _ease(unit: Unit, level: Level) -> float:
    """For plain reading, short sentences of short words are worth up to twice as much."""
    if level is not Level.PLAIN:
        return 1.0
    letters = sum(char.isalpha() for char in unit.text) / max(1, unit.words)
    return 1 / (1 + math.exp((unit.words - 22) / 6)) + 1 / (1 + math.exp((letters - 5) * 2))
