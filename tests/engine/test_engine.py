"""The real engine: verbatim decoding, prefix cache and salts, and no trace of any prompt."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import config
from appliance.config import EngineSettings, Settings
from appliance.engine import isolation, processes, server
from appliance.engine.client import Finish, Prompt, VllmEngine, get
from appliance.engine.isolation import Isolation
from appliance.errors import EngineRefused

pytestmark = pytest.mark.engine

LEASE = (
    'The term of this lease ("Term") begins on March 1, 2021 and ends on February 28, 2026.\n'
    "The tenant pays a base rent of $4,250.00 per month, due on the first day of each month; a "
    "payment later than five days carries a charge of 2.5 % of the amount – “late fee”.\n"
    "Either party may end this lease with ninety (90) days' written notice. The landlord keeps "
    "the roof, the outer walls and the heating in repair.\tGoverning law: State of Oregon.\n"
)
CANARY = "Quillfeather-Ombré-7741"


def asking(settings: Settings, salt: str) -> VllmEngine:
    return VllmEngine(settings, settings.engine.model, salt)


def prompt(
    question: str, document: str = LEASE, *, grammar: str | None = None, max_tokens: int = 24
) -> Prompt:
    return Prompt("Answer from the text.", document, question, max_tokens, grammar)


def verbatim(text: str) -> str:
    return f"start: %regex {json.dumps({'substring_words': text})}"


def hits(settings: Settings) -> float:
    _, page = get(settings.engine_socket, "/metrics", 10)
    found = re.search(rb"^vllm:prefix_cache_hits_total\{[^}]*\} (\S+)$", page, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_what_the_grammar_binds_to_the_text_is_a_span_of_it(engine_settings: Settings) -> None:
    questions = ("When does the term end?", "How much is the rent?", "Which law governs?", "Who?")
    grammar = verbatim(LEASE)
    answers = asking(engine_settings, "verbatim").complete(
        [prompt(question, grammar=grammar) for question in questions]
    )
    for answer in answers:
        assert answer.untrusted_text in LEASE
    assert any(answer.untrusted_text.strip() for answer in answers)
    free = asking(engine_settings, "verbatim").complete([prompt("Write a poem about the sea.")])
    assert free[0].untrusted_text not in LEASE  # without the grammar it says what it likes


def test_a_shared_document_is_read_once_under_one_salt_only(engine_settings: Settings) -> None:
    document = LEASE * 4  # several blocks of 128 tokens
    first, second = asking(engine_settings, "scope-a"), asking(engine_settings, "scope-b")
    start = hits(engine_settings)
    first.complete([prompt("What is the rent?", document)])
    assert hits(engine_settings) == start
    first.complete([prompt("Which law governs?", document)])
    shared = hits(engine_settings)
    assert shared >= start + 128
    second.complete([prompt("Which law governs?", document)])
    assert hits(engine_settings) == shared


def test_tokens_are_counted_and_the_context_is_known(engine_settings: Settings) -> None:
    engine = asking(engine_settings, "count")
    assert engine.context_length == engine_settings.engine.max_model_len
    assert 0 < engine.count_tokens("one two three") <= 5
    assert engine.count_tokens("") == 0
    answered = engine.complete([prompt("Who?", "x", max_tokens=1)])[0]
    assert answered.finish is Finish.LENGTH
    assert answered.prompt_tokens > engine.count_tokens("x\n\nWho?")


def test_refused_prompts_leave_the_engine_up_and_no_trace(engine_settings: Settings) -> None:
    engine = asking(engine_settings, "canary")
    broken = f'start: %regex {{"substring_words": "{CANARY}'
    for bad in (
        prompt(CANARY, (CANARY + " ") * 9000),
        prompt(CANARY, CANARY, grammar=broken),
        prompt(CANARY, CANARY, grammar=f"start: missing_{CANARY}"),
    ):
        with pytest.raises(EngineRefused) as caught:
            engine.complete([bad])
        assert CANARY not in caught.value.message + caught.value.remedy
    assert engine.complete([prompt(CANARY, CANARY, grammar=verbatim(CANARY))])
    pid = server.status(engine_settings).pid
    assert pid is not None
    files = [path for path in engine_settings.run.rglob("*") if path.is_file()]
    files += [Path("/proc", str(member), "cmdline") for member in processes.members(pid)]
    assert len(files) > 3
    needles = (CANARY.encode(), CANARY.encode("ascii", "backslashreplace"), b"Quillfeather")
    for path in files:
        assert not any(needle in path.read_bytes() for needle in needles), path


def test_prompts_lie_in_no_shared_memory_file(engine_settings: Settings) -> None:
    pid = server.status(engine_settings).pid
    assert pid is not None
    for member in processes.members(pid):
        mapped = Path("/proc", str(member), "maps").read_text("utf-8", "replace")
        assert "/dev/shm/psm_" not in mapped


def test_nothing_tried_to_leave(engine_settings: Settings) -> None:
    found = server.status(engine_settings)
    assert found.pid is not None
    if found.isolation != Isolation.NAMESPACE:
        pytest.skip("this host gives no network namespace, so nothing counts attempts")
    asking(engine_settings, "egress").complete([prompt("What is the rent?")] * 8)
    assert isolation.egress_attempts(found.pid) == 0


def test_the_engine_also_runs_where_namespaces_are_forbidden() -> None:
    home = Path(tempfile.mkdtemp(prefix="appliance-"))
    settings = replace(config.load(home), engine=EngineSettings(cpu_kv_cache_gib=1))
    try:
        server.start(settings, lambda _: None, Isolation.FILTER)
        assert server.status(settings).isolation == Isolation.FILTER
        answer = asking(settings, "filter").complete(
            [prompt("When does the term end?", grammar=verbatim(LEASE))]
        )[0]
        assert answer.untrusted_text in LEASE
    finally:
        server.stop(settings)
        shutil.rmtree(home)
