"""Troubles from outside in the middle of the main job, after which the next run goes on.

disk     the disk is full after so many KiB; more room, and everything is as if it never had been
memory   one file needs more memory than its reader may have; it is set apart, the others are done
readers  every process of the reader is killed from outside, as the kernel does when memory is short
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from appliance.errors import AuditError, DiskFull, PartialFailure
from scripts.faulting.killing import Undisturbed, has_ended
from scripts.faulting.scene import Desk, Scene
from scripts.faulting.state import State
from scripts.faulting.trials import Found, job, look, run, spread
from scripts.faulting.warm import forked

ROOMS_KIB = (40, 150, 400, 800)  # beyond what the prepared home takes
BIG = "zz-big.txt"  # the last of the folder
_BIG_BYTES = 24 << 20
_LITTLE_MIB = 96  # of memory for one document, too little for the big one
_MOST_RUNS = 4
_DEATHS = re.compile(r" deaths=\d+")
_NEWUSER, _NEWNS, _REMOUNT = 0x10000000, 0x00020000, 32
_LIBC = ctypes.CDLL(None, use_errno=True)


def full_disk(scene: Scene, workers: int, peace: Undisturbed) -> list[Found]:
    """A disk that is full at several moments; nothing where this host permits no mount."""

    def trial(worker: int, room: int) -> Iterator[Found]:
        said = scene.folder / f"disk-{worker}"
        work = partial(_on_small_disk, scene, f"disk-home-{worker}", room, peace, said)
        fork = forked(scene.folder / f"disk-log-{worker}", work)
        fork.go()
        ran = fork.wait()
        if ran.status == 0:
            yield Found("disk", f"{room} KiB of room", tuple(json.loads(said.read_text("utf-8"))))
        else:
            yield Found("disk", f"{room} KiB of room", (f"the trial broke: {ran.output[-400:]}",))

    return spread(ROOMS_KIB, workers, trial, scene.folder) if may_mount() else []


def may_mount() -> bool:
    """Whether this host lets a process mount a disk of its own."""
    fork = forked(Path(os.devnull), lambda: 0 if _namespace() else 1)  # a fork has one thread
    fork.go()
    return fork.wait().status == 0


def little_memory(scene: Scene, peace: Undisturbed) -> Found:
    """One file kills its reader until it is set apart; all others are as in an undisturbed run."""
    desk = scene.desk("memory")
    settings = desk.home / "appliance.toml"
    settings.write_text(settings.read_text() + f"\n[reader]\nmemory_mib = {_LITTLE_MIB}\n")
    big = scene.incoming / BIG
    big.write_text("A long line of words that has no end. " * (_BIG_BYTES // 38))
    violations: list[str] = []
    try:
        for _ in range(_MOST_RUNS):
            ran = run(desk)
            if ran.status != PartialFailure.exit_code:
                violations.append(f"a run ended with {ran.status}: {ran.output.strip()[-300:]}")
        with desk.opened() as appliance:
            where = appliance.store.collection_named("trial").id
            row = appliance.store.file(where, appliance.store.file_key(where, BIG))
        found = f"{row.state} after {row.deaths} deaths" if row else "not known"
        if found != "quarantined after 3 deaths":
            violations.append(f"the file that is too large is {found}")
        violations += _without(look(desk), BIG, row.file if row else "").differences(peace.state)
    finally:
        big.unlink()
    return Found("memory", "one file too large for its reader", tuple(violations))


def killed_readers(scene: Scene, workers: int, peace: Undisturbed, seed: int) -> list[Found]:
    """Kill the reader's processes at random moments of a run, then let it run again in peace."""

    def trial(worker: int, number: int) -> Iterator[Found]:
        draw = random.Random(f"{seed}-{number}")  # noqa: S311 -- no secret
        desk = scene.desk(f"readers-{worker}")
        moment = draw.uniform(0.05, peace.whole_s if number % 2 else peace.first_s)
        status, killed = _readers_killed_after(desk, moment)
        violations = []
        if status not in (0, PartialFailure.exit_code, 14):
            violations.append(f"the struck run ended with {status}")
        again = run(desk)
        if again.status != peace.status:
            violations.append(f"the next run ended with {again.status}: {again.output[-300:]}")
        violations += _undead(look(desk)).differences(_undead(peace.state))
        yield Found("readers", f"at {moment:.3f}", tuple(violations), killed > 0)

    return spread(list(range(2 * workers)), workers, trial, scene.folder)


def _on_small_disk(scene: Scene, name: str, room: int, peace: Undisturbed, said: Path) -> int:
    """In a mount namespace of its own: a run on a disk that fills, then one with more room."""
    place = scene.folder / name
    place.mkdir(exist_ok=True)
    if not (_namespace() and _mount(place, "size=16m", 0)):
        return 1
    desk = scene.desk(f"{name}/desk")
    taken = (16 << 10) - os.statvfs(place).f_bavail * os.statvfs(place).f_frsize // 1024
    if not _mount(place, f"size={taken + room}k", _REMOUNT):
        return 1
    violations: list[str] = []
    ran = run(desk)
    if ran.status not in (DiskFull.exit_code, AuditError.exit_code, peace.status):
        violations.append(f"on the full disk: {ran.status}: {ran.output.strip()[-300:]}")
    if not _mount(place, "size=64m", _REMOUNT):
        return 1
    again = run(desk)
    if again.status != peace.status:
        violations.append(f"with more room: {again.status}: {again.output.strip()[-300:]}")
    violations += look(desk).differences(peace.state)
    said.write_text(json.dumps(violations))
    return 0


def _namespace() -> bool:
    """Enter a user and mount namespace in which this user is who it was."""
    uid, gid = os.getuid(), os.getgid()
    if _LIBC.unshare(_NEWUSER | _NEWNS) != 0:
        return False
    try:
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    except OSError:
        return False
    return True


def _mount(place: Path, options: str, flags: int) -> bool:
    target = os.fsencode(place)
    return bool(_LIBC.mount(b"tmpfs", target, b"tmpfs", flags, options.encode()) == 0)


def _readers_killed_after(desk: Desk, seconds: float) -> tuple[int, int]:
    fork = forked(desk.log, lambda: job(desk))
    fork.go()
    until = time.monotonic() + seconds
    while time.monotonic() < until and not has_ended(fork.pid):
        time.sleep(0.005)
    below = _descendants(fork.pid)
    for pid in below:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return fork.wait().status, len(below)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(n) for task in tasks for n in (task / "children").read_text().split()]
    except OSError:
        return []
    for child in children:
        found += [child, *_descendants(child)]
    return found


def _without(state: State, name: str, file_key: str) -> State:
    """A state without what concerns one file."""
    return _filtered(state, lambda line: name not in line and not line.startswith(file_key[:8]))


def _filtered(state: State, keep: Callable[[str], bool]) -> State:
    return replace(
        state,
        documents=tuple(filter(keep, state.documents)),
        files=tuple(filter(keep, state.files)),
        tasks=tuple(filter(keep, state.tasks)),
        results=tuple(filter(keep, state.results)),
        reports=tuple(filter(keep, state.reports)),
    )


def _undead(state: State) -> State:
    """How often a reader died on a file is its history."""
    return replace(state, files=tuple(_DEATHS.sub("", line) for line in state.files))
