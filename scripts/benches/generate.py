"""What the served engine makes of a batch, against vLLM's own offline ``LLM.chat`` in the same run.

Both have the same model, limits, threads and prompts, and take turns batch by batch, so that a
busy machine slows both.  No prompt comes twice: nothing is found in a prefix cache.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from appliance import config
from appliance.config import EngineSettings, Settings
from appliance.engine import models, server
from appliance.engine.client import Prompt, VllmEngine
from appliance.engine.command import Build, Places, build_of, environment
from scripts.benches.figure import Figure

ROUNDS = 3
BATCH = 32
LONGEST_ANSWER = 64  # tokens
WORDS = (
    *("agreement", "party", "notice", "term", "payment", "tenant", "landlord", "patient", "dose"),
    *("treatment", "report", "revenue", "quarter", "company", "invoice", "amount", "clause"),
)


def measure(root: Path) -> list[Figure]:
    """Completion tokens per second of both, and their ratio; ``root`` is the project's folder."""
    with home_for(EngineSettings(cpu_kv_cache_gib=1)) as settings:
        begun = time.monotonic()
        server.start(settings, lambda _: None)
        started = time.monotonic() - begun
        try:
            with Offline(settings) as offline:
                served, own = take_turns(settings, offline)
        finally:
            server.stop(settings)
    on = f"{settings.engine.model}, {BATCH} prompts a batch, best of {ROUNDS} turns"
    ratio = served / own
    target = ">= 0.9 x vLLM's offline LLM.chat"
    return [
        Figure("generate", "start of the engine", started, "s", on="from nothing, first home"),
        Figure("generate", "served", served, "tokens/s", on=on),
        Figure("generate", "vLLM offline LLM.chat", own, "tokens/s", on=on),
        Figure("generate", "served / offline", ratio, "x", target, ratio >= 0.9, on),
    ]


@contextmanager
def home_for(engine: EngineSettings) -> Iterator[Settings]:
    """Settings of a throw-away home."""
    home = Path(tempfile.mkdtemp(prefix="appliance-"))
    try:
        yield replace(config.load(home), engine=engine)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def prompts(turn: int) -> tuple[Prompt, ...]:
    """A batch of distinct prompts, the same for every caller."""
    chance = random.Random(turn)  # noqa: S311 -- repeatable, not secret
    return tuple(
        Prompt(
            system="You write long, plain reports.",
            document=" ".join(chance.choices(WORDS, k=chance.randint(60, 140))),
            question=f"Write report {turn}-{number} about these words, as long as you can.",
            max_tokens=LONGEST_ANSWER,
        )
        for number in range(BATCH)
    )


def served_batch(settings: Settings, batch: Sequence[Prompt], salt: str) -> tuple[int, float]:
    """Completion tokens and seconds of the running engine."""
    engine = VllmEngine(settings, server.status(settings).model, salt)
    begun = time.perf_counter()
    done = engine.complete(batch)
    return sum(answer.completion_tokens for answer in done), time.perf_counter() - begun


class Offline:
    """vLLM's ``LLM`` in a process of its own, with the served engine's limits and threads."""

    def __init__(self, settings: Settings) -> None:
        build = build_of(settings)
        folder = settings.models / settings.engine.model
        models.verify(folder)
        self._arguments: dict[str, object] = {
            "model": str(folder),
            "max_model_len": settings.engine.max_model_len,
            "max_num_seqs": settings.engine.max_num_seqs,
            "seed": settings.engine.seed,
            "generation_config": "vllm",
        }
        if build is Build.CPU:
            self._arguments |= {"enforce_eager": True, "distributed_executor_backend": "uni"}
        else:
            self._arguments["gpu_memory_utilization"] = settings.engine.gpu_memory_share
        places = Places(settings.home / "offline")
        self._environment = environment(settings, places, build)
        del self._environment["VLLM_LOGGING_CONFIG_PATH"]
        for place in (places.cache, places.scratch):
            place.mkdir(parents=True, exist_ok=True)
        self._python = settings.engine_python

    def __enter__(self) -> Offline:
        self._process = subprocess.Popen(
            [self._python, Path(__file__).with_name("offline_chat.py")],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._send(self._arguments)
        if self._receive() != "ready":
            raise RuntimeError("vLLM's offline engine did not start")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def batch(self, batch: Sequence[Prompt]) -> tuple[int, float]:
        """Completion tokens and seconds."""
        self._send([[_messages(prompt), prompt.max_tokens] for prompt in batch])
        tokens, seconds = json.loads(self._receive())
        return tokens, seconds

    def _send(self, line: object) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()

    def _receive(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""


def take_turns(settings: Settings, offline: Offline) -> tuple[float, float]:
    """The best tokens per second of the served engine and of the offline one."""
    best = [0.0, 0.0]
    served_batch(settings, prompts(-1)[:4], "warm")
    offline.batch(prompts(-1)[:4])
    for turn in range(ROUNDS):
        for place, (tokens, seconds) in enumerate(
            (
                served_batch(settings, prompts(turn), f"turn-{turn}"),
                offline.batch(prompts(turn)),
            )
        ):
            best[place] = max(best[place], tokens / seconds)
    return best[0], best[1]


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": prompt.system},
        {"role": "user", "content": f"{prompt.document}\n\n{prompt.question}"},
    ]
