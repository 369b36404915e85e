"""The cascade: what each step adds, when it is taken, what it costs, and when nothing is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance.documents import Span
from appliance.engine.client import Prompt
from appliance.results import FieldValue, Status
from appliance.tasks.extract import extract
from appliance.tasks.packs import CascadeStep, Example, FieldType, Pack, PackField, StepName
from tests.tasks.scripted import DOCUMENT, ScriptedEngine, document, saying

CLAUSE = PackField(
    name="fuel",
    title="Fuel",
    description="Who pays for fuel.",
    type=FieldType.CLAUSE,
    question="Who pays for fuel?",
    cues=(r"\bfuel\b",),
    patterns=(r"\bpay\b.{0,60}\bfuel\b",),
    validator="clause",
    many=True,
    examples=(Example("The charterer pays for all fuel.", "The charterer pays for all fuel."),),
)
STATED = "The charterer shall provide and pay for all fuel."
MENTIONED = "A report on the fuel on board is sent to the owner every week."


def steps(*least: float, larger: float | None = None) -> tuple[CascadeStep, ...]:
    made = tuple(CascadeStep(n, value) for n, value in zip(StepName, least, strict=False))
    return made if larger is None else (*made, CascadeStep(StepName.LARGER, larger, "giant"))


def pack(cascade: tuple[CascadeStep, ...], field: PackField = CLAUSE) -> Pack:
    return Pack("general/charter", "Charter", "Charters.", 1, "general", (field,), cascade)


def run(
    text: str,
    cascade: tuple[CascadeStep, ...],
    engine: ScriptedEngine | None = None,
    **more: object,
) -> FieldValue:
    found = extract(
        document(text),
        DOCUMENT,
        pack(cascade),
        lambda _: [],
        engine or saying("not stated"),
        **more,  # type: ignore[arg-type]
    )
    return found[0]


def alike(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of two dimensions: texts that say "pay" are one, all others another."""
    return np.array([[1.0, 0.0] if "pay" in t else [0.0, 1.0] for t in texts], np.float32)


def test_a_phrasing_of_the_pack_settles_the_field_without_search_or_model() -> None:
    engine = saying("not stated")
    found = run(STATED, steps(0.6, 0.6, 0.6), engine)
    assert found.status is Status.FOUND
    assert [(s.name, s.settled) for s in found.steps] == [("pattern", True)]
    assert engine.asked == []


def test_a_field_of_which_nothing_speaks_is_settled_at_once() -> None:
    found = run("The vessel is painted white.", steps(0.6, 0.6, 0.6))
    assert found.reason == "no sentence of the document speaks of it"
    assert [(s.name, s.settled) for s in found.steps] == [("pattern", True)]


def test_a_mention_goes_through_all_steps_and_the_reason_has_its_confidence() -> None:
    engine = saying("not stated")
    found = run(MENTIONED, steps(0.6, 0.6, 0.6), engine)
    assert found.status is Status.NOT_STATED
    assert found.reason == (
        "one sentence speaks of it, but the best reaches a confidence of 0.43, below 0.60"
    )
    assert [s.name for s in found.steps] == ["pattern", "search", "model"]


def test_the_model_is_not_asked_where_its_answer_could_change_nothing() -> None:
    engine = saying("A report on the fuel")
    run(MENTIONED, steps(0.9, 0.9, 0.9), engine)
    assert engine.asked == []


def test_nearness_in_meaning_lifts_a_sentence() -> None:
    text = "Bills for fuel: the charterer has to pay them."
    alone = run(text, steps(0.95, 0.55))
    assert alone.status is Status.NOT_STATED
    near = run(text, steps(0.95, 0.55), embed=alike)
    assert near.status is Status.FOUND
    assert [s.name for s in near.steps] == ["pattern", "search"]


def test_the_search_lifts_what_it_ranks_first() -> None:
    def retrieve(_: str) -> Sequence[Span]:
        return [Span(0, len(MENTIONED))]

    found = extract(
        document(MENTIONED), DOCUMENT, pack(steps(0.6, 0.55)), retrieve, saying("not stated")
    )
    assert found[0].status is Status.FOUND


def test_the_tokens_of_the_model_are_recorded() -> None:
    text = f"{MENTIONED} The fuel is stored in two tanks below the deck."

    def first(prompt: Prompt) -> str:
        return "A report on the fuel"

    found = run(text, steps(0.6, 0.6, 0.55), ScriptedEngine(first))
    assert found.status is Status.FOUND
    assert (found.steps[-1].name, found.steps[-1].tokens) == ("model", 4)


def test_a_choice_is_put_in_both_orders() -> None:
    engine = saying("not stated")
    run(f"{MENTIONED} The fuel is stored in two tanks below.", steps(0.6, 0.6, 0.55), engine)
    one, other = engine.asked
    assert one.document.index("report") < one.document.index("stored")
    assert other.document.index("report") > other.document.index("stored")
    assert one.logprobs


def test_a_larger_model_that_is_not_installed_is_named_and_breaks_nothing() -> None:
    found = run(MENTIONED, steps(0.6, 0.6, larger=0.6), larger=lambda name: None)
    assert found.status is Status.NOT_STATED
    assert found.reason.endswith("; the larger model giant is not installed")
    assert found.steps[-1].name == "larger giant"


def test_a_larger_model_is_asked_what_stays_open() -> None:
    text = f"{MENTIONED} The fuel is stored in two tanks below the deck."
    giant = saying("The fuel is stored in")
    names: list[str] = []

    def larger(name: str) -> ScriptedEngine:
        names.append(name)
        return giant

    found = run(text, steps(0.6, 0.6, larger=0.55), larger=larger)
    assert names == ["giant"]
    assert [v.citation.quote for v in found.values] == [
        "The fuel is stored in two tanks below the deck."
    ]


def test_an_item_of_a_list_is_read_with_the_words_that_open_the_list() -> None:
    text = "The charterer shall pay for: (a) all harbour dues; (b) all fuel taken on board."
    found = run(text, steps(0.6))
    assert [v.citation.quote for v in found.values][-1] == "(b) all fuel taken on board."


def test_a_field_has_its_own_cascade() -> None:
    strict = dataclasses.replace(CLAUSE, cascade=steps(0.99))
    found = extract(
        document(STATED), DOCUMENT, pack(steps(0.6), strict), lambda _: [], saying("not stated")
    )
    assert found[0].status is Status.NOT_STATED
