"""Test double: a worker whose child does what the task's name says, each thing a parser must not.

`main` runs it confined as the real one; the modules beside it leave one layer out.
"""

from __future__ import annotations

import _thread
import ctypes
import mmap
import os
import platform
import resource
import signal
import socket
import time
from collections.abc import Callable, Sequence

from appliance.sandbox import confine
from appliance.sandbox.child import Limits, serve
from appliance.sandbox.outcome import Outcome, ReadingFailed

_LIBC = ctypes.CDLL(None, use_errno=True)
IO_URING_SETUP = 425
_X32_GETPID = 0x40000000 | 39
# mov eax, 20 (getpid of the 32-bit table); int 0x80; ret
_FOREIGN_GETPID = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
_CODE = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
_CODE.write(_FOREIGN_GETPID)
_REAL_FILTER = confine.document_calls_only


def main(arguments: Sequence[str]) -> None:
    """Serve as the real worker does."""
    memory, cpu, wall = (int(argument) for argument in arguments)
    serve(Limits(memory << 20, cpu, wall), _warm, _read)


def _warm(task: str) -> None:
    if task == "two-threads":
        _thread.start_new_thread(time.sleep, (60,))
    if task == "server-dies":
        os._exit(7)
    if task == "is-not-there":
        raise ModuleNotFoundError("no module of this name")
    if task == "never-loads":
        time.sleep(60)
    if task == "loses-its-filter":
        confine.document_calls_only = lambda: None
    if task == "finds-its-filter":
        confine.document_calls_only = _REAL_FILTER


def _read(task: str, wishes: bytes, untrusted: bytes) -> bytes:
    if task == "wishes":
        return wishes
    return _ACTS[task](untrusted)


def _crash(_: bytes) -> bytes:
    return ctypes.string_at(1)


def _abort(_: bytes) -> bytes:
    os.abort()


def _spin(_: bytes) -> bytes:
    while True:
        pass


def _stubborn(_: bytes) -> bytes:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)  # what is left is SIGKILL at the hard limit
    return _spin(b"")


def _sleep(_: bytes) -> bytes:
    time.sleep(600)
    return b""


def _eat(_: bytes) -> bytes:
    return bytes(8 << 30)


def _flood(_: bytes) -> bytes:
    while True:
        os.write(4, b"x" * 65_536)


def _says(first: bytes) -> Callable[[bytes], bytes]:
    def say(_: bytes) -> bytes:
        os.write(4, first)
        os._exit(0)

    return say


def _fails(_: bytes) -> bytes:
    raise ValueError("words of a document that must not cross")


def _locked(_: bytes) -> bytes:
    raise ReadingFailed(Outcome.NEEDS_PASSWORD)


def _environment(_: bytes) -> bytes:
    return "\n".join(f"{name}={value}" for name, value in sorted(os.environ.items())).encode()


def _descriptors(_: bytes) -> bytes:
    opened = []
    for descriptor in range(1024):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        opened.append(str(descriptor))
    return " ".join(opened).encode()


def _try(attempt: Callable[[], object]) -> Callable[[bytes], bytes]:
    def tried(_: bytes) -> bytes:
        try:
            attempt()
        except OSError as error:
            return str(error.errno).encode()
        return b"allowed"

    return tried


def _call(*arguments: int) -> Callable[[bytes], bytes]:
    def call() -> None:
        if _LIBC.syscall(*(ctypes.c_long(argument) for argument in arguments)) == -1:
            raise OSError(ctypes.get_errno(), "")

    return _try(call)


def _foreign(_: bytes) -> bytes:
    if platform.machine() != "x86_64":
        return _call(_X32_GETPID)(b"")
    address = ctypes.addressof(ctypes.c_char.from_buffer(_CODE))
    return str(ctypes.CFUNCTYPE(ctypes.c_int)(address)()).encode()


def _executable(_: bytes) -> bytes:
    page = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return str(_LIBC.mprotect(address, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)).encode()


def _new_code() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_EXEC)


def _writable_code() -> None:
    with open(os.__file__, "rb") as source:
        mmap.mmap(
            *(source.fileno(), 0, mmap.MAP_PRIVATE),
            prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC,
        )


def _lower_limit() -> None:
    if _LIBC.setrlimit(resource.RLIMIT_NOFILE, (ctypes.c_ulong * 2)(8, 8)) != 0:
        raise OSError(ctypes.get_errno(), "")


def _program() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 -- it must fail


# Each of these must end the child by the filter's signal.
FORBIDDEN: dict[str, Callable[[bytes], bytes]] = {
    "inet": _try(lambda: socket.socket(socket.AF_INET)),
    "inet6": _try(lambda: socket.socket(socket.AF_INET6)),
    "unix": _try(lambda: socket.socket(socket.AF_UNIX)),
    "netlink": _try(lambda: socket.socket(socket.AF_NETLINK)),
    "pair": _try(socket.socketpair),
    "connect": _try(lambda: _LIBC.connect(3, None, 0)),
    "send": _try(lambda: _LIBC.sendto(3, None, 0, 0, None, 0)),
    "program": _try(_program),
    "fork": _try(os.fork),
    "thread": _try(lambda: _thread.start_new_thread(os.getpid, ())),
    "trace": _try(lambda: _LIBC.ptrace(0, 0, None, None)),
    "signal": _try(lambda: os.kill(os.getppid(), 0)),
    "kill": _try(lambda: os.kill(os.getppid(), signal.SIGKILL)),
    "ring": _call(IO_URING_SETUP, 1, 0),
    "pipe": _try(os.pipe),
    "memory-file": _try(lambda: os.memfd_create("x")),
    "groups": _try(lambda: os.setgroups([0])),
    "root": _try(lambda: os.setuid(0)),
    "mount": _try(lambda: _LIBC.mount(None, b"/", None, 0, None)),
    "namespace": _try(lambda: _LIBC.unshare(0x10000000)),
    "link": _try(lambda: os.symlink("/etc/passwd", "/tmp/left-behind")),
    "unknown": _call(100_000),
    "x32": _call(_X32_GETPID),
    "foreign": _foreign,
    "new-code": _try(_new_code),
    "writable-code": _try(_writable_code),
    "executable": _executable,
}

_ACTS: dict[str, Callable[[bytes], bytes]] = {
    "echo": lambda untrusted: untrusted,
    "crash": _crash,
    "abort": _abort,
    "spin": _spin,
    "stubborn": _stubborn,
    "sleep": _sleep,
    "eat": _eat,
    "flood": _flood,
    "much": lambda _: bytes(64 << 20),
    "garbage": _says(b"\xc8 no such outcome"),
    "nothing": _says(b""),
    "unconfined": _says(bytes([Outcome.NOT_CONFINED])),
    "fails": _fails,
    "locked": _locked,
    "environment": _environment,
    "descriptors": _descriptors,
    "two-threads": lambda untrusted: untrusted,
    "server-dies": lambda untrusted: untrusted,
    "loses-its-filter": lambda untrusted: untrusted,
    "finds-its-filter": lambda untrusted: untrusted,
    "open": _try(lambda: os.open("/etc/hostname", os.O_RDONLY)),
    "list": _try(lambda: os.listdir("/etc")),
    "proc": _try(lambda: os.open("/proc/self/status", os.O_RDONLY)),
    "write": _try(lambda: os.open("/tmp/left-behind", os.O_WRONLY | os.O_CREAT)),
    "overwrite": _try(lambda: os.open(__file__, os.O_WRONLY)),
    "folder": _try(lambda: os.mkdir("/tmp/left-behind")),
    "rename": _try(lambda: os.rename(__file__, f"{__file__}.moved")),
    "own-limits": _try(_lower_limit),
    "duplicate": _try(lambda: os.dup(4)),
    **FORBIDDEN,
}
