"""Whether a statement stands in its evidence: the guard every shown sentence passes.

Numbers, dates, names, drugs and negations of a statement must stand in the quotes it cites, and
most of its words too.  This does not prove that a statement follows from its evidence; it stops
the inventions that hurt most and can be checked without a second model.  Where a statement was
made by leaving words out, `in_order` holds it to more: nothing may stand in it that was not said,
and nothing may have changed its place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.tasks.drugs import drugs
from appliance.tasks.terms import content_terms, stem

LEAST_SHARE = 0.8  # of a statement's content words that must stand in its evidence

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][^\W\d_]*\b")
_MONTH = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
    r"(?= \d)",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|none|without|cannot|nope|denie[sd]|denying)\b|n['’]t\b", re.I
)
_WORD = re.compile(r"[^\W_]+")
_CLOSED_UP = re.compile(
    r"(?<=[A-Za-z])\s+(?=n['’]t\b)|(?<=\bgon)\s+(?=na\b)|(?<=\bwan)\s+(?=na\b)|(?<=\bgot)\s+(?=ta\b)",
    re.IGNORECASE,
)


def unsupported(statement: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Numbers, names, drugs, months and negations of ``statement`` that ``quotes`` do not hold.

    Empty when the statement may be shown.  When too few of its content words stand in the quotes,
    the missing words are returned as well.
    """
    statement, evidence = closed_up(statement), closed_up(" ".join(quotes))
    numbers = {_plain(n) for n in _NUMBER.findall(evidence)}
    words = {stem(word) for word in re.findall(r"[^\W\d_]+", evidence)}
    missing = [n for n in _NUMBER.findall(statement) if _plain(n) not in numbers]
    missing += [name for name in _NAME.findall(statement) if stem(name) not in words]
    missing += [month for month in _MONTH.findall(statement) if stem(month) not in words]
    for span in drugs(statement):
        name = span.of(statement)
        if not {stem(word) for word in re.findall(r"[^\W\d_]+", name)} <= words:
            missing.append(name)
    if bool(_NEGATION.search(statement)) != bool(_NEGATION.search(evidence)):
        missing.append("not")
    terms = content_terms(statement)
    known = set(content_terms(evidence))
    absent = [term for term in terms if term not in known]
    if terms and len(absent) > (1 - LEAST_SHARE) * len(terms):
        missing += absent
    return tuple(dict.fromkeys(missing))


def in_order(statement: str, quotes: Sequence[str]) -> bool:
    """Whether every word of ``statement`` stands in ``quotes``, in their order, unchanged."""
    said = iter(_words(" ".join(quotes)))
    return all(word in said for word in _words(statement))


def negations(text: str) -> int:
    """How many words of a text deny something."""
    return len(_NEGATION.findall(closed_up(text)))


def closed_up(text: str) -> str:
    """A text with words that a transcript parts written together: "do n't", "gon na"."""
    return _CLOSED_UP.sub("", text)


def _words(text: str) -> list[str]:
    return _WORD.findall(closed_up(text))


def _plain(number: str) -> str:
    return number.replace(",", "").rstrip(".")
