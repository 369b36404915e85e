"""How well a sentence meets a question: the measurable half of answering and of abstaining.  Pure.

A question's words weigh by how rare they are among the sentences at hand, so that the name of a
party that stands everywhere counts little.  Only passages the person may read are counted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from appliance.tasks.amounts import find_amounts, find_durations
from appliance.tasks.dates import find_dates
from appliance.tasks.terms import content_terms, stem

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NUMBER = re.compile(r"\d")
_NAME = re.compile(r"(?<!^)(?<![.!?]\s)\b[A-Z][A-Za-z]+")

# What a question asks for, and what an answering sentence must then hold.
_ASKS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(asks, re.IGNORECASE), holds)
    for asks, holds in (
        (r"\bhow much\b|\bwhat (?:amount|sum|price|cost)\b|\$", lambda t: bool(find_amounts(t))),
        (r"\bhow (?:long|much notice)\b|\bwhat (?:period|term|duration)\b",
         lambda t: bool(find_durations(t) or find_dates(t))),
        (r"\bwhen\b|\b(?:what|which|on what) date\b|\bexpiration date\b",
         lambda t: bool(find_dates(t) or find_durations(t) or _YEAR.search(t))),
        (r"\bhow many\b|\bhow old\b|\bwhat percentage\b", lambda t: bool(_NUMBER.search(t))),
        (r"^\W*who(?:m|se)?\b|\bwhich (?:company|person|party)\b", lambda t: bool(_NAME.search(t))),
    )
)  # fmt: skip


# Words that say that a question is about a document, and nothing about what it asks.
_FRAME_WORDS = """agreement amount clause consider contract date document file find give include
included includes letter list long many much multiple name note paragraph please provide provided
provision record report section show specified tell text there value values"""
_FRAME = frozenset(stem(word) for word in _FRAME_WORDS.split())


def asked(question: str) -> str:
    """The clause that asks; what stands before the last semicolon or stop sets the scene."""
    clauses = [c for c in re.split(r"(?<=[;:.?!])\s+", question.strip()) if _terms(c)]
    return next((c for c in reversed(clauses) if "?" in c), clauses[-1] if clauses else question)


def _terms(question: str) -> list[str]:
    return [term for term in dict.fromkeys(content_terms(question)) if term not in _FRAME]


def weights(question: str, sentences: Sequence[str]) -> Mapping[str, float]:
    """Each content term of the question with its weight; the weights add up to one.

    Half of a weight is how rare the term is among ``sentences``, half is the same for all terms:
    rarity alone would let one odd word of a question outvote what it is about.  A name counts
    twice: an answer about someone else is no answer.
    """
    names = {stem(name) for name in _NAME.findall(question)}
    terms = {term: 2.0 if term in names else 1.0 for term in _terms(question)}
    holding = Counter(term for s in sentences for term in set(content_terms(s)) if term in terms)
    rarity = {t: w * math.log(1 + len(sentences) / (1 + holding[t])) for t, w in terms.items()}
    all_rarity, all_terms = sum(rarity.values()) or 1.0, sum(terms.values()) or 1.0
    return {t: (rarity[t] / all_rarity + terms[t] / all_terms) / 2 for t in terms}


def coverage(weighted: Mapping[str, float], sentence: str, around: str = "") -> float:
    """Share of the question's weight that the sentence holds, 0 to 1.

    A term that stands only ``around`` the sentence, in its heading or neighbours, counts a quarter.
    """
    inside = set(content_terms(sentence))
    near = set(content_terms(around)) - inside
    return sum(w for t, w in weighted.items() if t in inside) + sum(
        w / 4 for t, w in weighted.items() if t in near
    )


def fits(question: str, sentence: str) -> bool:
    """Whether the sentence holds the kind of thing the question asks for."""
    return all(holds(sentence) for asks, holds in _ASKS if asks.search(question))
