"""The kill loop: the main job over many files, struck at random moments until it is through.

A blow is a power cut (SIGKILL), or what a person does: Ctrl-C and SIGTERM, after which the command
must end by itself and say so.
A campaign begins with a fresh home and ends when a run ends before its kill.  What is there then
must be what an undisturbed run leaves, and little may have been done twice.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.faulting.scene import Desk, Scene
from scripts.faulting.state import State
from scripts.faulting.trials import Found, job, look, run, spread
from scripts.faulting.warm import Ran, forked

EARLY = 0.2  # share of the kills before the first document is stored
WINDOW = 1 / 3  # of the rest of an undisturbed run: how long after that moment the others fall
IN_FLIGHT = 2  # tasks that one kill may make the next run repeat
_GONE_S = 300.0  # a reader notices at the end of what it is doing


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a run in peace leaves, and how long it takes to its first document."""

    status: int
    state: State
    first_s: float
    whole_s: float


def undisturbed(scene: Scene) -> Undisturbed:
    """Run the main job in peace.

    Raises:
        RuntimeError: it breaks a rule even so.
    """
    desk = scene.desk("undisturbed")
    begun = time.monotonic()
    fork = forked(desk.log, lambda: job(desk))
    fork.go()
    objects = desk.home / "store" / "objects"
    while not any(objects.iterdir()) and time.monotonic() < begun + 60:
        time.sleep(0.01)
    first = time.monotonic() - begun
    ran = fork.wait()
    whole = time.monotonic() - begun
    state = look(desk)
    if state.problems or ran.status not in (0, 15):
        raise RuntimeError(f"the undisturbed run: {ran.status} {ran.output} {state.problems}")
    return Undisturbed(ran.status, state, first, whole)


@dataclass(frozen=True, slots=True)
class Blow:
    """What strikes a run, and how the run may then end."""

    number: signal.Signals
    status: int


KILLED = (Blow(signal.SIGKILL, -signal.SIGKILL),)
ASKED = (Blow(signal.SIGINT, 130), Blow(signal.SIGTERM, 143))


def measure(
    scene: Scene, workers: int, kills: int, seed: int, blows: Sequence[Blow] = KILLED
) -> tuple[Undisturbed, list[Found]]:
    """Strike ``kills`` times; one finding per blow and one per campaign."""
    peace = undisturbed(scene)
    quotas = [kills // workers + (worker < kills % workers) for worker in range(workers)]

    def campaigns(worker: int, quota: int) -> Iterator[Found]:
        draw = random.Random(f"{seed}-{worker}")  # noqa: S311 -- no secret
        while quota > 0:
            desk = scene.desk(f"worker-{worker}")
            done = list(_campaign(desk, quota, draw, peace, blows))
            quota -= sum(found.what == "kill" for found in done)
            yield from done

    return peace, spread(quotas, workers, campaigns, scene.folder)


def _campaign(
    desk: Desk, quota: int, draw: random.Random, peace: Undisturbed, blows: Sequence[Blow]
) -> Iterator[Found]:
    moments: list[str] = []
    while True:
        if len(moments) == quota:
            ran = run(desk)
            break
        if draw.random() < EARLY:
            delay = draw.uniform(0, peace.first_s)
        else:
            delay = peace.first_s + draw.uniform(0, WINDOW * (peace.whole_s - peace.first_s))
        blow = draw.choice(blows)
        ended, violations = _struck_after(desk, delay, blow)
        if ended is not None:
            ran = ended
            break
        moments.append(f"{delay:.3f}")
        yield Found("kill", f"{blow.number.name} at {moments[-1]}", violations)
    yield Found(
        "campaign", f"kills at {', '.join(moments)}", tuple(_end(desk, ran, moments, peace))
    )


def _end(desk: Desk, ran: Ran, moments: list[str], peace: Undisturbed) -> Iterator[str]:
    if ran.status != peace.status:
        yield f"the last run ended with {ran.status}: {ran.output.strip()[-300:]}"
    try:
        state = look(desk)
    except RuntimeError as error:
        yield str(error)[-600:]
        return
    yield from state.differences(peace.state)
    repeated = state.acts - peace.state.acts
    if repeated > IN_FLIGHT * len(moments):
        yield f"{repeated} tasks were done again after {len(moments)} kills"


def _struck_after(desk: Desk, delay: float, blow: Blow) -> tuple[Ran | None, tuple[str, ...]]:
    """How the run ended if it ended first, and what was wrong with its end if it did not."""
    fork = forked(desk.log, lambda: job(desk))
    fork.go()
    until = time.monotonic() + delay
    while time.monotonic() < until:
        time.sleep(min(0.005, max(0.0, until - time.monotonic())))
        if has_ended(fork.pid):
            return fork.wait(), ()
    children = _children(fork.pid)
    with suppress(ProcessLookupError):
        os.killpg(fork.pid, blow.number)  # the whole group, as a terminal does
    ran = fork.wait()
    if ran.status in (0, 15):  # it was through before
        return ran, ()
    wrong = [f"a process outlived the blow: {pid}" for pid in outliving(children)]
    if ran.status != blow.status:
        wrong.append(f"it ended with {ran.status}: {ran.output.strip()[-600:]}")
    return None, tuple(wrong)


def has_ended(pid: int) -> bool:
    """Whether a child has ended; it can still be waited for."""
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return ended is not None


def _children(pid: int) -> set[int]:
    found = set()
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found |= set(map(int, (task / "children").read_text("ascii").split()))
    return found


def outliving(pids: set[int]) -> set[int]:
    """Those that are still there when it is time that they had noticed."""
    until = time.monotonic() + _GONE_S
    while (left := {pid for pid in pids if _lives(pid)}) and time.monotonic() < until:
        time.sleep(0.02)
    return left


def _lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"  # nobody may be there to collect it
