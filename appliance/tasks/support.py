"""Whether a statement stands in its evidence: the guard every shown sentence passes.

Numbers, dates and names of a statement must stand in the quotes it cites, and most of its words
too.  This does not prove that a statement follows from its evidence; it stops the inventions that
hurt most and can be checked without a second model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.tasks.terms import content_terms, stem

LEAST_SHARE = 0.8  # of a statement's content words that must stand in its evidence

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][^\W\d_]*\b")
_NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|none|without|cannot|denie[sd])\b|n't\b", re.I
)


def unsupported(statement: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Numbers, names and negations of ``statement`` that ``quotes`` do not hold.

    Empty when the statement may be shown.  When too few of its content words stand in the quotes,
    the missing words are returned as well.
    """
    evidence = " ".join(quotes)
    numbers = {_plain(n) for n in _NUMBER.findall(evidence)}
    words = {stem(word) for word in re.findall(r"[^\W\d_]+", evidence)}
    missing = [n for n in _NUMBER.findall(statement) if _plain(n) not in numbers]
    missing += [name for name in _NAME.findall(statement) if stem(name) not in words]
    if bool(_NEGATION.search(statement)) != bool(_NEGATION.search(evidence)):
        missing.append("not")
    terms = content_terms(statement)
    known = set(content_terms(evidence))
    absent = [term for term in terms if term not in known]
    if terms and len(absent) > (1 - LEAST_SHARE) * len(terms):
        missing += absent
    return tuple(dict.fromkeys(missing))


def _plain(number: str) -> str:
    return number.replace(",", "").rstrip(".")
