"""strace(1): which system calls a command makes on its own files, and one of them made to fail.

The reader process is let go when it starts: it writes nothing, and what its death does is shown
elsewhere.  A point is one call of one kind on one path; strace counts the calls on that path in
each thread by itself.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.faulting.warm import Fork

CALLS = (
    "open",
    "openat",
    "creat",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "copy_file_range",
    "sendfile",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "truncate",
    "ftruncate",
    "fallocate",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "chmod",
    "fchmod",
)
FAULTS = ("KILL", "EIO", "ENOSPC")
STRUCK = "(INJECTED)"
_LINE = re.compile(r"^(?P<thread>\d+) +(?P<call>\w+)\((?P<rest>.*)")
_PATH = re.compile(
    r'^(?:(?:AT_FDCWD(?:<[^>]*>)?|\d+(?:<[^>]*>)?), )?"(?P<named>[^"]+)"|^\d+<(?P<held>[^>]+)>'
)
_QUOTED = re.compile(r'"([^"]+)"')
_FAILED = re.compile(r"\) = -1 E[A-Z]+ ")
_ATTACH_S = 120.0


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """The ``number``-th ``call`` on ``path``, a path relative to the desk or absolute."""

    path: str
    call: str
    number: int


@dataclass(frozen=True, slots=True)
class Call:
    """One system call on a file."""

    thread: str
    name: str
    path: Path
    target: Path | None  # of a rename
    creates: bool
    failed: bool


def found() -> str | None:
    """Where strace is."""
    return shutil.which("strace")


def attached(strace: str, fork: Fork, log: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    """Attach strace to a fork that waits.

    Raises:
        RuntimeError: it cannot attach, for instance because the host forbids it.
    """
    command = [strace, "-q", "-f", "-b", "execve", "-o", str(log), *options, "-p", str(fork.pid)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    until = time.monotonic() + _ATTACH_S
    while not (_is_traced(fork.pid) and _waits(process.pid)):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            _, said = process.communicate()
            raise RuntimeError(f"strace could not attach: {said.decode('utf-8', 'replace')}")
        time.sleep(0.002)
    return process


def watching() -> list[str]:
    """Options that write down every call of ``CALLS`` with its paths."""
    return ["-y", "-s", "0", "-e", f"trace={','.join('?' + call for call in CALLS)}"]


def striking(point: Point, fault: str, folder: Path) -> list[str]:
    """Options that make one call fail, or be the last thing the process does."""
    what = "signal=KILL" if fault == "KILL" else f"error={fault}"
    path = str(folder / point.path)
    return ["-P", path, "-e", f"inject={point.call}:{what}:when={point.number}"]


def points(log: str, folder: Path, watched: Sequence[Path]) -> tuple[list[Point], int]:
    """The points in what ``watching`` wrote, and how many a thread hides from another.

    Args:
        log: strace's lines.
        folder: the desk; paths in it become relative to it.
        watched: folders whose paths count.
    """
    per_thread: Counter[tuple[str, str, str]] = Counter()
    for call in calls(log):
        path = call.path
        if any(path.is_relative_to(place) for place in watched):
            inside = path.is_relative_to(folder)
            where = str(path.relative_to(folder) if inside else path)
            per_thread[call.thread, call.name, where] += 1
    most: dict[tuple[str, str], int] = {}
    for (_, name, where), count in per_thread.items():
        most[name, where] = max(most.get((name, where), 0), count)
    made = [
        Point(where, name, n + 1) for (name, where), count in most.items() for n in range(count)
    ]
    return sorted(made), per_thread.total() - len(made)


def calls(log: str) -> Iterator[Call]:
    """The calls in what ``watching`` wrote, in order."""
    for line in log.splitlines():
        match = _LINE.match(line)
        path = _PATH.match(match["rest"]) if match else None
        if match and path:
            named = _QUOTED.findall(match["rest"])
            target = Path(named[1]) if match["call"].startswith("rename") else None
            made = "O_CREAT" in match["rest"]
            failed = _FAILED.search(match["rest"]) is not None
            at = Path(path["named"] or path["held"])
            yield Call(match["thread"], match["call"], at, target, made, failed)


def _waits(pid: int) -> bool:
    """Whether strace has done what attaching takes: it has a tracee before it stops it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(") ")[2].startswith("S")
    except OSError:
        return False


def _is_traced(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return False
    return "TracerPid:\t0\n" not in status
