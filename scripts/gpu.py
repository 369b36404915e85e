"""The engine's checks on a machine with a GPU; ``scripts/check_gpu`` explains the arguments.

vLLM's GPU worker sends a usage report at its start and every 600 seconds, which the CPU build never
does; only a watch that is longer than that shows that nothing is even tried.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appliance.config import EngineSettings, Settings
from appliance.engine import isolation, server
from appliance.engine.client import Prompt, VllmEngine
from appliance.engine.command import Build, build_of
from appliance.engine.isolation import Isolation
from appliance.engine.launch import Order
from appliance.errors import ApplianceError
from scripts.benches import generate

NO_GPU = 3
DEVICES = Path("/dev")
GPU_SHARE = 0.4  # of its memory, for each of two engines that take turns
WATCH_STEP_S = 30
ENOUGH = 0.9  # of vLLM's own offline tokens per second
TEXT = (
    "The term of this lease begins on March 1, 2021 and ends on February 28, 2026. "
    "The tenant pays $4,250.00 per month. The governing law is that of the State of Oregon. "
)
PACKAGE = Path(__file__).resolve().parent.parent
ATTEMPT = (  # the positive control of the counter: an address of RFC 5737, where nobody is
    "import socket, time\n"
    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    "try: s.connect(('198.51.100.7', 9))\n"
    "except OSError: pass\n"
    "print(flush=True); time.sleep(60)"
)


def main() -> int:
    """Run every check; the first that fails ends it."""
    parser = argparse.ArgumentParser(prog="scripts/check_gpu", description=__doc__)
    parser.add_argument("--model", type=Path, help="model folder (default: the default model)")
    parser.add_argument("--minutes", type=float, default=11, help="watch for egress attempts")
    options = parser.parse_args()
    if not any(DEVICES.glob("nvidia[0-9]*")):
        print("There is no GPU on this machine (no /dev/nvidia0); nothing was checked.")
        return NO_GPU
    model = str(options.model.absolute()) if options.model else EngineSettings().model
    engine = EngineSettings(model=model, gpu_memory_share=GPU_SHARE)
    try:
        with generate.home_for(engine) as settings:
            check(settings, options.minutes)
    except (ApplianceError, RuntimeError) as error:
        print(f"FAILED: {error} {getattr(error, 'remedy', '')}")
        return 1
    print("All checks passed.")
    return 0


def check(settings: Settings, minutes: float) -> None:
    """Every check, on an engine of its own."""
    require(build_of(settings) is Build.GPU, "the engine is the CUDA build (scripts/setup --gpu)")
    require(attempts_are_counted(), "an attempt to leave an empty namespace is counted")
    begun = time.monotonic()
    server.start(settings, lambda line: print(f"   {line}", flush=True), Isolation.NAMESPACE)
    try:
        print(f"   the engine started in {time.monotonic() - begun:.0f} s")
        require(
            server.status(settings).isolation == Isolation.NAMESPACE,
            "it runs in a network namespace with loopback only",
        )
        require(verbatim(settings), "what the grammar binds to a text is a span of it")
        print(f"   first token of a new text after {first_token(settings) * 1000:.0f} ms (median)")
        with generate.Offline(settings) as offline:
            served, own = generate.take_turns(settings, offline)
        print(f"   served {served:,.0f} tokens/s, vLLM offline {own:,.0f} tokens/s")
        require(served >= ENOUGH * own, f"the served engine reaches {ENOUGH} of offline")
        watch(settings, begun + minutes * 60)
    finally:
        server.stop(settings)


def require(holds: bool, promise: str) -> None:
    """Print one check, and end all of them when it fails."""
    print(f"{'ok' if holds else 'NOT':4}{promise}", flush=True)
    if not holds:
        raise RuntimeError(promise)


def attempts_are_counted() -> bool:
    """The counter sees what it must see; otherwise the watch would be blind."""
    launch = (
        f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); "
        "from appliance.engine.launch import main; main()"
    )
    arguments = (sys.executable, "-I", "-c", ATTEMPT)
    with subprocess.Popen(
        [sys.executable, "-I", "-c", launch], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        if child.stdin is None or child.stdout is None:
            return False
        with child.stdin as pipe:
            pipe.write(Order(arguments, {}, Isolation.NAMESPACE.value).encode())
        child.stdout.readline()
        child.stdout.readline()
        try:
            return isolation.egress_attempts(child.pid) == 1
        finally:
            child.kill()


def verbatim(settings: Settings) -> bool:
    """Whether every answer under the grammar is a span of the text."""
    grammar = f"start: %regex {json.dumps({'substring_words': TEXT})}"
    questions = ("When does the term end?", "What is the rent?", "Which law governs?", "Who?")
    prompts = [Prompt("Answer from the text.", TEXT, q, 24, grammar) for q in questions]
    answers = _engine(settings, "verbatim").complete(prompts)
    return all(answer.untrusted_text in TEXT for answer in answers)


def first_token(settings: Settings) -> float:
    """Median seconds until one token of an answer on a text of about 1,000 tokens is there."""
    engine = _engine(settings, "latency")
    times = []
    for number in range(11):
        prompt = Prompt("", f"Number {number}. {TEXT * 18}", "What is the rent?", 1)
        begun = time.perf_counter()
        engine.complete([prompt])
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def watch(settings: Settings, until: float) -> None:
    """Keep the engine at work until then; no attempt to reach outside may be counted."""
    pid = server.status(settings).pid
    attempts: Callable[[], int] = lambda: isolation.egress_attempts(pid or 0)  # noqa: E731
    while time.monotonic() < until:
        _engine(settings, "watch").complete([Prompt("", TEXT, "What is the rent?", 8)])
        print(f"   {until - time.monotonic():.0f} s left, {attempts()} attempts", flush=True)
        time.sleep(min(WATCH_STEP_S, max(0, until - time.monotonic())))
    require(attempts() == 0, "nothing tried to leave")


def _engine(settings: Settings, salt: str) -> VllmEngine:
    return VllmEngine(settings, server.status(settings).model, salt)


if __name__ == "__main__":
    sys.exit(main())
