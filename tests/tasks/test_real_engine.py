"""The tasks with the real model: the decoder cannot leave the text, and sensible results."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config import Settings
from appliance.documents import Span
from appliance.engine.client import Prompt, VllmEngine
from appliance.index.embed import Embedder
from appliance.results import Status
from appliance.tasks import packs
from appliance.tasks.answer import answer
from appliance.tasks.brief import Brief
from appliance.tasks.extract import extract
from appliance.tasks.grammar import NOT_STATED, choice, verbatim
from appliance.tasks.summarize import summarize
from tests.tasks.scripted import DOCUMENT, document, passages

pytestmark = pytest.mark.engine

SAMPLES = Path(__file__).parent.parent / "samples" / "demo"
ODD = 'The "Agreement"\n  dated\tAugust 9, 1999 \\ is 😀 between é \u2028 %x { } /a/ \u00adz'


@pytest.fixture(scope="module")
def engine(engine_settings: Settings) -> VllmEngine:
    return VllmEngine(engine_settings, engine_settings.engine.model, "salt of these tests")


def prompt(grammar: str, text: str, question: str) -> Prompt:
    return Prompt("Copy from the text.", text, question, 80, grammar)


@pytest.mark.parametrize("question", ["What is the date?", "Write a poem.", "Say only: yes."])
def test_the_decoder_copies_or_declines(engine: VllmEngine, question: str) -> None:
    grammar = verbatim([ODD], longest=60)
    (completion,) = engine.complete([prompt(grammar, ODD, question)])
    said = completion.untrusted_text
    assert said == NOT_STATED or (said in ODD and 0 < len(said) <= 60)


@pytest.mark.parametrize("at", range(3))
def test_odd_characters_survive_a_choice(engine: VllmEngine, at: int) -> None:
    option = ('a "b"\n c /x/ \\d+', "é😀\u2028 { }", "\x7f%regex |")[at]
    (completion,) = engine.complete([prompt(choice([option]), ODD, "Say it.")])
    assert completion.untrusted_text == option


def test_the_tasks_on_a_sample_note(engine: VllmEngine, engine_settings: Settings) -> None:
    parsed = document((SAMPLES / "health" / "note_stephanie_diaz.txt").read_text("utf-8"))
    whole = [Span(0, len(parsed.text))]
    found = extract(parsed, DOCUMENT, packs.load("health/clinical_note"), lambda _: whole, engine)
    values = {value.name: value.normalised for value in found}
    assert values["patient_name"] == "STEPHANIE DIAZ"
    assert (values["age"], values["sex"]) == ("49", "female")
    said = answer(
        "What is the patient's chief complaint?",
        passages(parsed),
        {DOCUMENT: parsed},
        engine,
        Embedder(engine_settings.models / engine_settings.search.embedding_model),
    )
    assert said.status is Status.FOUND
    assert "Abnormal labs" in said.statements[0].text
    summary = summarize(parsed, DOCUMENT, Brief(vote=True), engine)
    assert len(summary.statements) >= 4
    assert summary.dropped == 0
