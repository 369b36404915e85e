"""Turns the calling process into one that keeps secrets for long: rights, memory, sockets.

What is taken is taken from every thread and proved in every thread: a witness that ran before the
lock tries every address family after it, and the kernel's own account of each thread is read.
"""

from __future__ import annotations

import ctypes
import errno
import os
import pwd
import resource
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import SandboxError, UsageError
from appliance.sandbox import confine
from appliance.sandbox.kernel import LIBC, prctl

FAMILIES = 64  # numbers that are tried; the kernel knows fewer than 50 (sys/socket.h)
_TASKS = Path("/proc/self/task")
_LOCK_ALL = 1 | 2 | 4  # MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT (mlockall(2))
_NEW_NETWORK = 0x40000000
_DROP_FROM_BOUNDING_SET = 24
_REFUSALS = {errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT}


@dataclass(frozen=True, slots=True)
class Locked:
    """What holds for this process from now on.  ``refused`` counts families tried and refused."""

    user: str
    threads: int
    refused: int
    memory: bool  # kept out of swap
    network: bool  # in a network with nothing but loopback, behind the filter


def become(user: str) -> None:
    """Become another user, with his groups and no way back; nothing for an empty name.

    Raises:
        UsageError: there is no such user, or this process is not root's.
    """
    if not user:
        return
    try:
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    except KeyError:
        raise UsageError("there is no such user", remedy="see `getent passwd`") from None
    except PermissionError:
        raise UsageError("only root can serve as another user", remedy="leave --user out") from None


def lock(user: str = "") -> Locked:
    """Take from this process, for good, what a keeper of secrets does not need, and prove it.

    In this order: a network of its own where that takes no user namespace (callers would lose
    their names in one), memory that is not swapped, the user, every right, core files, other
    processes' view of its memory, and last every socket but local ones.

    Args:
        user: whom to become; only root can.

    Raises:
        UsageError: as `become`.
        SandboxError: the kernel refused, or the proof failed.
    """
    LIBC.unshare(_NEW_NETWORK)
    memory = _keep_in_memory()
    _empty_bounding_set()
    become(user)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    confine.no_new_privileges()
    with _Witness() as witness:
        confine.drop_capabilities()
        confine.hide_memory()
        confine.only_local_everywhere()
        open_ones = {*_makes(), *witness.makes()}
    if open_ones:
        named = ", ".join(map(str, sorted(open_ones)))
        raise SandboxError(f"sockets of other families than AF_UNIX can still be made: {named}")
    threads = prove_threads()
    name = pwd.getpwuid(os.getuid()).pw_name if _is_known(os.getuid()) else str(os.getuid())
    return Locked(name, threads, FAMILIES - 1, memory, _alone())


def prove_threads() -> int:
    """Every thread of this process is under a filter, without rights and cannot gain any.

    Returns:
        How many there are.

    Raises:
        SandboxError: one is not.
    """
    wanted = {"Seccomp": "2", "NoNewPrivs": "1", "CapEff": "0" * 16, "CapPrm": "0" * 16}
    found = 0
    for task in os.listdir(_TASKS):
        with suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            said = (_TASKS / task / "status").read_bytes().decode("ascii", "replace")
            status = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
            for key, value in wanted.items():
                if status.get(key, "").strip() != value:
                    raise SandboxError(f"a thread of this process is not locked: {key}")
            found += 1
    return found


def _makes() -> Sequence[int]:
    """The families, but for AF_UNIX, of which this thread can make a socket of any kind."""
    return tuple(
        family for family in range(FAMILIES) if family != socket.AF_UNIX and _can_make(family)
    )


def _can_make(family: int) -> bool:
    """Past Python's own module; anything but a refusal of the filter counts as open."""
    made = LIBC.socket(family, int(socket.SOCK_DGRAM), 0)
    if made >= 0:
        os.close(made)
        return True
    return ctypes.get_errno() not in _REFUSALS


def _alone() -> bool:
    """Whether this network has no device but loopback, however that came about."""
    with suppress(OSError):
        devices = Path("/proc/self/net/dev").read_bytes().splitlines()[2:]
        return all(line.strip().startswith(b"lo:") for line in devices)
    return False


def _keep_in_memory() -> bool:
    """mlockall(2), page by page as they are used; not where a limit would make later calls fail."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY,) * 2)
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY:
        return False
    return int(LIBC.mlockall(_LOCK_ALL)) == 0


def _empty_bounding_set() -> None:
    """Root only: what no program started from here can gain again."""
    if os.geteuid() == 0:
        for capability in range(64):
            with suppress(SandboxError):  # beyond the last one that the kernel knows
                prctl("capability bounding set", _DROP_FROM_BOUNDING_SET, capability)


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


class _Witness:
    """A thread that ran before the lock and says after it what it can still do."""

    def __init__(self) -> None:
        self._go, self._found = threading.Event(), [-1]
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> _Witness:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._go.set()
        self._thread.join()

    def makes(self) -> Sequence[int]:
        """The families that the witness can still make sockets of."""
        self._go.set()
        self._thread.join()
        return self._found

    def _run(self) -> None:
        try:
            confine.drop_capabilities()  # a thread's own; it may still be seen when it has ended
        finally:
            self._ready.set()
        self._go.wait()
        self._found = list(_makes())
