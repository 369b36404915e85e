"""Candidate values of a field: what the rules propose, before the model chooses.  Pure.

Two sources.  A pattern of the pack names a value by the words around it.  For a field without
patterns, a cue marks a sentence, and the values of the field's type in it are proposed.  For
phrases and names no rule finds values inside a sentence, so the marked sentences themselves are
handed on, and the model copies the value out of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.documents import ParsedDocument, Span
from appliance.tasks.blocks import anycase, expression
from appliance.tasks.cite import trimmed
from appliance.tasks.normalise import FINDERS, NORMALISERS, VALIDATORS, collapse
from appliance.tasks.packs import FieldType, PackField

OPENING = 6000  # characters in which titles, parties and dates of a document stand
LONGEST_SENTENCE = 1500  # characters; a longer one is a list or a table that was not split
WEAK = 100  # rank of the best candidate that no pattern named
PATTERN_SIGNALS = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed value; ``rank`` orders proposals, lowest first.

    ``signals`` counts what speaks for it independently: a pattern is two (the words around the
    value, and a validator that reads it), each cue in its sentence one, the search one.
    """

    span: Span
    normalised: str | None
    rank: int
    sentence: Span
    signals: int
    label: str = ""  # the words by which a pattern named the value


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence that speaks of a field."""

    sentence: Span
    signals: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rules know about one field of one document."""

    field: PackField
    candidates: tuple[Candidate, ...]  # best first, distinct in place
    marked: tuple[Mark, ...]  # sentences with a cue, best first


def propose(
    field: PackField, parsed: ParsedDocument, split: Sequence[Span], retrieved: Sequence[Span]
) -> Proposal:
    """Candidates for one field.

    ``split`` are the document's sentences in order, ``retrieved`` the spans that a search for the
    field returned: a marked sentence that the search found as well comes first.
    """
    reach = min(len(parsed.text), OPENING) if field.opening else len(parsed.text)
    within = [span for span in split if span.end <= reach]
    marks = _marked(field, parsed.text, within, retrieved)
    marked = tuple(sorted(marks, key=lambda mark: (-mark.signals, mark.sentence)))
    best: dict[Span, Candidate] = {}
    for candidate in [
        *_named(field, parsed.text, reach, split),
        *_beside(field, parsed.text, marked),
    ]:
        held = best.get(candidate.span)
        if held is None or candidate.rank < held.rank:
            best[candidate.span] = candidate
    ordered = sorted(best.values(), key=lambda c: (c.rank, c.span))
    return Proposal(field, tuple(ordered), marked)


def reading(field: PackField, text: str, span: Span) -> tuple[Span, str | None] | None:
    """The span trimmed, with its normalised form; None when it cannot be the field's value."""
    span = trimmed(span, text)
    value = span.of(text)
    if not value or not VALIDATORS[field.validator](value):
        return None
    return span, chosen(field, value) or NORMALISERS[field.normaliser](value)


def chosen(field: PackField, value: str) -> str | None:
    """For a choice field: which of its choices the words ``value`` state."""
    matches = [choice for choice, words in field.choices if anycase(words).fullmatch(value)]
    return matches[0] if matches else None


def _marked(
    field: PackField, text: str, split: Sequence[Span], retrieved: Sequence[Span]
) -> Iterator[Mark]:
    for span in split:
        sentence = span.of(text)
        hits = sum(1 for cue in field.cues if anycase(cue).search(sentence))
        if hits and len(sentence) <= LONGEST_SENTENCE and not _excluded(field, sentence):
            yield Mark(span, hits + any(span.overlaps(other) for other in retrieved))


def _named(field: PackField, text: str, reach: int, split: Sequence[Span]) -> Iterator[Candidate]:
    first = field.opening  # at the head of a document, what comes first counts for more
    for rank, pattern in enumerate(field.patterns):
        for match in expression(pattern).finditer(text, 0, reach):
            read = reading(field, text, Span(*match.span("value")))
            if read is None or any(_excluded(field, part) for part in (match[0], match["value"])):
                continue
            label = collapse(match[0].replace(match["value"], "")).casefold()
            sentence = _sentence_of(read[0], split)
            yield Candidate(*read, rank, sentence, PATTERN_SIGNALS + first, label)
            first = False


def _beside(field: PackField, text: str, marked: Sequence[Mark]) -> Iterator[Candidate]:
    if field.patterns:
        return  # the pack's author said which words name the value; nearness would be guessing
    for place, mark in enumerate(marked):
        for span in _values(field, text, mark.sentence):
            read = reading(field, text, span)
            if read is not None:
                yield Candidate(*read, WEAK + place, mark.sentence, mark.signals)


def _values(field: PackField, text: str, sentence: Span) -> Iterator[Span]:
    if field.type is FieldType.CLAUSE:
        yield sentence
    elif field.type is FieldType.CHOICE:
        for _, words in field.choices:
            for match in anycase(words).finditer(text, sentence.begin, sentence.end):
                yield Span(*match.span())
    elif field.type in FINDERS:
        for span in FINDERS[field.type](sentence.of(text)):
            yield Span(sentence.begin + span.begin, sentence.begin + span.end)


def _sentence_of(span: Span, split: Sequence[Span]) -> Span:
    return next((s for s in split if s.begin <= span.begin < s.end), span)


def _excluded(field: PackField, text: str) -> bool:
    return any(anycase(source).search(text) for source in field.unless)
