"""The reader process from inside: a warm server that forks one confined child per document.

The server holds the imported parsers and nothing else.  It never reads a document: it passes the
two descriptors it is given, input and output, to a child that gives up its powers, reads, parses,
writes one answer and ends.  What the child must do to answer is a function handed in by the room
that knows the formats.

Protocol on descriptor 0, a sequenced-packet Unix socket.  Request: the name of what to do, two
descriptors (input to read from, pipe to answer into).  Input: two bytes with the length of the
password, the password, the document; the server does not see them.  Reply once the child has ended:
`REPLY` (kind of ending, number).  The answer in the pipe: one byte of `Outcome`, the payload.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import struct
import sys
import sysconfig
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum, IntFlag, unique
from functools import partial
from pathlib import Path

from appliance.errors import SandboxError
from appliance.sandbox import confine
from appliance.sandbox.outcome import Outcome, ReadingFailed

REPLY = struct.Struct("=BI")
LONGEST_REQUEST = 256  # bytes
WISHES_LENGTH = 4  # bytes that hold the length of the wishes
PROBE = "probe"
OPEN_FILES = 32
_CONTROL, _NOWHERE, _INPUT, _OUTPUT = 0, 1, 3, 4

Read = Callable[[str, bytes, bytes], bytes]  # task, wishes, untrusted document -> answer
Warm = Callable[[str], None]  # import what is needed to do this


@unique
class Ending(IntEnum):
    """How a child ended."""

    READY = 0  # no child: the server says that it is up; number = `Layer` bits
    EXITED = 1  # number = exit status
    SIGNALLED = 2  # number = signal
    TIMED_OUT = 3
    REFUSED = 4  # no child was started: the server is not fit to fork


class Layer(IntFlag):
    """What confines a child; the probe reports which of these it found to hold."""

    NO_SOCKETS = 1
    NO_PROGRAMS = 2
    NO_PROCESSES = 4
    NO_FILES = 8
    EMPTY_NETWORK = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use."""

    memory: int  # bytes on top of what the warm server maps
    cpu_seconds: int
    wall_seconds: int


class _Closed(Exception):
    """The other end of the control socket is gone."""


def serve(limits: Limits, warm: Warm, read: Read) -> None:
    """Confine this process, then answer requests until the other end closes.

    Raises:
        SandboxError: this process could not be confined.
    """
    layers = Layer.EMPTY_NETWORK if confine.isolate_network() else Layer(0)
    confine.no_new_privileges()
    confine.deny_sockets()
    confine.hide_memory()
    control = socket.socket(fileno=_CONTROL)
    control.send(REPLY.pack(Ending.READY, layers))
    with suppress(_Closed):
        while True:
            _answer(control, limits, warm, read)


def _answer(control: socket.socket, limits: Limits, warm: Warm, read: Read) -> None:
    message, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 2)
    if not message:
        raise _Closed
    task = message.decode("ascii")
    try:
        loaded = len(sys.modules)
        if task != PROBE:
            warm(task)
        if len(sys.modules) > loaded:
            gc.collect()
            gc.freeze()  # the children do not touch, and so do not copy, what is warm
        if len(descriptors) != 2 or len(os.listdir("/proc/self/task")) != 1:
            control.send(REPLY.pack(Ending.REFUSED, 0))
            return
        server = os.getpid()
        child = os.fork()
        if child == 0:
            _run_child(server, descriptors[0], descriptors[1], limits, task, read)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    control.send(_await(child, control, limits.wall_seconds))


def _await(child: int, control: socket.socket, wall_seconds: int) -> bytes:
    ended = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([ended, control.fileno()], [], [], wall_seconds)
        if ended not in ready:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(ended)
    if ready and ended not in ready:
        raise _Closed
    if not ready:
        return REPLY.pack(Ending.TIMED_OUT, 0)
    if os.WIFSIGNALED(status):
        return REPLY.pack(Ending.SIGNALLED, os.WTERMSIG(status))
    return REPLY.pack(Ending.EXITED, os.WEXITSTATUS(status))


# --- the child ------------------------------------------------------------------------------------


def _run_child(server: int, source: int, sink: int, limits: Limits, task: str, read: Read) -> None:
    """Never returns: whatever happens, the process ends here."""
    status = 1
    try:
        _keep_only(source, sink)
        try:
            _confine(server, limits)
        except SandboxError:
            answer = bytes([Outcome.NOT_CONFINED])
        else:
            answer = _outcome(task, read)
        _write(answer)
        status = 0
    except BaseException:  # noqa: S110 -- its words stay here; the exit status says it
        pass
    finally:
        os._exit(status)


def _keep_only(source: int, sink: int) -> None:
    """Of all descriptors keep the null device, the input and the output."""
    source, sink = os.dup(source), os.dup(sink)  # clear of the two places they are to take
    high_source, high_sink = (os.dup2(fd, 100 + at) for at, fd in enumerate((source, sink)))
    os.dup2(_NOWHERE, _CONTROL)
    os.dup2(high_source, _INPUT)
    os.dup2(high_sink, _OUTPUT)
    os.closerange(_OUTPUT + 1, 1 << 16)


def _confine(server: int, limits: Limits) -> None:
    confine.die_with_parent(server)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    confine.limit(memory=limits.memory, cpu_seconds=limits.cpu_seconds, files=OPEN_FILES)
    confine.only_read(_needed_folders())
    confine.drop_capabilities()
    confine.deny(confine.PROCESS_CALLS)


def _needed_folders() -> list[Path]:
    """Where modules and data of the parsers lie that are loaded late."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {str(Path(__file__).parent.parent), "/usr/share/zoneinfo"}
    return [Path(path) for path in sorted(paths)]


def _outcome(task: str, read: Read) -> bytes:
    try:
        if task == PROBE:
            return bytes([Outcome.READ, found_layers()])
        with os.fdopen(_INPUT, "rb") as source:
            wishes = source.read(int.from_bytes(source.read(WISHES_LENGTH), "big"))
            untrusted = source.read()
        answer = read(task, wishes, untrusted)
        return bytes([Outcome.READ]) + answer
    except ReadingFailed as failed:
        return bytes([failed.outcome])
    except MemoryError:
        return bytes([Outcome.OUT_OF_MEMORY])
    except Exception:  # whatever a parser raises at a file, the file is at fault
        return bytes([Outcome.DAMAGED])


def _write(answer: bytes) -> None:
    view = memoryview(answer)
    while view:
        view = view[os.write(_OUTPUT, view) :]


def found_layers() -> Layer:
    """Try what must not be possible and say what was refused."""
    layers = Layer(0)
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK)
    if all(_refused(partial(socket.socket, family)) for family in families):
        layers |= Layer.NO_SOCKETS
    if _refused(partial(os.execv, "/bin/true", ["true"])):
        layers |= Layer.NO_PROGRAMS
    if _refused(_fork_and_end):
        layers |= Layer.NO_PROCESSES
    if _refused(lambda: os.open("/etc/passwd", os.O_RDONLY)):
        layers |= Layer.NO_FILES
    return layers


def _fork_and_end() -> None:
    if os.fork() == 0:
        os._exit(0)


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False  # failed for another reason: that proves nothing
    return False
