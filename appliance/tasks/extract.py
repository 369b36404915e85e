"""Fields of one document: rules propose spans, the model chooses, two signals must agree.

For each field the pack's patterns and cues propose candidates (candidates.py).  One batch asks
the model to choose among them or to decline; for phrases no pattern named, it copies the value
out of a marked sentence.  A value is shown when a pattern names it, or when the model and a second
signal - the sentence that the cues and the search rank first - point to the same span.  Otherwise
the field is "not stated".  Every value is a span of the text (promise P5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.documents import DocumentId, ParsedDocument, Span
from appliance.engine.client import Completion, Engine, Prompt
from appliance.errors import EngineRefused
from appliance.results import FieldValue, Found, Status
from appliance.tasks import prompts
from appliance.tasks.candidates import Candidate, Proposal, propose, reading
from appliance.tasks.cite import citation, locate
from appliance.tasks.options import chosen_index, openings
from appliance.tasks.packs import FieldType, Pack, PackField
from appliance.tasks.places import by_place
from appliance.tasks.sentences import sentences

ENOUGH_SIGNALS = 2  # independent reasons to show a value
MOST_OPTIONS = 5  # values the model chooses among
MOST_SENTENCES = 3  # sentences shown with one question
MOST_VALUES = 12  # values of a field that may have many
LONGEST_PHRASE = 120  # characters the model may copy for a phrase
_PHRASES = {FieldType.TEXT, FieldType.PARTY}
# Two readings of these cannot both be right; two wordings of a phrase can.
_COMPARABLE = {FieldType.DATE, FieldType.AMOUNT, FieldType.DURATION, FieldType.IDENTIFIER}


@dataclass(frozen=True, slots=True)
class _Inquiry:
    """One field's question to the model, and what its answers mean."""

    proposal: Proposal
    prompt: Prompt
    options: tuple[str, ...]  # empty: the model copies out of the marked sentences
    candidates: tuple[Candidate, ...]  # one for each option


def extract(
    parsed: ParsedDocument,
    document: DocumentId,
    pack: Pack,
    retrieve: Callable[[str], Sequence[Span]],
    engine: Engine,
) -> tuple[FieldValue, ...]:
    """Values of a pack's fields in one document, in the pack's order.

    ``retrieve`` returns the spans of this document that a search for a text finds, best first.

    Raises:
        EngineError: the engine could not answer.
    """
    split = sentences(parsed, Span(0, len(parsed.text)))
    placed = by_place(parsed, document, pack)
    proposals = [
        propose(field, parsed, split, retrieve(f"{field.title}. {field.description}"))
        for field in pack.fields
        if field.name not in placed
    ]
    inquiries = {at: i for at, p in enumerate(proposals) if (i := _inquiry(p, parsed.text))}
    completions = engine.complete([inquiry.prompt for inquiry in inquiries.values()])
    answers = dict(zip(inquiries, completions, strict=True))
    judged = {
        proposal.field.name: (
            _judged(proposal, inquiries.get(at), answers.get(at), parsed, document),
        )
        for at, proposal in enumerate(proposals)
    }
    return tuple(value for field in pack.fields for value in {**judged, **placed}[field.name])


def _inquiry(proposal: Proposal, text: str) -> _Inquiry | None:
    """The question to ask; None when the rules leave nothing to ask."""
    field = proposal.field
    if field.many:
        return None  # several values at once are the rules' business; a choice gives one
    candidates = _distinct(proposal.candidates)[:MOST_OPTIONS]
    if candidates:
        shown = sorted({c.sentence for c in candidates[:MOST_SENTENCES]})
        values = [c.span.of(text) for c in candidates]
        options = openings(values) if field.type is FieldType.CLAUSE else tuple(values)
        prompt = prompts.choose([s.of(text) for s in shown], field.question, options)
        return _Inquiry(proposal, prompt, options, tuple(candidates))
    if field.type in _PHRASES and not field.patterns and proposal.marked:
        sentence = proposal.marked[0].sentence.of(text)
        prompt = prompts.copy([sentence], field.question, LONGEST_PHRASE)
        return _Inquiry(proposal, prompt, (), ())
    return None


def _judged(
    proposal: Proposal,
    inquiry: _Inquiry | None,
    completion: Completion | None,
    parsed: ParsedDocument,
    document: DocumentId,
) -> FieldValue:
    accepted: Sequence[Candidate] = ()
    if proposal.field.many:
        accepted = _distinct(proposal.candidates)[:MOST_VALUES]
    elif inquiry is not None and completion is not None:
        accepted = _accepted(inquiry, completion, parsed.text)
    if not accepted:
        return FieldValue(proposal.field.name, Status.NOT_STATED, reason=_silence(proposal))
    conflict = not proposal.field.many and len({c.normalised for c in accepted}) > 1
    return FieldValue(
        name=proposal.field.name,
        status=Status.CONFLICTING if conflict else Status.FOUND,
        values=tuple(Found(citation(parsed, document, c.span), c.normalised) for c in accepted),
        reason="the document states more than one value" if conflict else "",
    )


def _accepted(inquiry: _Inquiry, completion: Completion, text: str) -> Sequence[Candidate]:
    """The candidate that holds after the model has chosen, if one does."""
    if not inquiry.options:
        return _copied(inquiry.proposal, completion, text)
    chosen = chosen_index(completion.untrusted_text, inquiry.options)
    if len(inquiry.options) == 1:
        chosen = None  # taking the only option on offer says little
    first = inquiry.candidates[0]
    signals = [
        c.signals + (at == chosen)
        for at, c in enumerate(inquiry.candidates)
        if c.rank == first.rank or not first.label  # a better pattern outranks any vote
    ]
    best = max(range(len(signals)), key=lambda at: (signals[at], -at))
    if signals[best] < ENOUGH_SIGNALS:
        return ()
    winner = inquiry.candidates[best]
    return (winner, *_rivals(inquiry.proposal.field, winner, inquiry.candidates))


def _rivals(
    field: PackField, winner: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Other values that the document names by the very same words: a conflict to be shown."""
    return [
        other
        for other in candidates
        if field.type in _COMPARABLE
        and winner.label
        and winner.normalised
        and other.label == winner.label
        and other.normalised not in {None, winner.normalised}
    ]


def _copied(proposal: Proposal, completion: Completion, text: str) -> Sequence[Candidate]:
    sentence = proposal.marked[0].sentence
    try:
        span = locate(completion.untrusted_text, text, sentence)
    except EngineRefused:
        return ()
    read = reading(proposal.field, text, span)
    return (Candidate(*read, 0, sentence, ENOUGH_SIGNALS),) if read else ()


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate of each reading."""
    seen: set[str] = set()
    kept = []
    for candidate in candidates:
        key = candidate.normalised or f"{candidate.span}"
        if key not in seen:
            seen.add(key)
            kept.append(candidate)
    return kept


def _silence(proposal: Proposal) -> str:
    if not proposal.marked and not proposal.candidates:
        return "no sentence of the document speaks of it"
    return "sentences speak of it, but no value could be confirmed"
