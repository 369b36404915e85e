"""The hand of a locked service: a keyless process that does what takes a network family.

A service that is locked to local sockets can start no engine (its walls are made of network
namespaces and loopback) and set no canary free.  So before any secret is read it forks a hand,
which stays outside the lock and never sees a key.  Everything it can be asked stands in a table
fixed at the fork; an argument is a few words, checked by the entry itself.  Each request is done
in a child of its own, so requests overlap and a crash ends nothing else.

A request is a name and a JSON value, sent with one end of a socket pair; on it come lines for the
person who waits, then a JSON value or an error of `appliance.errors`.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from appliance import errors
from appliance.errors import ApplianceError, InvariantBroken, ServiceUnavailable
from appliance.plain import Plain
from appliance.sandbox.kernel import LIBC

Notify = Callable[[str], None]
Request = Callable[[Plain, Notify], Plain]
Table = Mapping[str, Request]
LONGEST = 16 << 20  # bytes of one message in answer
LONGEST_REQUEST = 1 << 16
_LENGTH = struct.Struct(">I")
_CHILDREN = Path("/proc/thread-self/children")  # proc(5)
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER (prctl(2))


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was begun."""

    name: str
    argument: Plain


class Hand:
    """The asking side; safe to use from threads."""

    def __init__(self, control: socket.socket, pid: int) -> None:
        """Callers use ``fork``."""
        self._control, self.pid = control, pid

    @classmethod
    def fork(
        cls,
        table: Table,
        *,
        before: Callable[[], None] = lambda: None,
        ending: Callable[[tuple[Asked, ...]], None] = lambda _: None,
    ) -> Hand:
        """Begin the hand; call it before there is a secret or a thread in this process.

        Args:
            table: everything that can be asked, by name.
            before: called in the hand first, for instance to become another user.
            ending: called in the hand when this process has let it go or has ended, with all that
                was asked.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            ours.close()
            _live(theirs, table, before, ending)
        theirs.close()
        return cls(ours, pid)

    def ask(self, name: str, argument: Plain = None, notify: Notify = lambda _: None) -> Plain:
        """Have one request done; ``notify`` is told what happens meanwhile.

        Raises:
            InvariantBroken: the table has no such request.
            ServiceUnavailable: the hand has gone.
            ApplianceError: whatever the request raised, as it raised it.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                message = json.dumps([name, argument]).encode()
                try:
                    socket.send_fds(self._control, [message], [theirs.fileno()])
                except OSError as error:
                    raise _gone() from error
            return _heard(ours, notify)

    def close(self) -> None:
        """Let the hand end, with what it started, and wait for it."""
        self._control.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


_present: list[Hand] = []  # of this process: the lock that makes one necessary is the process's


def present() -> Hand | None:
    """The hand of this process; None where nothing is locked and no hand is needed."""
    return _present[-1] if _present else None


def use(hand: Hand) -> None:
    """From now on this process asks ``hand``."""
    _present.append(hand)


def leave() -> None:
    """From now on this process asks nobody."""
    _present.clear()


# --- asking ---------------------------------------------------------------------------------------


def _heard(channel: socket.socket, notify: Notify) -> Plain:
    while True:
        kind, value = _received(channel)
        if kind == "note":
            notify(str(value))
        elif kind == "done":
            return value
        else:
            raise _error(value)


def _received(channel: socket.socket) -> tuple[str, Plain]:
    try:
        with channel.dup().makefile("rb", buffering=0) as file:
            head = _exactly(file.read, _LENGTH.size)
            (length,) = _LENGTH.unpack(head)
            if length > LONGEST:
                raise _gone()
            kind, value = json.loads(_exactly(file.read, length))
    except OSError as error:
        raise _gone() from error
    return kind, value


def _exactly(read: Callable[[int], bytes | None], length: int) -> bytes:
    parts: list[bytes] = []
    while length:
        part = read(length)
        if not part:
            raise _gone()
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _error(value: Plain) -> ApplianceError:
    if isinstance(value, list) and len(value) == 3:  # name, message, remedy
        name, message, remedy = map(str, value)
        kind = getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, ApplianceError):
            return kind(message, remedy=remedy)
    return _gone()


def _gone() -> ServiceUnavailable:
    return ServiceUnavailable(
        "the service's helping process has ended", remedy="start the service again"
    )


# --- being asked ----------------------------------------------------------------------------------


def _live(
    control: socket.socket,
    table: Table,
    before: Callable[[], None],
    ending: Callable[[tuple[Asked, ...]], None],
) -> NoReturn:
    """The whole life of the hand."""
    code = 0
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it ends when the service does, and after it
        LIBC.prctl(_SUBREAPER, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)
        before()
        try:
            ending(_serve(control, table))
        finally:
            _end_children()
    except BaseException:  # a forked process must not return into the code of its parent
        code = 1
    os._exit(code)


def _serve(control: socket.socket, table: Table) -> tuple[Asked, ...]:
    asked: list[Asked] = []
    children: list[int] = []
    with selectors.DefaultSelector() as ready:
        ready.register(control, selectors.EVENT_READ)
        while True:
            if not ready.select(timeout=1.0):
                ended = _reap()
                children = [pid for pid in children if pid not in ended]
                continue
            message, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 1)
            if not message:
                break
            if descriptors:
                name, argument = json.loads(message)
                asked.append(Asked(name, argument))
                children.append(_begin(control, descriptors[0], table, asked[-1]))
                os.close(descriptors[0])
    for pid in children:  # nobody waits for what they do
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return tuple(asked)


def _begin(control: socket.socket, descriptor: int, table: Table, asked: Asked) -> int:
    if pid := os.fork():
        return pid
    control.close()
    with socket.socket(fileno=descriptor) as channel, suppress(BaseException):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _tell(channel, *_done(channel, table, asked))
    os._exit(0)


def _done(channel: socket.socket, table: Table, asked: Asked) -> tuple[str, Plain]:
    try:
        request = table.get(asked.name)
        if request is None:
            raise InvariantBroken("the helping process was asked for what it does not do")
        return "done", request(asked.argument, lambda line: _tell(channel, "note", line))
    except ApplianceError as error:
        return "error", [type(error).__name__, error.message, error.remedy]
    except Exception as error:  # the class is told, never the values
        return "error", ["ApplianceError", f"internal fault: {type(error).__name__}", ""]


def _tell(channel: socket.socket, kind: str, value: Plain) -> None:
    data = json.dumps([kind, value]).encode()
    channel.sendall(_LENGTH.pack(len(data)) + data)


def _end_children() -> None:
    """All that a request left behind: whose parent was killed has this process for one."""
    while True:
        try:
            for pid in map(int, _CHILDREN.read_bytes().split()):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(-1, 0)
        except OSError:  # none is left; or this kernel does not name them
            return


def _reap() -> tuple[int, ...]:
    """Those that have ended: children, and engines that outlived the child that started them."""
    ended = []
    with suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.append(pid)
    return tuple(ended)
