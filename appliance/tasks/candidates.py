"""Candidate values of a field: what the rules propose, and what speaks for each.  Pure.

Two sources.  A pattern of the pack names a value by the words around it, or, of a clause, the
whole sentence by its phrasing.  Besides, a cue marks a sentence, and the values of the field's
type in it are proposed.  For phrases and names no rule finds values inside a sentence, so the
marked sentences themselves are handed on, and the model copies the value out of one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from appliance.documents import Span
from appliance.tasks.blocks import anycase, expression
from appliance.tasks.cite import trimmed
from appliance.tasks.normalise import FINDERS, NORMALISERS, VALIDATORS, collapse
from appliance.tasks.packs import FieldType, PackField
from appliance.tasks.sheet import Line, Sheet, windows

OPENING = 6000  # characters in which titles, parties and dates of a document stand
LONGEST_SENTENCE = 3000  # characters; a longer one is a list or a table that was not split
WEAK = 100  # rank of the best candidate that no pattern named
SHORT = 6  # words; a shorter sentence is mostly a heading
MOST_COUNTED = 3  # patterns, cues or rivals beyond this say nothing more

_WORD = re.compile(r"[^\W\d_]{2,}")
_DEFINES = re.compile(
    r"\W{0,4}[\"“][^\"”]{2,60}[\"”],? (?:shall )?(?:means?|refers? to|includes?)\b"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed value; ``rank`` orders proposals, lowest first.

    ``facts`` is what speaks for it or against it, each a number: see confidence.py.
    """

    span: Span
    normalised: str | None
    rank: int
    sentence: Span
    facts: Mapping[str, float]
    label: str = ""  # the words by which a pattern named the value


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence that speaks of a field."""

    sentence: Span
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rules know about one field of one document."""

    field: PackField
    candidates: tuple[Candidate, ...]  # best first, distinct in place
    marked: tuple[Mark, ...]  # sentences with a cue, best first


def propose(field: PackField, sheet: Sheet) -> Proposal:
    """Candidates for one field of a prepared document."""
    text = sheet.parsed.text
    reach = min(len(text), OPENING) if field.opening else len(text)
    lines = [line for line in sheet.lines if line.span.end <= reach]
    marks = sorted(_marked(field, lines), key=lambda mark: (-_cues(mark), mark.sentence))
    best: dict[Span, Candidate] = {}
    for candidate in [
        *_stated(field, lines),
        *_named(field, sheet, reach),
        *_beside(field, text, marks),
    ]:
        held = best.get(candidate.span)
        if held is None or candidate.rank < held.rank:
            best[candidate.span] = candidate
    ordered = sorted(best.values(), key=lambda c: (c.rank, c.span))
    return Proposal(field, tuple(_compared(ordered)), tuple(marks))


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


def _cues(mark: Mark) -> float:
    return mark.facts.get("cues", 0.0)


def _marked(field: PackField, lines: Sequence[Line]) -> Iterator[Mark]:
    for line in lines:
        hits = _hits(field.cues, line.read)
        if hits and _admits(field, line):
            yield Mark(line.span, {"cues": float(hits), **_manner(field, line)})


def _stated(field: PackField, lines: Sequence[Line]) -> Iterator[Candidate]:
    """Sentences that a pattern of a clause, one without a group, names by their phrasing."""
    if field.type is not FieldType.CLAUSE:
        return
    patterns = [anycase(p) for p in field.patterns if "value" not in expression(p).groupindex]
    for line in lines:
        hits = [rank for rank, pattern in enumerate(patterns) if pattern.search(line.read)]
        if not hits or not _admits(field, line) or not VALIDATORS[field.validator](line.text):
            continue
        facts = {
            "pattern": 1.0,
            "further": float(min(len(hits) - 1, MOST_COUNTED)),
            "cues": float(_hits(field.cues, line.read)),
            **_manner(field, line),
        }
        normalised = NORMALISERS[field.normaliser](line.text)
        yield Candidate(line.span, normalised, hits[0], line.span, facts)


def _named(field: PackField, sheet: Sheet, reach: int) -> Iterator[Candidate]:
    text = sheet.parsed.text
    first = field.opening  # at the head of a document, what comes first counts for more
    for rank, pattern in enumerate(field.patterns):
        for match in _matches(expression(pattern), text, reach):
            read = reading(field, text, Span(*match.span("value")))
            if read is None or any(_excluded(field, part) for part in (match[0], match["value"])):
                continue
            label = collapse(match[0].replace(match["value"], "")).casefold()
            later = 0 if field.many else min(rank, MOST_COUNTED)
            facts = {"pattern": 1.0, "first": float(first), "later": float(later)}
            yield Candidate(*read, rank, sheet.line_of(read[0]), facts, label)
            first = False


def _matches(pattern: re.Pattern[str], text: str, reach: int) -> Iterator[re.Match[str]]:
    if "value" not in pattern.groupindex:
        return
    for within, end in windows(len(text), reach):
        for match in pattern.finditer(text, within.begin, end):
            if match.start() < within.end:
                yield match


def _beside(field: PackField, text: str, marked: Sequence[Mark]) -> Iterator[Candidate]:
    if field.patterns and field.type is not FieldType.CLAUSE:
        return  # the pack's author said which words name the value; nearness would be guessing
    for place, mark in enumerate(marked):
        for span in _values(field, text, mark.sentence):
            read = reading(field, text, span)
            if read is not None:
                yield Candidate(*read, WEAK + place, mark.sentence, mark.facts)


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


def _compared(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Each candidate with what the others say of it: named again elsewhere, or contradicted."""
    readings = Counter(c.normalised for c in candidates if c.normalised)
    ranks: dict[int, set[str | None]] = {}
    for c in candidates:
        ranks.setdefault(c.rank, set()).add(c.normalised)
    for c in candidates:
        again = min(readings.get(c.normalised or "", 1) - 1, MOST_COUNTED)
        rivals = min(len(ranks[c.rank]) - 1, MOST_COUNTED)
        yield replace(c, facts={**c.facts, "again": float(again), "rivals": float(rivals)})


def _admits(field: PackField, line: Line) -> bool:
    length = line.span.end - line.span.begin
    return length <= LONGEST_SENTENCE and not _excluded(field, line.text)


def _manner(field: PackField, line: Line) -> Mapping[str, float]:
    """What the sentence is like, whatever it says."""
    return {
        "heading": float(_hits(field.headings, line.heading) > 0),
        "short": float(len(_WORD.findall(line.text)) < SHORT),
        "defines": float(_DEFINES.match(line.text) is not None),
    }


def _hits(sources: Sequence[str], text: str) -> int:
    return min(sum(1 for source in sources if anycase(source).search(text)), MOST_COUNTED)


def _excluded(field: PackField, text: str) -> bool:
    return any(anycase(source).search(text) for source in field.unless)
