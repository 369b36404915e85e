"""Names a process so that a later one with the same number is not taken for it, and ends groups.

A process number is used again; number and start time together (proc(5), field 22 of ``stat``) are
not, until the next boot.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import EngineUnavailable

_PROC = Path("/proc")
_POLL_S = 0.05
_KILLED_S = 60.0  # for the memory of a large process, or a driver, to be let go


@dataclass(frozen=True, slots=True)
class Process:
    """A process, or one that was: its number and its start time in clock ticks since boot."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class _Stat:
    state: str
    session: int
    started: int


def identify(pid: int) -> Process | None:
    """The process that has this number now, None when there is none."""
    stat = _stat(pid)
    return Process(pid, stat.started) if stat else None


def is_alive(process: Process) -> bool:
    """Whether this very process still runs."""
    stat = _stat(process.pid)
    return stat is not None and stat.started == process.started and stat.state not in "ZX"


def members(session: int) -> tuple[int, ...]:
    """The running processes of a session, whatever group they moved to."""
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            stat = _stat(int(entry.name))
            if stat is not None and stat.session == session and stat.state not in "ZX":
                found.append(int(entry.name))
    return tuple(found)


def end(leader: Process, patience_s: float) -> None:
    """End a session leader and everything in its session: asked first, then killed.

    Raises:
        EngineUnavailable: something of it is still there.
    """
    if not is_alive(leader) and not _is_orphaned(leader):
        return
    for number, seconds in ((signal.SIGTERM, patience_s), (signal.SIGKILL, _KILLED_S)):
        deadline = time.monotonic() + seconds
        for pid in members(leader.pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        while members(leader.pid):
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        else:
            return
    raise EngineUnavailable(
        f"process {leader.pid} and its children could not be ended",
        remedy="end them as the user who started them, or restart the machine",
    )


def _is_orphaned(leader: Process) -> bool:
    """The leader is gone and its children live: while they do, its number is not used again."""
    stat = _stat(leader.pid)
    return (stat is None or stat.started == leader.started) and bool(members(leader.pid))


def _stat(pid: int) -> _Stat | None:
    try:
        line = (_PROC / str(pid) / "stat").read_text("ascii", "replace")
    except OSError:
        return None
    fields = line.rpartition(")")[2].split()  # the name before it may hold anything
    return _Stat(state=fields[0], session=int(fields[3]), started=int(fields[19]))
