"""How well a sentence meets a question: the measurable half of answering and of abstaining.  Pure.

A question's words weigh by how rare they are among the sentences at hand, so that the name of a
party that stands everywhere counts little.  Only passages the person may read are counted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from appliance.tasks.terms import content_terms, stem

_NAME = re.compile(r"(?<!^)(?<![.!?]\s)\b[A-Z][A-Za-z]+")

_PREAMBLE = re.compile(
    r"^(?:please\s+)?(?:consider|regarding|concerning|about|given|based on|according to|with"
    r" respect to|in|from|for|under)\b[^?:]*:\s+",
    re.IGNORECASE,
)

# Words that say that a question is about a document, and nothing about what it asks.
_FRAME_WORDS = """agreement amount clause consider contract date document dose dosage file find give
include included includes letter list long many much multiple name note paragraph please provide
provided provision record report section show specified tell text there value values"""
_FRAME = frozenset(stem(word) for word in _FRAME_WORDS.split())


def is_about_the_document(term: str) -> bool:
    """Whether a stem only says that a question is about a document: "clause", "contract"."""
    return term in _FRAME


def asked(question: str) -> str:
    """The clause that asks; what stands before the last semicolon or stop sets the scene.

    So does what a colon ends when it begins as a preamble ("Regarding the lease: ..."); elsewhere
    it is the subject ("Aspirin and stroke: is there a link?") and belongs to the question.
    """
    bare = _PREAMBLE.sub("", question.strip(), count=1) or question
    clauses = [c for c in re.split(r"(?<=[;.?!])\s+", bare.strip()) if _terms(c)]
    return next((c for c in reversed(clauses) if "?" in c), clauses[-1] if clauses else question)


def _terms(question: str) -> list[str]:
    return [term for term in dict.fromkeys(content_terms(question)) if term not in _FRAME]


def names(question: str) -> frozenset[str]:
    """Stems of the proper names in a question, its first word apart."""
    return frozenset(stem(name) for name in _NAME.findall(question))


def without_names(question: str, known: frozenset[str]) -> str:
    """The question without names of which ``known`` holds the stems: its document is settled.

    The question as it is, where nothing would be left.
    """
    kept = _NAME.sub(lambda name: "" if stem(name[0]) in known else name[0], question)
    return kept if _terms(kept) else question


def naming(wanted: frozenset[str], sentence: str, around: str, document: frozenset[str]) -> float:
    """1 where the sentence holds every name asked for, -1 where its document holds none.

    0 when no name is ``wanted`` (`names`).  A name only ``around`` the sentence counts half, one
    elsewhere in the ``document`` (its `content_terms`) a quarter.
    """
    if not wanted:
        return 0.0
    inside, near = set(content_terms(sentence)), set(content_terms(around))
    held = sum(
        1.0 if name in inside else 0.5 if name in near else 0.25 * (name in document)
        for name in wanted
    )
    return held / len(wanted) if held else -1.0


def weights(question: str, sentences: Sequence[str]) -> Mapping[str, float]:
    """Each content term of the question with its weight; the weights add up to one.

    Half of a weight is how rare the term is among ``sentences``, half is the same for all terms:
    rarity alone would let one odd word of a question outvote what it is about.  A name counts
    twice: an answer about someone else is no answer.
    """
    named = names(question)
    terms = {term: 2.0 if term in named else 1.0 for term in _terms(question)}
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
