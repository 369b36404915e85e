"""Answers from passages: whole sentences of the documents, or "the documents do not say".

Two gates.  A sentence may be quoted only when it holds enough of what the question asks, and the
kind of thing it asks for (relevance.py): that is counted, needs no model and is where most
questions without an answer end.  Then the model copies the answer out of the sentences that are
left, or declines; the sentence it copied from comes first.  An answer is quotes (promise P5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.documents import (
    Answer,
    DocumentId,
    ElementKind,
    ParsedDocument,
    Passage,
    Span,
    Statement,
    Status,
)
from appliance.engine.client import Engine
from appliance.errors import EngineRefused
from appliance.tasks import prompts
from appliance.tasks.cite import citation, locate
from appliance.tasks.grammar import NOT_STATED
from appliance.tasks.normalise import collapse
from appliance.tasks.relevance import asked, coverage, fits, weights
from appliance.tasks.sentences import sentences

ENOUGH = 0.6  # share of the question a sentence must hold; measured, see tests/tasks/FIGURES.md
MUCH = 0.85  # share at which a sentence is quoted even when the model declines
LEAST_WORDS = 6  # fewer words are a heading or a fragment
MOST_SHOWN = 3  # sentences the model copies from
MOST_QUOTED = 2
LONGEST_SENTENCE = 1200  # characters
LONGEST_COPY = 60  # characters: enough to know the sentence


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
            (passage.document, span, passage.heading)
            for passage in passages
            for span in sentences(texts[passage.document], passage.span)
        }
    )
    words = [span.of(texts[document].text) for document, span, _ in places]
    weighted = weights(question, words)
    found = []
    for at, (document, span, heading) in enumerate(places):
        around = " ".join([heading, *words[max(0, at - 1) : at + 2]])
        share = coverage(weighted, words[at], around)
        if share >= ENOUGH and fits(question, words[at]) and _is_sentence(texts[document], span):
            found.append(_Evidence(document, span, share))
    return sorted(found, key=lambda e: (-e.share, e.document, e.span))


def _is_sentence(parsed: ParsedDocument, span: Span) -> bool:
    element = parsed.element_at(span.begin)
    if element is not None and element.kind is ElementKind.TITLE:
        return False
    least = 2 if element is not None and element.kind is ElementKind.TABLE_ROW else LEAST_WORDS
    return len(span.of(parsed.text).split()) >= least and span.end - span.begin <= LONGEST_SENTENCE


def _confirmed(
    question: str,
    evidence: Sequence[_Evidence],
    texts: Mapping[DocumentId, ParsedDocument],
    engine: Engine,
) -> list[_Evidence]:
    """The evidence after the model has copied from it: its sentence first, or nothing."""
    shown = [item.span.of(texts[item.document].text) for item in evidence]
    (completion,) = engine.complete([prompts.copy(shown, question, LONGEST_COPY)])
    for item in evidence:
        try:
            locate(completion.untrusted_text, texts[item.document].text, item.span)
        except EngineRefused:
            continue
        return [item, *(other for other in evidence if other is not item)]
    if completion.untrusted_text == NOT_STATED:
        return [item for item in evidence if item.share >= MUCH]
    return list(evidence)  # cut short or not located: the counted gate decides


def _statement(item: _Evidence, texts: Mapping[DocumentId, ParsedDocument]) -> Statement:
    cited = citation(texts[item.document], item.document, item.span)
    return Statement(collapse(cited.quote), (cited,))
