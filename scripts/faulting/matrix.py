"""The fault matrix: one document's whole path, and every system call on its files made to fail.

For each point and each of KILL, EIO and ENOSPC: a fresh home, one run in which that call strikes,
one run in peace, and then everything must be as if nothing had happened.  A run that met an error
ends with one of the appliance's exit codes and a message, never with a fault of its own.
"""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from appliance.errors import (
    AuditError,
    BatchFailed,
    ConfigError,
    DiskFull,
    InputUnreadable,
    PartialFailure,
    PolicyError,
    StoreDamaged,
)
from scripts.faulting import power, tracing
from scripts.faulting.scene import Desk, Scene
from scripts.faulting.state import State
from scripts.faulting.tracing import FAULTS, STRUCK, Point
from scripts.faulting.trials import Found, job, look, run, spread
from scripts.faulting.warm import Ran, forked

Trial = tuple[Point, str]  # where, and KILL, EIO or ENOSPC

KILLED = -signal.SIGKILL
# A call may fail without harm: setting space aside, saying which process holds the lock.
ANSWERS = {0} | {
    error.exit_code
    for error in (
        AuditError,
        BatchFailed,
        ConfigError,
        DiskFull,
        InputUnreadable,
        PartialFailure,
        PolicyError,
        StoreDamaged,
    )
}
_SHAPE = re.compile(r"[0-9a-f]{8,}|(?<=objects/)[0-9a-f]{2}")


def points(scene: Scene, strace: str) -> tuple[list[Point], int, list[str]]:
    """Every point of an undisturbed run, how many a thread hides, and what a power cut could take.

    Raises:
        RuntimeError: the run failed, or two runs did not have the same points.
    """
    seen = [_watched(scene, strace) for _ in range(2)]
    odd = sorted(set(seen[0][0]) ^ set(seen[1][0]))
    if odd:
        raise RuntimeError(f"two undisturbed runs differ: {odd[:5]}")
    return seen[0]


def measure(
    scene: Scene, strace: str, workers: int, sample: int, draw: random.Random
) -> tuple[int, list[Found]]:
    """Try every point, or a sample of them; how many points there are, and what was found."""
    desk = scene.desk("undisturbed")
    ran = run(desk)
    if ran.status != 0:
        raise RuntimeError(f"the undisturbed run ended with {ran.status}: {ran.output}")
    undisturbed = look(desk)
    if undisturbed.problems:
        raise RuntimeError(f"the undisturbed run breaks rules: {undisturbed.problems}")
    found, _, taken = points(scene, strace)
    ordered = Found("power", "order of the calls of an undisturbed run", tuple(taken))
    trials = [(point, fault) for point in found for fault in FAULTS]
    if 0 < sample < len(trials):
        trials = sorted(draw.sample(trials, sample))

    def trial(worker: int, item: Trial) -> Iterator[Found]:
        yield _tried(scene.desk(f"worker-{worker}"), strace, item, undisturbed)

    return len(found), [ordered, *spread(trials, workers, trial, scene.folder)]


def _watched(scene: Scene, strace: str) -> tuple[list[Point], int, list[str]]:
    desk = scene.desk("watched")
    existing = {str(path.relative_to(desk.folder)) for path in desk.folder.rglob("*")}
    trace = scene.folder / "watched.trace"
    fork = forked(desk.log, lambda: job(desk), fixed_names=True)
    tracer = tracing.attached(strace, fork, trace, tracing.watching())
    fork.go()
    ran = fork.wait()
    tracer.communicate()
    if ran.status != 0:
        raise RuntimeError(f"the watched run ended with {ran.status}: {ran.output}")
    watched = (desk.home, desk.out, scene.incoming)
    log = trace.read_text("utf-8")
    places = (desk.home, desk.out)
    made = [call for call in tracing.calls(log) if _concerns(call.path, desk.folder, places)]
    taken = power.problems(made, desk.folder, existing)
    return *tracing.points(log, desk.folder, watched), taken


def _concerns(path: Path, folder: Path, places: Sequence[Path]) -> bool:
    return path == folder or any(map(path.is_relative_to, places))


def _tried(desk: Desk, strace: str, trial: Trial, undisturbed: State) -> Found:
    point, fault = trial
    struck, ran = _struck(desk, strace, point, fault)
    violations = list(_of_the_struck_run(ran, fault)) if struck else []
    again = run(desk)
    if again.status != 0:
        violations.append(f"the next run ended with {again.status}: {again.output.strip()[-300:]}")
    try:
        violations += look(desk).differences(undisturbed)
    except RuntimeError as error:
        violations.append(str(error)[-600:])
    where = f"{_SHAPE.sub('*', point.path)} {point.call} {point.number} {fault}"
    return Found(f"{point.call} {fault}", where, tuple(violations), struck)


def _struck(desk: Desk, strace: str, point: Point, fault: str) -> tuple[bool, Ran]:
    trace = desk.folder / "trace"
    fork = forked(desk.log, lambda: job(desk), fixed_names=True)
    tracer = tracing.attached(strace, fork, trace, tracing.striking(point, fault, desk.folder))
    fork.go()
    ran = fork.wait()
    tracer.communicate()
    if fault == "KILL":
        return ran.status == KILLED, ran
    return STRUCK in trace.read_text("utf-8"), ran


def _of_the_struck_run(ran: Ran, fault: str) -> Iterator[str]:
    if fault == "KILL":
        return
    if ran.status not in ANSWERS:
        yield f"the struck run ended with {ran.status}: {ran.output.strip()[-300:]}"
    if "Traceback" in ran.output or "internal fault" in ran.output:
        yield f"the struck run broke: {ran.output.strip()[-300:]}"


def classes(found: Sequence[Found]) -> dict[str, int]:
    """How many trials of each class struck."""
    counts: dict[str, int] = {}
    for one in found:
        if one.struck:
            counts[one.what] = counts.get(one.what, 0) + 1
    return counts
