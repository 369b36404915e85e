"""Test double: a worker whose child does what the task's name says, each thing a parser must not.

`main` runs it confined as the real one; `main` of `tests.sandbox.unconfined` leaves one layer out.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Sequence

from appliance.sandbox.child import Limits, serve
from appliance.sandbox.outcome import Outcome, ReadingFailed


def main(arguments: Sequence[str]) -> None:
    """Serve as the real worker does."""
    memory, cpu, wall = (int(argument) for argument in arguments)
    serve(Limits(memory << 20, cpu, wall), _warm, _read)


def _warm(task: str) -> None:
    if task == "two-threads":
        import threading

        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    if task == "server-dies":
        os._exit(7)


def _read(task: str, wishes: bytes, untrusted: bytes) -> bytes:
    if task == "wishes":
        return wishes
    return _ACTS[task](untrusted)


def _crash(_: bytes) -> bytes:
    return ctypes.string_at(1)


def _spin(_: bytes) -> bytes:
    while True:
        pass


def _sleep(_: bytes) -> bytes:
    time.sleep(600)
    return b""


def _eat(_: bytes) -> bytes:
    return bytes(8 << 30)


def _killed(_: bytes) -> bytes:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))  # the hard limit ends it with SIGKILL
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return _spin(b"")


def _flood(_: bytes) -> bytes:
    while True:
        os.write(4, b"x" * 65_536)


def _garbage(_: bytes) -> bytes:
    os.write(4, b"\xc8 no such outcome")
    os._exit(0)


def _nothing(_: bytes) -> bytes:
    os._exit(0)


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


def _try(attempt: Callable[[], object]) -> bytes:
    try:
        attempt()
    except OSError as error:
        return str(error.errno).encode()
    return b"allowed"


_ACTS: dict[str, Callable[[bytes], bytes]] = {
    "echo": lambda untrusted: untrusted,
    "crash": _crash,
    "spin": _spin,
    "sleep": _sleep,
    "eat": _eat,
    "killed": _killed,
    "flood": _flood,
    "garbage": _garbage,
    "nothing": _nothing,
    "fails": _fails,
    "locked": _locked,
    "environment": _environment,
    "descriptors": _descriptors,
    "two-threads": lambda untrusted: untrusted,
    "server-dies": lambda untrusted: untrusted,
    "inet": lambda _: _try(lambda: socket.socket(socket.AF_INET)),
    "unix": lambda _: _try(lambda: socket.socket(socket.AF_UNIX)),
    "pair": lambda _: _try(socket.socketpair),
    "open": lambda _: _try(lambda: os.open("/etc/hostname", os.O_RDONLY)),
    "write": lambda _: _try(lambda: os.open("/tmp/left-behind", os.O_WRONLY | os.O_CREAT)),
    "signal": lambda _: _try(lambda: os.kill(os.getppid(), 0)),
    "capabilities": lambda _: _try(lambda: os.setgroups([0])),
}
