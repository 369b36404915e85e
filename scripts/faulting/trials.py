"""Trials on worker processes: each forks one run after another and writes down what it found."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from scripts.faulting.scene import Desk
from scripts.faulting.state import State, state_of
from scripts.faulting.warm import Ran, command, die_with_parent, forked

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Found:
    """What one trial found; no violations is what everybody hopes for."""

    what: str  # the class that it counts in
    where: str
    violations: tuple[str, ...] = ()
    struck: bool = True


def run(desk: Desk, *, fixed_names: bool = False) -> Ran:
    """One undisturbed run of the main job."""
    fork = forked(desk.log, lambda: job(desk), fixed_names=fixed_names)
    fork.go()
    return fork.wait()


def job(desk: Desk) -> int:
    """The main job, in a fork."""
    return command(desk.process(), desk.scene.passphrase)


def look(desk: Desk) -> State:
    """The state of a desk, taken in a fork so that nothing of it stays in this process.

    Raises:
        RuntimeError: the store or the log could not be looked at; the message says why.
    """
    target = desk.folder / "state"

    def remembered() -> int:
        try:
            target.write_text(json.dumps(asdict(state_of(desk))))
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
            traceback.print_exc()
            return 1
        return 0

    fork = forked(desk.log, remembered)
    fork.go()
    ran = fork.wait()
    if ran.status != 0:
        raise RuntimeError(f"the state cannot be read: {ran.output}")
    lists = json.loads(target.read_text("utf-8"))
    acts = lists.pop("acts")
    return State(**{name: tuple(lines) for name, lines in lists.items()}, acts=acts)


def spread(
    items: Sequence[Item], workers: int, trial: Callable[[int, Item], Iterable[Found]], folder: Path
) -> list[Found]:
    """Do a trial on every item, ``workers`` at a time; a worker that breaks is an error.

    Args:
        items: what to try.
        workers: how many processes.
        trial: gets the number of its worker and one item.
        folder: for what the workers write down.

    Raises:
        RuntimeError: a worker broke.
    """
    pids = []
    for worker in range(workers):
        pid = os.fork()
        if pid == 0:
            _work(folder / f"found-{worker}", worker, items[worker::workers], trial)
        pids.append(pid)
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    texts = [(folder / f"found-{worker}").read_text("utf-8") for worker in range(workers)]
    if any(statuses):
        raise RuntimeError("a worker broke: " + "".join(text[-2000:] for text in texts))
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    return [Found(w["what"], w["where"], tuple(w["violations"]), w["struck"]) for w in lines]


def _work(
    target: Path, worker: int, items: Sequence[Item], trial: Callable[[int, Item], Iterable[Found]]
) -> None:
    status = 1
    die_with_parent()
    try:
        with target.open("w", encoding="utf-8") as lines:
            try:
                for item in items:
                    for found in trial(worker, item):
                        lines.write(json.dumps(asdict(found)) + "\n")
                        lines.flush()
                status = 0
            except BaseException:
                lines.write(traceback.format_exc())
    finally:
        os._exit(status)
