"""Evidence that contradicts itself: two sentences that give different values for the same thing.

Two sentences speak of the same thing when most of their words are the same, values apart: "the fee
is $5 per month" and "the fee is $6 per month".  Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from appliance.documents import DocumentId, ParsedDocument
from appliance.tasks import kinds
from appliance.tasks.evidence import Evidence
from appliance.tasks.terms import content_terms

SAME = 0.5  # share of the words of both sentences that they have in common


def disagreeing(
    question: str, evidence: Sequence[Evidence], texts: Mapping[DocumentId, ParsedDocument]
) -> tuple[Evidence, ...]:
    """The first two sentences that give different values for what is asked; none if all agree."""
    words = {id(item): item.span.of(texts[item.document].text) for item in evidence}
    for one, other in combinations(evidence, 2):
        first, second = words[id(one)], words[id(other)]
        values = kinds.reading(question, first), kinds.reading(question, second)
        if None not in values and values[0] != values[1] and _alike(first, second):
            return one, other
    return ()


def _alike(first: str, second: str) -> bool:
    one, other = (
        {term for term in content_terms(text) if not any(mark.isdigit() for mark in term)}
        for text in (first, second)
    )
    return bool(one | other) and len(one & other) >= SAME * len(one | other)
