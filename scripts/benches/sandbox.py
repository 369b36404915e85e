"""The confinement: what it costs for the smallest document, layer by layer, and at the start.

Confined and not confined take turns in one run, and the least of many rounds counts: the figure is
what the confinement does, not what else the machine does.  The layers are measured by a process of
its own that has imported what the reader imports, as the size of a process decides what forking it
costs.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appliance import offline
from appliance.config import ReaderSettings
from appliance.formats import kinds, worker
from appliance.formats.reading import Wishes
from appliance.sandbox import child, confine, landlock, seccomp
from appliance.sandbox.probe import ACTS
from appliance.sandbox.server import ReaderServer
from scripts.benches.figure import Figure

ROUNDS = 60
MOST = 5.0  # milliseconds on top of the same call without confinement
SMALL = b"A small document."
MIB = 1 << 20


def measure(root: Path) -> list[Figure]:
    """The figures of this stage."""
    task, wishes = kinds.family(SMALL), Wishes(".txt").encode()
    worker.warm(task)
    began = time.perf_counter()
    with ReaderServer.start(ReaderSettings(), Path(sys.executable)) as reader:
        started = time.perf_counter() - began
        reader.read(SMALL, task, wishes)
        confined, plain = _in_turn(
            lambda: reader.read(SMALL, task, wishes), lambda: worker.read(task, wishes, SMALL)
        )
        began = time.perf_counter()
        reader._prove()
        proved = time.perf_counter() - began
        began = time.perf_counter()
        with ReaderServer.start(ReaderSettings(), Path(sys.executable)):
            second = time.perf_counter() - began
    more = 1000 * (confined - plain)
    return [
        Figure(
            *("sandbox", "smallest document, on top of no sandbox", more, "ms"),
            *(
                f"<= {MOST:.0f}",
                more <= MOST,
                f"least of {ROUNDS} rounds in turn, text family warm",
            ),
        ),
        Figure("sandbox", "smallest document, confined", 1000 * confined, "ms"),
        Figure("sandbox", "the same call without sandbox", 1000 * plain, "ms"),
        *_layers(root),
        Figure("sandbox", "reader process ready, proved", started, "s"),
        Figure("sandbox", "second reader process ready, proved", second, "s"),
        Figure(
            "sandbox", "proof with everything warm", 1000 * proved, "ms", on=f"{len(ACTS)} acts"
        ),
    ]


def _in_turn(*calls: Callable[[], object]) -> list[float]:
    """The least seconds of each of these, called in turn."""
    least = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for at, call in enumerate(calls):
            began = time.perf_counter()
            call()
            least[at] = min(least[at], time.perf_counter() - began)
    return least


def _layers(root: Path) -> list[Figure]:
    ran = subprocess.run(
        [sys.executable, "-m", __name__],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", **offline.SWITCHES},
        capture_output=True,
        check=True,
    )
    return [Figure("sandbox", name, 1000 * cost, "ms") for name, cost in json.loads(ran.stdout)]


# --- the process that measures the layers ---------------------------------------------------------


def _measure_layers() -> list[tuple[str, float]]:
    """Seconds that each layer adds, in the order in which a child takes them on."""
    worker.warm(kinds.family(SMALL))
    gc.collect()
    gc.freeze()
    rules = landlock.rules(child._for_children()) if landlock.version() else None
    mapped = confine.mapped_bytes(Path("/proc/self/statm").read_bytes())
    seccomp.document()
    steps: list[tuple[str, Callable[[], object]]] = [
        ("a child that does nothing", lambda: None),
        ("+ descriptors closed", lambda: os.closerange(3 if rules is None else rules + 1, 1 << 16)),
        (
            "+ limits",
            lambda: confine.limit(memory=2048 * MIB, cpu_seconds=50, files=32, mapped=mapped),
        ),
        ("+ Landlock", lambda: None if rules is None else landlock.bind(rules)),
        ("+ filter of system calls", confine.document_calls_only),
    ]
    calls = [_child_with([step for _, step in steps[: at + 1]]) for at in range(len(steps))]
    least = _in_turn(*calls)
    before = [0.0, *least]
    return [(steps[at][0], least[at] - before[at]) for at in range(len(steps))]


def _child_with(steps: list[Callable[[], object]]) -> Callable[[], None]:
    def fork_and_wait() -> None:
        pid = os.fork()
        if pid == 0:
            try:
                for step in steps:
                    step()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)

    return fork_and_wait


if __name__ == "__main__":
    print(json.dumps(_measure_layers()))
