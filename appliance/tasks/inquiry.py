"""What a model is asked about one field, and what its answer says of the candidates.

It chooses among candidates or declines; for phrases that no pattern named, it copies the value out
of a marked sentence.  A choice among several is put twice, the second time in the other order: a
small model picks by place, and what it picks both times says more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.documents import Span
from appliance.engine.client import Completion, Prompt
from appliance.errors import EngineRefused
from appliance.tasks import prompts
from appliance.tasks.candidates import Candidate, Proposal, reading
from appliance.tasks.cite import locate
from appliance.tasks.options import chosen_index, openings
from appliance.tasks.packs import FieldType, PackField
from appliance.tasks.sheet import Sheet

MOST_OPTIONS = 5  # values the model chooses among
MOST_SENTENCES = 3  # sentences shown with one question
LONGEST_PHRASE = 120  # characters the model may copy for a phrase
WIDEST_MARGIN = 5.0  # nats; a wider one says no more
_PHRASES = {FieldType.TEXT, FieldType.PARTY}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question on one field, and what its answers mean."""

    prompt: Prompt
    options: tuple[str, ...]  # empty: the model copies out of ``sentence``
    candidates: tuple[Candidate, ...]  # one for each option
    sentence: Span | None = None
    again: bool = False  # the same question in the other order


def inquiry(proposal: Proposal, text: str) -> list[Inquiry]:
    """The questions to ask; none when the rules leave no choice.  Candidates come best first."""
    field = proposal.field
    if field.many and field.type is not FieldType.CLAUSE:
        return []  # several values at once are the rules' business; a choice gives one
    candidates = distinct(proposal.candidates)[:MOST_OPTIONS]
    if candidates:
        if len(candidates) == 1 and field.type is not FieldType.CLAUSE:
            return []  # taking the only value on offer says little
        turned = [_choice(field, candidates[::-1], text, again=True)] if candidates[1:] else []
        return [_choice(field, candidates, text), *turned]
    if field.type in _PHRASES and not field.patterns and proposal.marked:
        sentence = proposal.marked[0].sentence
        prompt = prompts.copy([sentence.of(text)], field.question, LONGEST_PHRASE)
        return [Inquiry(replace(prompt, logprobs=True), (), (), sentence)]
    return []


def answered(
    question: Inquiry, completion: Completion, proposal: Proposal, sheet: Sheet
) -> Proposal:
    """The proposal with what the model's answer says of each candidate."""
    if question.sentence is not None:
        return _copied(question.sentence, completion, proposal, sheet)
    at = chosen_index(completion.untrusted_text, question.options)
    picked = question.candidates[at].span if at is not None else None
    return replace(
        proposal,
        candidates=tuple(
            replace(c, facts=_told(c, question, picked, completion)) for c in proposal.candidates
        ),
    )


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate of each reading."""
    seen: set[str] = set()
    kept = []
    for candidate in candidates:
        key = candidate.normalised or f"{candidate.span}"
        if key not in seen:
            seen.add(key)
            kept.append(candidate)
    return kept


def _choice(
    field: PackField, candidates: Sequence[Candidate], text: str, *, again: bool = False
) -> Inquiry:
    shown = sorted({c.sentence for c in candidates[:MOST_SENTENCES]}, reverse=again)
    values = [c.span.of(text) for c in candidates]
    options = openings(values) if field.type is FieldType.CLAUSE else tuple(values)
    prompt = prompts.choose([s.of(text) for s in shown], field.question, options)
    return Inquiry(replace(prompt, logprobs=True), options, tuple(candidates), again=again)


def _told(
    candidate: Candidate, question: Inquiry, picked: Span | None, completion: Completion
) -> Mapping[str, float]:
    facts = dict(candidate.facts)
    if candidate.span not in {c.span for c in question.candidates}:
        return facts
    if picked is None:
        facts["declined"] = facts.get("declined", 0.0) + 1.0
    elif candidate.span == picked:
        if len(question.options) > 1:
            facts["agree"] = float(question.again and facts.get("chosen", 0.0) > 0)
            facts["chosen"] = 1.0
        else:
            facts["taken"] = 1.0  # taking the only one on offer says little
        facts["margin"] = _margin(completion)
    return facts


def _margin(completion: Completion) -> float:
    margin = completion.margin if completion.margin is not None else 0.0
    return max(-WIDEST_MARGIN, min(WIDEST_MARGIN, margin)) / WIDEST_MARGIN


def _copied(sentence: Span, completion: Completion, proposal: Proposal, sheet: Sheet) -> Proposal:
    text = sheet.parsed.text
    try:
        span = locate(completion.untrusted_text, text, sentence)
    except EngineRefused:
        return proposal
    read = reading(proposal.field, text, span)
    if read is None:
        return proposal
    mark = next(m for m in proposal.marked if m.sentence == sentence)
    facts = {**mark.facts, "copied": 1.0, "margin": _margin(completion)}
    return replace(proposal, candidates=(Candidate(*read, 0, sentence, facts),))
