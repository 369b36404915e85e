"""The cascade of a pack: cheap steps first, each field going on only while it is open.

``pattern`` reads the document with the pack's expressions and validators.  ``search`` adds whether
the search finds the same sentences, and how near they are in meaning to what the pack describes.
``model`` and ``larger`` ask a language model, and only where candidates leave a choice: it picks
one of them, or "not stated", and is asked again with the order turned round.  After each step the
facts are weighed anew (confidence.py); a field whose best candidate reaches the step's ``least`` is
settled.  What each step cost is recorded with the field.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.documents import Span
from appliance.engine.client import Engine
from appliance.results import Step
from appliance.tasks.candidates import Candidate, Proposal, propose
from appliance.tasks.confidence import MEANING, Scale, name_of, scale
from appliance.tasks.inquiry import Inquiry, answered, inquiry
from appliance.tasks.packs import CascadeStep, Pack, PackField, StepName
from appliance.tasks.sheet import Sheet

DEFAULT_CASCADE = (
    CascadeStep(StepName.PATTERN, 0.65),
    CascadeStep(StepName.SEARCH, 0.55),
    CascadeStep(StepName.MODEL, 0.5),
)
MOST_WEIGHED = 12  # candidates of a field whose meaning is compared
PICKED = {"chosen": 1.0, "agree": 1.0, "taken": 1.0, "margin": 1.0}  # the most a model can say
LONGEST_COMPARED = 600  # characters of a sentence; the embedder reads no more


class Embeds(Protocol):
    """Unit vectors [n, dimensions] of texts, in their order."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What the steps may use; ``embed`` and ``larger`` may be missing."""

    retrieve: Callable[[str], Sequence[Span]]  # places that a search for a text finds, best first
    engine: Engine
    embed: Embeds | None = None
    larger: Callable[[str], Engine | None] | None = None  # by model folder; None: not installed


@dataclass(frozen=True, slots=True)
class State:
    """One field on its way: its candidates with what is known of them, and the steps so far."""

    proposal: Proposal
    cascade: tuple[CascadeStep, ...]
    scale: Scale
    steps: tuple[Step, ...] = ()
    settled: bool = False
    missing: str = ""  # a larger model that is not installed

    @property
    def field(self) -> PackField:
        """The field."""
        return self.proposal.field

    @property
    def least(self) -> float:
        """The confidence below which nothing is shown."""
        return self.cascade[-1].least

    def weighed(self) -> list[tuple[float, Candidate]]:
        """Scores with candidates, best first; equal scores keep the order of the rules."""
        pairs = [(self.scale.score(c.facts), c) for c in self.proposal.candidates]
        return sorted(pairs, key=lambda pair: -pair[0])

    def confidence(self) -> float:
        """Of the best candidate; 0 where there is none."""
        weighed = self.weighed()
        return self.scale.confidence(weighed[0][1].facts) if weighed else 0.0


def run(pack: Pack, sheet: Sheet, tools: Tools, aside: Collection[str] = ()) -> tuple[State, ...]:
    """Take every field of a pack through its cascade, but those named in ``aside``.

    Raises:
        EngineError: the engine could not answer.
    """
    begun = time.perf_counter()
    states = [
        State(
            propose(field, sheet),
            field.cascade or pack.cascade or DEFAULT_CASCADE,
            scale(name_of(pack.calibration or pack.sector, field)),
        )
        for field in pack.fields
        if field.name not in aside
    ]
    states = _after(StepName.PATTERN, states, states, 0, begun)
    for name in (StepName.SEARCH, StepName.MODEL, StepName.LARGER):
        begun = time.perf_counter()
        open_ = [s for s in states if not s.settled and _step(s, name)]
        if not open_:
            continue
        if name is StepName.SEARCH:
            changed, tokens = _searched(open_, sheet, tools), [0] * len(open_)
        else:
            changed, tokens = _asked(open_, name, sheet, tools)
        done = iter(_after(name, open_, changed, tokens, begun))
        states = [next(done) if not s.settled and _step(s, name) else s for s in states]
    return tuple(states)


def _step(state: State, name: StepName) -> CascadeStep | None:
    return next((step for step in state.cascade if step.name is name), None)


def _least(state: State, name: StepName) -> float:
    step = _step(state, name)
    return step.least if step else state.least


def _after(
    name: StepName,
    before: Sequence[State],
    changed: Sequence[State],
    tokens: Sequence[int] | int,
    begun: float,
) -> list[State]:
    """The states with the step recorded, settled where it suffices; its time is shared evenly."""
    seconds = (time.perf_counter() - begun) / max(1, len(before))
    spent = [tokens] * len(changed) if isinstance(tokens, int) else tokens
    done = []
    for state, cost in zip(changed, spent, strict=True):
        step = _step(state, name)
        silent = not state.proposal.candidates and not state.proposal.marked
        settled = silent or (step is not None and state.confidence() >= step.least)
        label = f"{name} {step.model}" if step and step.model else str(name)
        record = Step(label, settled, cost, round(seconds, 4))
        done.append(replace(state, steps=(*state.steps, record), settled=settled))
    return done


def _searched(states: Sequence[State], sheet: Sheet, tools: Tools) -> list[State]:
    near = _meanings(states, sheet, tools.embed)
    changed = []
    for state in states:
        field = state.field
        places = tools.retrieve(f"{field.title}. {field.description}")
        facts = [
            {
                "search": _rank(c.sentence, places),
                **near.get((field.name, c.sentence), {}),
            }
            for c in state.proposal.candidates
        ]
        changed.append(_with(state, facts))
    return changed


def _rank(sentence: Span, places: Sequence[Span]) -> float:
    """1 of a sentence in the first passage found, 1/2 in the second ...; 0 where it is in none."""
    ranks = [rank for rank, place in enumerate(places, 1) if sentence.overlaps(place)]
    return 1 / ranks[0] if ranks else 0.0


def _meanings(
    states: Sequence[State], sheet: Sheet, embed: Embeds | None
) -> Mapping[tuple[str, Span], Mapping[str, float]]:
    """How near each candidate's sentence is to what its field describes, in one batch."""
    if embed is None:
        return {}
    sentences = sorted({c.sentence for s in states for c in s.proposal.candidates[:MOST_WEIGHED]})
    references = {s.field.name: described(s.field) for s in states}
    texts = [span.of(sheet.parsed.text)[:LONGEST_COMPARED] for span in sentences]
    asked = [text for name in sorted(references) for text in references[name]]
    if not texts:
        return {}
    vectors = dict(zip(sentences, embed(texts), strict=True))
    wanted: Iterator[NDArray[np.float32]] = iter(embed(asked))
    by_field = {n: np.stack([next(wanted) for _ in references[n]]) for n in sorted(references)}
    return {
        (s.field.name, c.sentence): {
            "meaning": round(float(np.max(by_field[s.field.name] @ vectors[c.sentence])), 2)
            - MEANING
        }
        for s in states
        for c in s.proposal.candidates[:MOST_WEIGHED]
    }


def described(field: PackField) -> list[str]:
    """The texts that say what a field is about: its description, and what its examples find."""
    found = [example.text for example in field.examples if example.value]
    return [f"{field.title}. {field.description}", *found]


def _asked(
    states: Sequence[State], name: StepName, sheet: Sheet, tools: Tools
) -> tuple[list[State], list[int]]:
    """Ask the model about the fields that leave a choice; fields of one model go in one batch."""
    changed, tokens = list(states), [0] * len(states)
    by_model: dict[str, list[int]] = {}
    for at, state in enumerate(states):
        step = _step(state, name)
        by_model.setdefault(step.model if step else "", []).append(at)
    for model, places in sorted(by_model.items()):
        engine = tools.engine if not model else tools.larger(model) if tools.larger else None
        if engine is None:
            for at in places:
                changed[at] = replace(states[at], missing=model)
            continue
        asked = [
            (at, i)
            for at in places
            for i in _inquiries(states[at], sheet, _least(states[at], name))
        ]
        completions = engine.complete([i.prompt for _, i in asked])
        for (at, question), completion in zip(asked, completions, strict=True):
            told = answered(question, completion, changed[at].proposal, sheet)
            changed[at] = replace(changed[at], proposal=told)
            tokens[at] += completion.prompt_tokens + completion.completion_tokens
    return changed, tokens


def _inquiries(state: State, sheet: Sheet, least: float) -> list[Inquiry]:
    """The questions on a field, unless no answer could change what becomes of it."""
    weighed = state.weighed()
    if weighed and state.scale.confidence({**weighed[0][1].facts, **PICKED}) < least:
        return []
    order = tuple(candidate for _, candidate in weighed)
    return inquiry(replace(state.proposal, candidates=order), sheet.parsed.text)


def _with(state: State, facts: Sequence[Mapping[str, float]]) -> State:
    candidates = tuple(
        replace(c, facts={**c.facts, **more})
        for c, more in zip(state.proposal.candidates, facts, strict=True)
    )
    return replace(state, proposal=replace(state.proposal, candidates=candidates))
