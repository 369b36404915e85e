"""Fields of one document: each a verbatim span with a confidence, or not stated with the reason.

The pack's cascade weighs what speaks for each candidate (cascade.py); a value is shown when the
share of such values that were right on documents of the same kind reaches what the pack asks for.
Every value is a span of the text (promise P5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.documents import Document, DocumentId, ParsedDocument, Span
from appliance.engine.client import Engine
from appliance.results import FieldValue, Found, Status
from appliance.tasks import cascade
from appliance.tasks.candidates import Candidate
from appliance.tasks.cascade import Embeds, State, Tools
from appliance.tasks.cite import citation
from appliance.tasks.inquiry import distinct
from appliance.tasks.packs import FieldType, Pack, PackField
from appliance.tasks.places import by_place
from appliance.tasks.sheet import sheet

MOST_VALUES = 12  # values of a field that may have many
MOST_CONSIDERED = 3  # candidates of a field that are shown when a pack is tried
MOST_CLAUSES = 6  # sentences of a clause that may stand in several
# Two readings of these cannot both be right; two wordings of a phrase can.
_COMPARABLE = {FieldType.DATE, FieldType.AMOUNT, FieldType.DURATION, FieldType.IDENTIFIER}


@dataclass(frozen=True, slots=True)
class Tried:
    """A pack run on one document, with everything that was considered."""

    document: Document
    parsed: ParsedDocument
    fields: tuple[FieldValue, ...]
    states: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Considered:
    """A sentence that was weighed for a field and is not among its values."""

    field: str  # its name
    confidence: float
    text: str


@dataclass(frozen=True, slots=True)
class PackTried:
    """The same to be shown: what was found, and the best of what was considered."""

    document: Document
    fields: tuple[FieldValue, ...]
    considered: tuple[Considered, ...]  # best first within a field
    weighed: tuple[str, ...]  # names of the fields that no rule of place settled


def tried_of(tried: Tried) -> PackTried:
    """A tried pack, ready to be shown."""
    fields = {field.name: field for field in tried.fields}
    considered = []
    for state in tried.states:
        name = state.field.name
        shown = {value.citation.span for value in fields[name].values}
        for _, candidate in state.weighed()[:MOST_CONSIDERED]:
            if candidate.span not in shown:
                text = candidate.sentence.of(tried.parsed.text)
                sure = state.scale.confidence(candidate.facts)
                considered.append(Considered(name, sure, text))
    weighed = tuple(state.field.name for state in tried.states)
    return PackTried(tried.document, tried.fields, tuple(considered), weighed)


def extract(
    parsed: ParsedDocument,
    document: DocumentId,
    pack: Pack,
    retrieve: Callable[[str], Sequence[Span]],
    engine: Engine,
    embed: Embeds | None = None,
    larger: Callable[[str], Engine | None] | None = None,
) -> tuple[FieldValue, ...]:
    """Values of a pack's fields in one document, in the pack's order.

    Args:
        retrieve: the spans of this document that a search for a text finds, best first.
        embed: unit vectors of texts; without it, no meanings are compared.
        larger: the engine of another model folder, None where it is not installed.

    Raises:
        EngineError: the engine could not answer.
    """
    return tried(parsed, document, pack, Tools(retrieve, engine, embed, larger))[0]


def tried(
    parsed: ParsedDocument, document: DocumentId, pack: Pack, tools: Tools
) -> tuple[tuple[FieldValue, ...], tuple[State, ...]]:
    """The same with what was considered: a state for each field that no rule of place settled.

    Raises:
        EngineError: the engine could not answer.
    """
    placed = by_place(parsed, document, pack)
    states = cascade.run(pack, sheet(parsed), tools, placed)
    weighed = {state.field.name: (judged(state, parsed, document),) for state in states}
    fields = {**weighed, **placed}
    return tuple(value for field in pack.fields for value in fields[field.name]), states


def judged(state: State, parsed: ParsedDocument, document: DocumentId) -> FieldValue:
    """The verdict on one field after its cascade."""
    field = state.field
    accepted = _accepted(state)
    if not accepted:
        return FieldValue(field.name, Status.NOT_STATED, reason=silence(state), steps=state.steps)
    conflict = not field.many and len({c.normalised for c in accepted}) > 1
    return FieldValue(
        name=field.name,
        status=Status.CONFLICTING if conflict else Status.FOUND,
        values=tuple(
            Found(
                citation(parsed, document, c.span),
                c.normalised,
                round(state.scale.confidence(c.facts), 4),
            )
            for c in accepted
        ),
        reason="the document states more than one value" if conflict else "",
        steps=state.steps,
    )


def silence(state: State) -> str:
    """Why a field is not stated: what was looked at, and what it lacked."""
    sentences = len({m.sentence for m in state.proposal.marked})
    if not state.proposal.candidates:
        if not sentences:
            return "no sentence of the document speaks of it"
        return f"{_sentences(sentences)} of it, but none gives such a value"
    sentences = len({c.sentence for c in state.proposal.candidates})
    larger = f"; the larger model {state.missing} is not installed" if state.missing else ""
    return (
        f"{_sentences(sentences)} of it, but the best reaches a confidence of "
        f"{state.confidence():.2f}, below {state.least:.2f}{larger}"
    )


def _sentences(count: int) -> str:
    return "one sentence speaks" if count == 1 else f"{count} sentences speak"


def _accepted(state: State) -> Sequence[Candidate]:
    """The candidates that are shown, in the order of the text where there may be many."""
    field = state.field
    least = min(step.least for step in state.cascade)
    kept = [c for _, c in state.weighed() if state.scale.confidence(c.facts) >= least]
    if not kept or state.confidence() < state.least:
        return ()
    if field.many:
        most = MOST_CLAUSES if field.type is FieldType.CLAUSE else MOST_VALUES
        return sorted(distinct(kept)[:most], key=lambda c: c.span)
    return (kept[0], *_rivals(field, kept[0], state.proposal.candidates))


def _rivals(
    field: PackField, winner: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Other values that the document names by the very same words: a conflict to be shown."""
    rivals = [
        other
        for other in distinct(candidates)
        if field.type in _COMPARABLE
        and winner.label
        and winner.normalised
        and other.label == winner.label
        and other.normalised not in {None, winner.normalised}
    ]
    return sorted(rivals, key=lambda c: c.span)
