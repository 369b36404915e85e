"""Labels of a whole document out of a closed set: its kind, its tone, where it goes.  Pure.

Each label has cues, expressions for the signs that speak for it.  A sign counts more where it
stands at the head of the document, and less each time it is repeated; the label with most
weight is given when it has enough of it, alone and against the second.  Its evidence is the
sentences with the signs: a label without a sign in the text is never given (promise P5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.documents import ParsedDocument, Span
from appliance.tasks.blocks import anycase
from appliance.tasks.cite import trimmed
from appliance.tasks.packs import Label

HEAD = 800  # characters in which titles, subjects and letterheads stand
AT_THE_HEAD = 3.0  # times what a sign counts there
LONGEST_SEARCHED = 60_000  # characters from the beginning: what a document is shows there
LEAST_LEAD = 1.15  # times the weight of the second
MOST_EVIDENCE = 3
_LONGEST_SENTENCE = 400


@dataclass(frozen=True, slots=True)
class Judged:
    """The label of a document; ``share`` is its part of the weight of all labels, 0 to 1."""

    value: str
    share: float
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Weighed:
    label: Label
    weight: float
    signs: tuple[Span, ...]


def judge(
    parsed: ParsedDocument,
    labels: Sequence[Label],
    unless: Sequence[str] = (),
    reach: int = LONGEST_SEARCHED,
) -> Judged | None:
    """The label that the signs give a document; None where they give none, or none clearly.

    ``unless`` discards signs by what stands around them; ``reach`` bounds the text looked at.
    """
    text = parsed.text[:reach]
    weighed = [_weighed(text, label, unless) for label in labels]
    weighed.sort(key=lambda one: -one.weight)
    total = sum(one.weight for one in weighed)
    first = weighed[0]
    rivals = [one.weight for one in weighed[1:] if one.label.value not in first.label.over]
    if first.weight < first.label.least or first.weight < LEAST_LEAD * max(rivals, default=0.0):
        return None
    return Judged(first.label.value, round(first.weight / total, 4), _evidence(parsed, first.signs))


def _weighed(text: str, label: Label, unless: Sequence[str]) -> _Weighed:
    weight = 0.0
    signs: list[Span] = []
    for cue in label.cues:
        found = [
            Span(*match.span())
            for match in anycase(cue).finditer(text)
            if match[0].strip() and not _excluded(text, match.start(), unless)
        ]
        if not found:
            continue
        at_the_head = found[0].begin < HEAD
        weight += (AT_THE_HEAD if at_the_head else 1.0) + math.log2(len(found)) / 4
        signs.append(found[0])
    return _Weighed(label, weight, tuple(sorted(signs)))


def _excluded(text: str, begin: int, unless: Sequence[str]) -> bool:
    around = text[max(0, begin - 60) : begin + 100]
    return any(anycase(source).search(around) for source in unless)


def _evidence(parsed: ParsedDocument, signs: Sequence[Span]) -> tuple[Span, ...]:
    """The lines or sentences in which the first signs stand, each once."""
    found: list[Span] = []
    for sign in signs:
        span = _around(parsed, sign)
        if not any(span.overlaps(other) for other in found):
            found.append(span)
    return tuple(sorted(found)[:MOST_EVIDENCE])


def _around(parsed: ParsedDocument, sign: Span) -> Span:
    element = parsed.element_at(sign.begin)
    if element is None or not (element.span.begin <= sign.begin and sign.end <= element.span.end):
        return sign
    if element.span.end - element.span.begin <= _LONGEST_SENTENCE:
        return trimmed(element.span, parsed.text)
    begin = max(element.span.begin, sign.begin - _LONGEST_SENTENCE // 2)
    return trimmed(Span(begin, min(element.span.end, begin + _LONGEST_SENTENCE)), parsed.text)
