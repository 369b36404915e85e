"""What a question wants: a date, an amount, a list, yes or no; and the values of that kind.  Pure.

A question that asks for a kind of value is answered only by a sentence that holds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from appliance.documents import Span
from appliance.tasks.amounts import find_amounts, normalise_amount
from appliance.tasks.dates import find_dates, normalise_date
from appliance.tasks.durations import find_durations, normalise_duration
from appliance.tasks.terms import content_terms

_JOINT = re.compile(r"(?:\s+(?:to|at|of|is|was|by|dose))*[\s:,=(]*$", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?:\s?%)?(?![\w])")
_NAME = re.compile(r"(?<!^)(?<![.!?]\s)\b[A-Z][A-Za-z]+")
_DOSE = re.compile(
    r"\b\d+(?:[.,]\d+)?(?:\s?(?:-|to|/)\s?\d+(?:[.,]\d+)?)?\s?"
    r"(?:mg|mcg|µg|ug|g|gram|milligram|microgram|ml|milliliter|units?|iu|meq|mmol|tablets?|capsules?"
    r"|puffs?|drops?|%)s?\b(?:\s?/\s?(?:kg|day|h|hr|hour|dose|ml))?",
    re.IGNORECASE,
)
_POLAR = re.compile(
    r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|may|might|must|shall|should|will"
    r"|would)\b",
    re.IGNORECASE,
)
_WORDED = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|list|find|give|name|describe|summari[sz]e"
    r"|compare|explain|analy[sz]e)\b",
    re.IGNORECASE,
)
_THERE_IS = re.compile(
    r"^\W*(?:is|are|was|were) there\b|^\W*(?:does|do|did|has|have)\b[^?]{0,60}?\b(?:include|contain"
    r"|provide|have|mention|report|state|specify|disclose|set out|describe)s?d?\b",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:list|name|enumerate|record|give|find|identify)\s+(?:all|every|each|the)\b"
    r"|\bwhat (?:are|were)\b|\bwhich [a-z]+s (?:are|were|did|do|have)\b|\bwho are\b"
    r"|\ball (?:of )?the\b",
    re.IGNORECASE,
)


_Finds = Callable[[str], tuple[Span, ...]]


def _spans(pattern: re.Pattern[str]) -> Callable[[str], tuple[Span, ...]]:
    return lambda text: tuple(Span(*match.span()) for match in pattern.finditer(text))


def _days(text: str) -> tuple[Span, ...]:
    return find_dates(text) or _spans(_YEAR)(text)


def _time(text: str) -> str | None:
    return normalise_date(text) or normalise_duration(text)


def comparable(text: str) -> str | None:
    """An amount that compares: "$5" and "$5.00" are one."""
    read = normalise_amount(text)
    return read and re.sub(r"(\.\d*?)0+$", r"\1", read).removesuffix(".")


def _plain(text: str) -> str:
    return " ".join(text.lower().replace(",", "").split())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: how questions ask for it, where it stands, and how two of it compare."""

    name: str
    asks: re.Pattern[str]
    finds: _Finds
    reads: Callable[[str], str | None]
    also: _Finds | None = None  # values that may stand for it: a term of years for an end date

    def held(self, text: str) -> tuple[Span, ...]:
        """Where values of the kind stand, or else those that may stand for it."""
        return self.finds(text) or (self.also(text) if self.also else ())


def _kind(
    name: str,
    asks: str,
    finds: _Finds,
    reads: Callable[[str], str | None],
    also: _Finds | None = None,
) -> Kind:
    return Kind(name, re.compile(asks, re.IGNORECASE), finds, reads, also)


KINDS = (
    _kind("dose", r"\b(?:dose|dosage|dosing|strength|how many (?:mg|milligrams?|units))\b",
          _spans(_DOSE), _plain),
    _kind("amount", r"\bhow much (?!notice|time)|\b(?:what|which) (?:amount|sum|price|cost|fee)\b"
          r"|\$", find_amounts, comparable),
    _kind("duration", r"\bhow (?:long|much (?:notice|time))\b|\bwhat (?:period|term|duration)\b"
          r"|\b(?:notice|renewal) (?:period|term)\b"
          r"|\bwhat is the (?:\w+ )?(?:duration|period|term)\b",
          find_durations, normalise_duration, find_dates),
    _kind("date", r"^\W*when\b|\bwhen (?:is|was|does|did|will)\b|\b(?:what|which|on what) date\b"
          r"|\b(?:expiration|expiry|effective|commencement|start|end|due) date\b",
          _days, _time, find_durations),
    _kind("number", r"\bhow many\b|\bhow old\b|\bwhat (?:percentage|percent|number|proportion)\b",
          _spans(_NUMBER), _plain),
    _kind("name", r"^\W*who(?:m|se)?\b|\b(?:which|what) (?:company|person|party|state|court|law)\b",
          _spans(_NAME), _plain),
)  # fmt: skip


def wanted(question: str) -> tuple[Kind, ...]:
    """The kinds of value that a question asks for, in a fixed order."""
    return tuple(kind for kind in KINDS if kind.asks.search(question))


def is_polar(question: str) -> bool:
    """Whether the question can be answered by yes or no: "Is it ...?", "Aspirin: of any use?"."""
    clause = re.split(r"[:;,]\s+", question)[-1]
    if _POLAR.match(question) or _POLAR.match(clause):
        return True
    return question.rstrip().endswith("?") and not _WORDED.search(question)


def asks_whether_there_is(question: str) -> bool:
    """Whether finding what is asked for is itself the yes: "Is there a clause that ...?"."""
    return _THERE_IS.match(question) is not None


def asks_for_several(question: str) -> bool:
    """Whether the question wants everything of a kind, and not one thing."""
    return _LIST.search(question) is not None


def held(question: str, sentence: str) -> float:
    """Whether a sentence holds every kind of value asked for: 1, 1/2 where by a stand-in, or -1.

    0 where no kind is asked for.
    """
    kinds = wanted(question)
    if not kinds:
        return 0.0
    if not all(kind.held(sentence) for kind in kinds):
        return -1.0
    return 1.0 if all(kind.finds(sentence) for kind in kinds) else 0.5


def value(question: str, sentence: str) -> Span | None:
    """Where the one value that the question asks for stands in the sentence.

    Of several, the one that follows a word of the question: "lisinopril 10 mg".  None where no
    kind of value is asked for, or none of several is told apart: then the sentence speaks whole.
    """
    for kind in wanted(question):
        spans = kind.held(sentence)
        if len(spans) > 1:
            spans = tuple(span for span in spans if _follows(question, sentence[: span.begin]))
        if len(spans) == 1 and kind.name != "name":
            return spans[0]
    return None


def _follows(question: str, before: str) -> bool:
    last = content_terms(_JOINT.sub("", before)[-40:])[-1:]
    return bool(last) and last[0] in content_terms(question)


def reading(question: str, sentence: str) -> str | None:
    """The one comparable value of the kind asked for; None where there is none, or several."""
    for kind in wanted(question):
        span = value(question, sentence)
        if span is not None and span in kind.finds(sentence):
            return kind.reads(span.of(sentence))
    return None
