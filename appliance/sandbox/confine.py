"""Takes powers away from the calling process: seccomp, Landlock, namespaces, limits, capabilities.

Everything goes through ctypes to the C library; nothing needs a system package or root.  What is
taken cannot be given back, also not to children.  seccomp and Landlock hold for the calling thread
and what it starts, so call these before any thread exists.

The lists here refuse what a parser must not do.  A list of the few calls that it may make, with
everything else fatal, can replace them behind the same functions.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from appliance.errors import SandboxError

_LIBC = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522

# Audit architecture (linux/audit.h) and system call numbers (asm/unistd.h) per machine.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_CALLS: dict[str, dict[str, int]] = {
    "x86_64": {
        "socket": 41,
        "socketpair": 53,
        "clone": 56,
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "kill": 62,
        "ptrace": 101,
        "rt_sigqueueinfo": 129,
        "tkill": 200,
        "tgkill": 234,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "execveat": 322,
        "pidfd_send_signal": 424,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "io_uring_register": 427,
        "clone3": 435,
    },
    "aarch64": {
        "ptrace": 117,
        "kill": 129,
        "tkill": 130,
        "tgkill": 131,
        "rt_sigqueueinfo": 138,
        "socket": 198,
        "socketpair": 199,
        "clone": 220,
        "execve": 221,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "execveat": 281,
        "pidfd_send_signal": 424,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "io_uring_register": 427,
        "clone3": 435,
    },
}
SOCKET_CALLS = ("socket", "socketpair", "io_uring_setup", "io_uring_enter", "io_uring_register")
PROCESS_CALLS = (
    *("execve", "execveat", "clone", "clone3", "fork", "vfork"),
    *("ptrace", "process_vm_readv", "process_vm_writev"),
    *("kill", "tkill", "tgkill", "rt_sigqueueinfo", "pidfd_send_signal"),
)


def no_new_privileges() -> None:
    """No program started from here on gains rights from its file (set-user-id, capabilities).

    Raises:
        SandboxError: the kernel refused.
    """
    _prctl("no_new_privs", _PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent(parent: int) -> None:
    """End this process when its parent, process ``parent``, ends.

    Raises:
        SandboxError: the kernel refused.
    """
    _prctl("parent death signal", _PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os._exit(1)


def hide_memory() -> None:
    """Other processes of the same user can neither trace this one nor read its memory.

    Raises:
        SandboxError: the kernel refused.
    """
    _prctl("dumpable", _PR_SET_DUMPABLE, 0)


def drop_capabilities() -> None:
    """Give up every capability, which also makes root an ordinary owner of files.

    Raises:
        SandboxError: the kernel refused.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    if _LIBC.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise _refused("dropping capabilities")


def limit(*, memory: int, cpu_seconds: int, files: int) -> None:
    """Resource limits for this process.

    Args:
        memory: bytes of address space on top of what is mapped now.
        cpu_seconds: seconds of processor time; then SIGXCPU.
        files: highest number of open files.

    Raises:
        SandboxError: the kernel refused.
    """
    mapped = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: (mapped + memory, mapped + memory),
        resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + 5),
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
    if _LIBC.unshare(_CLONE_NEWNET) == 0:
        return True
    if _LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        try:
            Path("/proc/self", name).write_text(line, "ascii")
        except OSError:  # unmapped ids still own their files; only their display changes
            break
    return True


# --- seccomp (linux/seccomp.h, linux/bpf_common.h) ------------------------------------------------

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little endian


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def deny(calls: Iterable[str]) -> None:
    """Refuse these system calls with EACCES; calls of a foreign architecture kill the process.

    Raises:
        SandboxError: the kernel has no seccomp filters, or this machine is not known here.
    """
    numbers = _numbers()
    rules = [
        _op(code, yes, no, value)
        for call in calls
        if call in numbers
        for code, yes, no, value in (
            (_EQUAL, 0, 1, numbers[call]),
            (_RETURN, 0, 0, _ERRNO | errno.EACCES),
        )
    ]
    _install([*rules, _op(_RETURN, 0, 0, _ALLOW)])


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
    numbers = _numbers()
    deny(name for name in SOCKET_CALLS if name.startswith("io_uring"))
    rules = [_op(_LOAD, 0, 0, _FIRST_ARGUMENT)]
    for family in families:
        rules += [_op(_EQUAL, 0, 1, int(family)), _op(_RETURN, 0, 0, _ALLOW)]
    rules.append(_op(_RETURN, 0, 0, _ERRNO | errno.EACCES))
    skip = _op(_EQUAL, 0, len(rules), numbers["socket"])
    _install([skip, *rules, _op(_RETURN, 0, 0, _ALLOW)])


def _numbers() -> dict[str, int]:
    machine = platform.machine()
    if machine not in _CALLS:
        raise SandboxError(f"no system-call filter is known for {machine}")
    return _CALLS[machine]


def _op(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _install(rules: list[bytes]) -> None:
    """Load a filter; ``rules`` find the system call's number in the accumulator."""
    head = [
        _op(_LOAD, 0, 0, _ARCHITECTURE),
        _op(_EQUAL, 1, 0, _ARCHITECTURES[platform.machine()]),
        _op(_RETURN, 0, 0, _KILL),
        _op(_LOAD, 0, 0, _NUMBER),
        _op(_AT_LEAST, 0, 1, _X32_BIT),
        _op(_RETURN, 0, 0, _KILL),
    ]
    code = b"".join(head + rules)
    program = _Program(len(code) // 8, code)
    no_new_privileges()
    _prctl("seccomp filter", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))


# --- Landlock (linux/landlock.h) ------------------------------------------------------------------

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ_FILE_AND_FOLDER = 1 << 2 | 1 << 3
_FIRST_ABI_RIGHTS = (1 << 13) - 1
_LATER_RIGHTS = ((2, 1 << 13), (3, 1 << 14), (5, 1 << 15))  # ABI version, right it brought


def only_read(folders: Iterable[Path]) -> bool:
    """Of the whole file system leave only reading below ``folders``.

    Returns:
        Whether the kernel has Landlock.

    Raises:
        SandboxError: the kernel has it and refused.
    """
    abi = _LIBC.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if abi < 1:
        return False
    rights = _FIRST_ABI_RIGHTS | sum(right for since, right in _LATER_RIGHTS if abi >= since)
    attributes = struct.pack("=Q", rights)
    rules = _LIBC.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        raise _refused("creating a Landlock rule set")
    try:
        for folder in folders:
            _allow_reading(rules, folder)
        no_new_privileges()
        if _LIBC.syscall(_LANDLOCK_RESTRICT, rules, 0) != 0:
            raise _refused("Landlock")
    finally:
        os.close(rules)
    return True


def _allow_reading(rules: int, folder: Path) -> None:
    try:
        parent = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no permission
        return
    try:
        beneath = struct.pack("=Qi", _READ_FILE_AND_FOLDER, parent)
        if _LIBC.syscall(_LANDLOCK_ADD, rules, 1, beneath, 0) != 0:
            raise _refused(f"allowing {folder} in Landlock")
    finally:
        os.close(parent)


def _prctl(what: str, *arguments: object) -> None:
    # prctl is variadic and takes unsigned longs; without the width the upper half may be anything
    wide = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    wide += [ctypes.c_ulong(0)] * (5 - len(wide))
    if _LIBC.prctl(*wide) != 0:
        raise _refused(what)


def _refused(what: str) -> SandboxError:
    return SandboxError(
        f"{what} was refused by the kernel: {os.strerror(ctypes.get_errno())}",
        remedy="run on a kernel with seccomp filters (Linux 4.14 or later)",
    )
