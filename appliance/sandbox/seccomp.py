"""seccomp filters: from lists of system calls to the program that the kernel runs at each call.

Sources: linux/seccomp.h, linux/bpf_common.h, seccomp(2).  A program begins with the same six
instructions: a call of a foreign architecture, or of the x32 table, ends the process.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import signal
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from appliance.errors import SandboxError
from appliance.sandbox import calls
from appliance.sandbox.kernel import LIBC, no_new_privileges, prctl, refused

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_SECCOMP = {"x86_64": 317, "aarch64": 277}  # number of seccomp(2), asm/unistd.h
_SET_MODE_FILTER, _ALL = 1, 1  # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC
_LOAD, _RETURN = 0x20, 0x06
_EQUAL, _AT_LEAST, _ANY_BIT = 0x15, 0x35, 0x45
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little endian

# Opening that only reads, with what may come along.
_MAY_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_DIRECTORY | os.O_NOFOLLOW
_LARGE_FILE = 0o100000 if platform.machine() == "x86_64" else 0o400000  # asm/fcntl.h
_F_DUPFD_CLOEXEC, _F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL = 1030, 1, 2, 3, 4

Code = tuple[bytes, ...]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def denying(names: Iterable[str]) -> Code:
    """Refuse these calls with EACCES, allow every other."""
    rules = _each(names, (_refuse(errno.EACCES),))
    return (*_head(), *rules, _allow())


def families(wanted: Sequence[socket.AddressFamily]) -> Code:
    """Of socket(2) allow these families and refuse the others; allow every other call."""
    rules = [_load(0)]
    for family in wanted:
        rules += [_op(_EQUAL, 0, 1, int(family)), _allow()]
    rules.append(_refuse(errno.EACCES))
    return (*_head(), *_when("socket", tuple(rules)), _allow())


def document() -> Code:
    """What a document's child may call; any other call ends it with SIGSYS."""
    return _document(platform.machine())


@cache
def _document(machine: str) -> Code:  # the key; each rule asks for the machine itself
    checked = {
        "openat": _only_these_bits(2, _MAY_OPEN | _LARGE_FILE),
        "open": _only_these_bits(1, _MAY_OPEN | _LARGE_FILE),
        "mmap": _mapping(),
        "mprotect": (_load(2), _op(_ANY_BIT, 0, 1, mmap.PROT_EXEC), _kill(), _allow()),
        "fcntl": _one_of(1, (_F_DUPFD_CLOEXEC, _F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL)),
        "prlimit64": _only_asking(2),
        # abort(3): without the signal it ends in an instruction that crashes
        "tkill": (_load(1), _op(_EQUAL, 0, 1, signal.SIGABRT), _refuse(errno.EPERM), _kill()),
        "tgkill": (_load(2), _op(_EQUAL, 0, 1, signal.SIGABRT), _refuse(errno.EPERM), _kill()),
    }
    return (
        *_head(),
        *_each(calls.ALLOWED, (_allow(),)),
        *_checked(checked),
        *_each(calls.NO_RIGHT, (_refuse(errno.EACCES),)),
        *_each(calls.NO_SUCH_CALL, (_refuse(errno.ENOSYS),)),
        *_each(calls.NO_TERMINAL, (_refuse(errno.ENOTTY),)),
        _kill(),
    )


def install(code: Code) -> None:
    """Bind the calling thread, and all it starts, to this filter on top of those it has.

    Raises:
        SandboxError: the kernel has no seccomp filters.
    """
    no_new_privileges()
    prctl("seccomp filter", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(_program(code)))


def install_everywhere(code: Code) -> None:
    """Bind every thread of this process, those that run already included (seccomp(2), TSYNC).

    Raises:
        SandboxError: the kernel has no such filters, or a thread has one of its own.
    """
    _numbers()  # raises where this machine is not known
    no_new_privileges()
    call = ctypes.c_long(_SECCOMP[platform.machine()])
    how = ctypes.c_ulong(_SET_MODE_FILTER), ctypes.c_ulong(_ALL)
    left = int(LIBC.syscall(call, *how, ctypes.byref(_program(code))))
    if left > 0:
        raise SandboxError(f"thread {left} could not be put under the filter")
    if left < 0:
        raise refused("seccomp filter for all threads")


def _program(code: Code) -> _Program:
    return _Program(len(code), b"".join(code))


# --- rules: each runs with the call's number loaded, and leaves it so where it does not apply -----


def _each(names: Iterable[str], then: Code) -> Code:
    return tuple(line for name in names for line in _when(name, then))


def _checked(rules: Mapping[str, Code]) -> Code:
    return tuple(line for name, then in rules.items() for line in _when(name, then))


def _when(name: str, then: Code) -> Code:
    number = _numbers().get(name)
    if number is None:  # this machine has no such call: what it has instead is named as well
        return ()
    return (_op(_EQUAL, 0, len(then), number), *then)


def _only_these_bits(argument: int, bits: int) -> Code:
    """EACCES where the argument, an int, has any other bit."""
    other = ~bits & 0xFFFFFFFF
    return (_load(argument), _op(_ANY_BIT, 0, 1, other), _refuse(errno.EACCES), _allow())


def _one_of(argument: int, values: Sequence[int]) -> Code:
    """EACCES where the argument, an int, is none of these."""
    chosen = [line for value in values for line in (_op(_EQUAL, 0, 1, value), _allow())]
    return (_load(argument), *chosen, _refuse(errno.EACCES))


def _only_asking(argument: int) -> Code:
    """EPERM where the argument, a pointer to a new value, is not null."""
    return (
        *(_load(argument), _op(_EQUAL, 0, 3, 0)),
        *(_load(argument, high=True), _op(_EQUAL, 0, 1, 0), _allow()),
        _refuse(errno.EPERM),
    )


def _mapping() -> Code:
    """mmap(2): code only from a file, and then never writable; memory without a file is data.

    Files that can be opened at all are those of the interpreter and its packages.
    """
    return (
        *(_load(2), _op(_ANY_BIT, 1, 0, mmap.PROT_EXEC), _allow()),
        *(_op(_ANY_BIT, 0, 1, mmap.PROT_WRITE), _kill()),
        *(_load(3), _op(_ANY_BIT, 0, 1, mmap.MAP_ANONYMOUS | mmap.MAP_SHARED), _kill()),
        _allow(),
    )


# --- instructions ---------------------------------------------------------------------------------


def _head() -> Code:
    _numbers()
    return (
        *(_op(_LOAD, 0, 0, _ARCHITECTURE),),
        *(_op(_EQUAL, 1, 0, calls.ARCHITECTURES[platform.machine()]), _kill()),
        *(_op(_LOAD, 0, 0, _NUMBER), _op(_AT_LEAST, 0, 1, calls.X32_BIT), _kill()),
    )


def _numbers() -> dict[str, int]:
    machine = platform.machine()
    if machine not in calls.NUMBERS:
        raise SandboxError(f"no system-call filter is known for {machine}")
    return calls.NUMBERS[machine]


def _load(argument: int, *, high: bool = False) -> bytes:
    """Load half of an argument: the lower, which is all of an int, or the upper."""
    return _op(_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * argument + 4 * high)


def _allow() -> bytes:
    return _op(_RETURN, 0, 0, _ALLOW)


def _kill() -> bytes:
    return _op(_RETURN, 0, 0, _KILL)


def _refuse(error: int) -> bytes:
    return _op(_RETURN, 0, 0, _ERRNO | error)


def _op(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
