"""Takes powers away from the calling process: system calls, files, namespaces, limits, rights.

Everything goes through ctypes to the C library; nothing needs a system package or root.  What is
taken cannot be given back, also not to children.  seccomp and Landlock hold for the calling thread
and what it starts, so call these before any thread exists.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from appliance.errors import SandboxError
from appliance.sandbox import calls, landlock, seccomp
from appliance.sandbox.kernel import LIBC, no_new_privileges, prctl, refused

__all__ = [
    "deny",
    "deny_sockets",
    "die_with_parent",
    "document_calls_only",
    "drop_capabilities",
    "hide_memory",
    "isolate_network",
    "limit",
    "mapped_bytes",
    "no_new_privileges",
    "only_families",
    "only_local_everywhere",
    "only_read",
]

SOCKET_CALLS, PROCESS_CALLS = calls.SOCKETS, calls.PROCESSES
CPU_GRACE = 2  # seconds between SIGXCPU, which can be ignored, and SIGKILL

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522


def die_with_parent(parent: int) -> None:
    """End this process when its parent, process ``parent``, ends.

    Raises:
        SandboxError: the kernel refused.
    """
    prctl("parent death signal", _PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os._exit(1)


def hide_memory() -> None:
    """Other processes of the same user can neither trace this one nor read its memory.

    Raises:
        SandboxError: the kernel refused.
    """
    prctl("dumpable", _PR_SET_DUMPABLE, 0)


def drop_capabilities() -> None:
    """Give up every capability, which also makes root an ordinary owner of files.

    Raises:
        SandboxError: the kernel refused.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    if LIBC.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise refused("dropping capabilities")


def mapped_bytes(statm: bytes) -> int:
    """Address space in use, from the text of /proc/PID/statm."""
    return int(statm.split()[0]) * resource.getpagesize()


def limit(*, memory: int, cpu_seconds: int, files: int, mapped: int | None = None) -> None:
    """Resource limits for this process.

    Args:
        memory: bytes of address space on top of what is mapped now.
        cpu_seconds: seconds of processor time; then SIGXCPU, and SIGKILL `CPU_GRACE` later.
        files: highest number of open files.
        mapped: bytes mapped now; read from the kernel where not given.

    Raises:
        SandboxError: the kernel refused.
    """
    if mapped is None:
        mapped = mapped_bytes(Path("/proc/self/statm").read_bytes())
    limits = {
        resource.RLIMIT_AS: (mapped + memory, mapped + memory),
        resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + CPU_GRACE),
        resource.RLIMIT_NOFILE: (files, files),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NPROC: (0, 0),
    }
    try:
        for kind, (soft, hard) in limits.items():
            ceiling = resource.getrlimit(kind)[1]
            if ceiling != resource.RLIM_INFINITY:
                soft, hard = min(soft, ceiling), min(hard, ceiling)  # noqa: PLW2901 -- never raised
            resource.setrlimit(kind, (soft, hard))
    except (OSError, ValueError) as error:
        raise SandboxError(f"resource limits could not be set: {error}") from error


def isolate_network() -> bool:
    """Move into an empty network namespace, and a user namespace where that takes one.

    Returns:
        Whether the host permits it.  Where it does not, the system-call filter is the wall.
    """
    uid, gid = os.getuid(), os.getgid()
    if LIBC.unshare(_CLONE_NEWNET) == 0:
        return True
    if LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    map_ids(uid, gid)
    return True


def map_ids(uid: int, gid: int) -> None:
    """Let a new user namespace show these ids; unmapped ids would still own their files."""
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        try:
            Path("/proc/self", name).write_text(line, "ascii")
        except OSError:
            break


def deny(names: Iterable[str]) -> None:
    """Refuse these system calls with EACCES; calls of a foreign architecture kill the process.

    Raises:
        SandboxError: the kernel has no seccomp filters, or this machine is not known here.
    """
    seccomp.install(seccomp.denying(names))


def deny_sockets() -> None:
    """No new socket of any family, AF_UNIX included: a path crosses network namespaces.

    Raises:
        SandboxError: as `deny`.
    """
    deny(SOCKET_CALLS)


def only_families(families: Sequence[socket.AddressFamily]) -> None:
    """New sockets only of these families; others are refused with EACCES, io_uring as well.

    Raises:
        SandboxError: as `deny`.
    """
    deny(name for name in SOCKET_CALLS if name.startswith("io_uring"))
    seccomp.install(seccomp.families(families))


def only_local_everywhere() -> None:
    """In every thread, now and later: new sockets of AF_UNIX only, no way around by other calls.

    Raises:
        SandboxError: as `deny`.
    """
    seccomp.install_everywhere(seccomp.denying(calls.RESIDENT))
    seccomp.install_everywhere(seccomp.families((socket.AF_UNIX,)))


def document_calls_only() -> None:
    """Leave the system calls that reading a document takes; any other ends the process (SIGSYS).

    Raises:
        SandboxError: as `deny`.
    """
    seccomp.install(seccomp.document())


def only_read(paths: Iterable[Path]) -> bool:
    """Of the whole file system leave only reading ``paths``, files and folders.

    Returns:
        Whether the kernel has Landlock.

    Raises:
        SandboxError: the kernel has it and refused.
    """
    if not landlock.version():
        return False
    made = landlock.rules(paths)
    try:
        landlock.bind(made)
    finally:
        os.close(made)
    return True
