"""What a question asks, apart from the documents it names and from how it is put.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.documents import DocumentId
from appliance.index.naming import Names
from appliance.index.opening import name_words
from appliance.index.periods import with_periods
from appliance.index.terms import content_terms

# "Consider the lease between A and B; what ...", "Regarding the lease of 2019: what ..."
_PREAMBLE = re.compile(
    r"^\s*(?:please\s+)?(?:consider(?:ing)?|regarding|concerning|re|about|given|look(?:ing)? at|"
    r"based on|according to|with (?:respect|regard|reference) to|referring to|refer to|"
    r"in|from|for|under|per)\b(?P<names>[^?]*)[;:]\s+(?=\S)",
    re.IGNORECASE,
)
# "In the lease between A and B, what ...", "From Acme's Q3 report, how ..."
_LED_IN = re.compile(
    r"^\s*(?:in|from|for|under|per|as per|of|on|by|according to|based on|looking at)\b"
    r"(?P<names>[^?]*),\s+(?=(?:what|which|who|whose|when|where|why|how|is|are|was|were|does|do|did|"
    r"can|may|must|shall|has|have|had|list|give|find|show|tell|summari[sz]e|describe)\b)",
    re.IGNORECASE,
)
_RUN = re.compile(r"[^\W_]+(?:[-.,/&_'\u2019][^\W_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.;:?!]\s+)\W*$")
_LATEST = re.compile(r"\b(?:latest|most\s+recent(?:ly)?|newest|current)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:over time|previous|prior|earlier|trend\w*|throughout|"
    r"(?:quarters|periods|years|reports|filings|versions|10-[KQ]s))\b",
    re.IGNORECASE,
)
_JOINING = re.compile(r"[\s,;&]*(?:\b(?:the|between|and|of|with|by|for|in|under|from)\b[\s,;&]*)*")


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for search.

    ``sure``: the documents are what the question is about, not merely what it mentions; nothing
    outside them is wanted.
    """

    text: str  # what is asked, without the names of the documents
    documents: tuple[DocumentId, ...] = ()  # that it names, best first; empty: none
    sure: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    """A word of a question that is written like a name, and its place there."""

    begin: int
    end: int
    words: tuple[str, ...]


def asked(question: str, names: Names) -> Query:
    """The documents a question names, and what it asks of them.

    A preamble ("Consider the lease between A and B; ...") names documents with all its words; in
    the question itself only words written like names do.  Where it names none, or is nothing but
    a name, the question stays as it is.
    """
    written = with_periods(question)
    return _after_preamble(written, names) or _mentioning(written, names) or Query(question)


def _after_preamble(question: str, names: Names) -> Query | None:
    preamble = _PREAMBLE.match(question) or _led_in(question, names)
    if preamble is None:
        return None
    named = names.named(name_words(preamble["names"]))
    rest = question[preamble.end() :]
    if not named or not content_terms(rest):
        return None
    return Query(rest, _ordered(named, question, names), sure=True)


def _led_in(question: str, names: Names) -> re.Match[str] | None:
    """A clause before the question itself that holds all its names: it is like a preamble."""
    clause = _LED_IN.match(question)
    if clause is None or any(_names(question[clause.end() :], names)):
        return None
    return clause if any(_names(clause["names"], names)) else None


def _mentioning(question: str, names: Names) -> Query | None:
    found = list(_names(question, names))
    named = names.each_named([word for name in found for word in name.words])
    held = [n for n in found if any(names.holds(d, w) for w in n.words for d in named)]
    # One number, be it in a file's name, names nothing by itself.
    if len(held) < 2 and not any(word.isalpha() for name in held for word in name.words):
        return None
    rest = _without(question, held)
    if not content_terms(rest):
        return None
    documents = _ordered(named, question, names)
    sure = len(documents) < len(named) or any(  # the latest of several is one document, and meant
        names.in_name(d, w) for name in held for w in name.words for d in named
    )
    if _is_small(question) and not sure:
        return None
    # A name that first lines hold may be what is asked for: "what was paid to Acme?"
    return Query(rest if sure else question, documents, sure)


def _ordered(named: tuple[DocumentId, ...], question: str, names: Names) -> tuple[DocumentId, ...]:
    """The latest first where it is asked for, and alone unless others are asked for too."""
    if len(named) > 1 and _LATEST.search(question):
        latest = names.latest(named)
        return latest if _SEVERAL.search(question) else latest[:1]
    return named


def _names(question: str, names: Names) -> Iterator[_Name]:
    """Words with a digit, or with a capital that does not merely begin a sentence.

    Words that no label holds are passed over.  In a question without capitals, any word may be
    a name.
    """
    small = _is_small(question)
    for match in _RUN.finditer(question):
        word = match.group()
        plain = word.isalpha() and word[1:].islower()  # not "Acme's", which may begin a sentence
        starts = plain and _SENTENCE_START.search(question[: match.start()])
        if not small and (word.islower() or starts):
            continue
        words = tuple(
            w for w in name_words(word) if _can_name(w) and names.proper(w) and names.knows(w)
        )
        if words:
            yield _Name(match.start(), match.end(), words)


def _is_small(question: str) -> bool:
    return not any(mark.isupper() for mark in question[1:])


def _can_name(word: str) -> bool:
    """A letter names nothing, nor does a number shorter than a year."""
    return len(word) > 1 and not (word.isdigit() and len(word) < 4)


def _without(question: str, names: Sequence[_Name]) -> str:
    """The question without these words, and without what only joins them."""
    kept: list[str] = []
    done = 0
    for name in names:
        between = question[done : name.begin]
        if not (kept and _JOINING.fullmatch(between)):
            kept.append(between)
        done = name.end
    return " ".join("".join([*kept, question[done:]]).split())
