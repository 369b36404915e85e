"""Answers from passages: whole sentences of the documents, or "the documents do not say".

Two gates.  A sentence may be quoted only when it holds enough of what the question asks, and the
kind of thing it asks for (relevance.py): that is counted, needs no model and is where most
questions without an answer end.  Then the model copies the answer out of the sentences that are
left, or declines; the sentence it copied from comes first.  An answer is quotes (promise P5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.documents import DocumentId, ElementKind, ParsedDocument, Passage, Span
from appliance.engine.client import Engine
from appliance.errors import EngineRefused
from appliance.results import Answer, Statement, Status
from appliance.tasks import prompts
from appliance.tasks.cite import citation, locate
from appliance.tasks.grammar import NOT_STATED
from appliance.tasks.normalise import collapse
from appliance.tasks.relevance import asked, coverage, fits, weights
from appliance.tasks.sentences import sentences

ENOUGH = 0.6  # share of the question a sentence must hold; measured, see tests/tasks/FIGURES.md
VOTE = 0.15  # what the model's copy adds to the share of its sentence
SPREAD = 0.25  # a further quote may hold this much less than the first
MUCH = 0.85  # share at which a sentence is quoted even when the model declines
LEAST_WORDS = 6  # fewer words are a heading or a fragment
MOST_SHOWN = 3  # sentences the model copies from
MOST_QUOTED = 2
LONGEST_SENTENCE = 1200  # characters
LONGEST_LABEL = 60  # characters of a heading that labels the sentence after it
LONGEST_COPY = 60  # characters: enough to know the sentence

_LEADERS = re.compile(r"\.{5}|(?:\. ){5}")  # a line of a table of contents
_Place = tuple[DocumentId, Span, str]  # a sentence, and what travels with its passage


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One sentence that may be quoted."""

    document: DocumentId
    span: Span
    share: float


def answer(
    question: str,
    passages: Sequence[Passage],
    texts: Mapping[DocumentId, ParsedDocument],
    engine: Engine,
) -> Answer:
    """What the passages say to a question.

    ``texts`` holds every document that a passage is from.

    Raises:
        EngineError: the engine could not answer.
    """
    if not passages:
        return Answer(Status.NOT_STATED, (), "no passage was found")
    evidence = _evidence(asked(question), passages, texts)[:MOST_SHOWN]
    if not evidence:
        return Answer(Status.NOT_STATED, (), "no sentence holds what the question asks for")
    kept = _confirmed(question, evidence, texts, engine)
    if not kept:
        return Answer(Status.NOT_STATED, (), "the model found no answer in the passages")
    return Answer(Status.FOUND, tuple(_statement(item, texts) for item in kept[:MOST_QUOTED]))


def _evidence(
    question: str, passages: Sequence[Passage], texts: Mapping[DocumentId, ParsedDocument]
) -> list[_Evidence]:
    """Sentences that hold enough of the question, best first."""
    places = sorted(
        {
            (passage.document, span, f"{passage.heading} {passage.table}".strip())
            for passage in passages
            for span in sentences(texts[passage.document], passage.span)
        }
    )
    words = [span.of(texts[document].text) for document, span, _ in places]
    weighted = weights(question, words)
    found = []
    for at, (document, span, heading) in enumerate(places):
        label = words[at - 1] if at and _labels(places[at - 1], document, texts) else ""
        around = " ".join([heading, *words[max(0, at - 1) : at + 2]])
        share = coverage(weighted, f"{label} {words[at]}", around)
        quotable = _is_sentence(texts[document], span, labelled=bool(label))
        if share >= ENOUGH and quotable and fits(question, words[at]):
            found.append(_Evidence(document, span, share))
    return sorted(found, key=lambda e: (-e.share, e.document, e.span))


def _labels(
    place: _Place, document: DocumentId, texts: Mapping[DocumentId, ParsedDocument]
) -> bool:
    """Whether a place is a heading of this document: it labels the sentence after it."""
    return place[0] == document and _is_heading(texts[document], place[1])


def _is_heading(parsed: ParsedDocument, span: Span) -> bool:
    element = parsed.element_at(span.begin)
    if element is not None and element.kind is ElementKind.TITLE:
        return True
    return span.end - span.begin <= LONGEST_LABEL and span.of(parsed.text).isupper()


def _is_sentence(parsed: ParsedDocument, span: Span, *, labelled: bool) -> bool:
    """Whether a span can be quoted as an answer; after a heading, a few words can."""
    words = span.of(parsed.text)
    if _is_heading(parsed, span) or len(words) > LONGEST_SENTENCE or _LEADERS.search(words):
        return False
    element = parsed.element_at(span.begin)
    is_row = element is not None and element.kind is ElementKind.TABLE_ROW
    return len(words.split()) >= (2 if labelled or is_row else LEAST_WORDS)


def _confirmed(
    question: str,
    evidence: Sequence[_Evidence],
    texts: Mapping[DocumentId, ParsedDocument],
    engine: Engine,
) -> list[_Evidence]:
    """The evidence after the model has copied from it, best first; nothing when it declined."""
    shown = [item.span.of(texts[item.document].text) for item in evidence]
    (completion,) = engine.complete([prompts.copy(shown, question, LONGEST_COPY)])
    copied = [item for item in evidence if _holds(item, completion.untrusted_text, texts)]
    if not copied and completion.untrusted_text == NOT_STATED:
        return [item for item in evidence if item.share >= MUCH]
    voted = copied[:1]  # empty when the copy was cut: then the counted gate decides alone
    ranked = sorted(evidence, key=lambda item: -(item.share + VOTE * (item in voted)))
    return [item for item in ranked if item.share >= ranked[0].share - SPREAD]


def _holds(
    item: _Evidence, untrusted_copy: str, texts: Mapping[DocumentId, ParsedDocument]
) -> bool:
    try:
        locate(untrusted_copy, texts[item.document].text, item.span)
    except EngineRefused:
        return False
    return True


def _statement(item: _Evidence, texts: Mapping[DocumentId, ParsedDocument]) -> Statement:
    cited = citation(texts[item.document], item.document, item.span)
    return Statement(collapse(cited.quote), (cited,))
