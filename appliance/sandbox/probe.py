"""Proof that a child is confined: each forbidden act is tried in a child of its own and must fail.

The child either ends by the signal of the system-call filter or answers that the act was refused.
An act that fails for another reason proves nothing, and counts as allowed.
"""

from __future__ import annotations

import _thread
import ctypes
import errno
import mmap
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag

from appliance.sandbox.calls import X32_BIT
from appliance.sandbox.kernel import LIBC

NOTHING = "nothing"  # the control: an act that is allowed
ALLOWED, REFUSED = b"allowed", b"refused"
_REFUSALS = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EROFS}
_PASSWORDS = "/etc/passwd"
_IO_URING_SETUP = 425
_NO_SUCH_CALL = 100_000
_NO_RESERVE = 0x4000  # asm-generic/mman.h
_FAR_TOO_MUCH = 1 << 42  # bytes of address space; any kernel gives it where there is no limit


class Layer(IntFlag):
    """What confines a child; the probes tell which of these hold."""

    NO_SOCKETS = 1
    NO_PROGRAMS = 2
    NO_PROCESSES = 4
    NO_FILES = 8
    EMPTY_NETWORK = 16  # best effort
    OWN_USER = 32  # best effort: a user namespace, in which no right reaches outside
    NO_OTHER_CALLS = 64
    NO_TRACING = 128
    NO_NEW_CODE = 256
    MEMORY_LIMIT = 512


BEST_EFFORT = Layer.EMPTY_NETWORK | Layer.OWN_USER
REQUIRED = Layer(sum(layer for layer in Layer if layer not in BEST_EFFORT))


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a reader must not be able to do, and the layer that it shows missing."""

    name: str
    layer: Layer
    attempt: Callable[[bytes], object]  # its argument: a path that must not be readable


def attempt(name: str, path: bytes) -> bytes:
    """Try one act, in a confined child: `ALLOWED` or `REFUSED`, where the filter lets it answer."""
    if name == NOTHING:
        return ALLOWED
    act = next(act for act in ACTS if act.name == name)
    try:
        act.attempt(path)
    except MemoryError:
        return REFUSED if act.layer is Layer.MEMORY_LIMIT else ALLOWED
    except OSError as error:
        full = act.layer is Layer.MEMORY_LIMIT and error.errno == errno.ENOMEM
        return REFUSED if full or error.errno in _REFUSALS else ALLOWED
    return ALLOWED


def _socket(family: socket.AddressFamily) -> Callable[[bytes], object]:
    return lambda _: socket.socket(family)


def _call(number: int) -> Callable[[bytes], object]:
    return lambda _: _checked(LIBC.syscall(ctypes.c_long(number), 0, 0, 0, 0))


def _checked(result: int) -> None:
    if result == -1:
        raise OSError(ctypes.get_errno(), "")


def _connect(_: bytes) -> None:
    _checked(LIBC.connect(-1, None, 0))


def _program(_: bytes) -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 -- it must fail


def _fork(_: bytes) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _thread_of_its_own(_: bytes) -> None:
    _thread.start_new_thread(os.getpid, ())


def _write(path: bytes) -> None:
    where = path if os.path.isdir(path) else b"/tmp"
    os.open(os.path.join(where, b"left-behind"), os.O_WRONLY | os.O_CREAT, 0o600)


def _code(_: bytes) -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def _memory(_: bytes) -> None:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NO_RESERVE
    mmap.mmap(-1, _FAR_TOO_MUCH, flags=flags)


ACTS = (
    Act("internet socket", Layer.NO_SOCKETS, _socket(socket.AF_INET)),
    Act("internet 6 socket", Layer.NO_SOCKETS, _socket(socket.AF_INET6)),
    Act("local socket", Layer.NO_SOCKETS, _socket(socket.AF_UNIX)),
    Act("kernel socket", Layer.NO_SOCKETS, _socket(socket.AF_NETLINK)),
    Act("connection", Layer.NO_SOCKETS, _connect),
    Act("ring", Layer.NO_SOCKETS, _call(_IO_URING_SETUP)),
    Act("program", Layer.NO_PROGRAMS, _program),
    Act("process", Layer.NO_PROCESSES, _fork),
    Act("thread", Layer.NO_PROCESSES, _thread_of_its_own),
    Act("signal", Layer.NO_TRACING, lambda _: os.kill(os.getppid(), 0)),
    Act("tracing", Layer.NO_TRACING, lambda _: _checked(LIBC.ptrace(0, 0, None, None))),
    Act("passwords", Layer.NO_FILES, lambda _: os.open(_PASSWORDS, os.O_RDONLY)),
    Act("data", Layer.NO_FILES, lambda path: os.open(path, os.O_RDONLY)),
    Act("writing", Layer.NO_FILES, _write),
    Act("unknown call", Layer.NO_OTHER_CALLS, _call(_NO_SUCH_CALL)),
    Act("foreign call", Layer.NO_OTHER_CALLS, _call(X32_BIT | 39)),
    Act("new code", Layer.NO_NEW_CODE, _code),
    Act("memory", Layer.MEMORY_LIMIT, _memory),
)
