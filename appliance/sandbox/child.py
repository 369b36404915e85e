"""The reader process from inside: a warm server that forks one confined child per document.

The server holds the imported parsers and nothing else.  It never reads a document: it passes the
two descriptors it is given, input and output, to a child that gives up its powers, reads, parses,
writes one answer and ends.  What the child must do to answer is a function handed in by the room
that knows the formats.

Protocol on descriptor 0, a sequenced-packet Unix socket.  Request: the name of what to do, two
descriptors (input to read from, pipe to answer into).  Input: four bytes with the length of the
wishes, the wishes, the document; the server does not see them.  Replies, each `REPLY` (kind,
number): one when the child has started, one when it has ended.  The answer in the pipe: one byte of
`Outcome`, the payload.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import socket
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, unique
from pathlib import Path

from appliance.errors import SandboxError
from appliance.sandbox import calls, confine, landlock, namespaces, pages, probe, seccomp
from appliance.sandbox.outcome import Outcome, ReadingFailed
from appliance.sandbox.probe import Layer

REPLY = struct.Struct("=BI")
LONGEST_REQUEST = 256  # bytes
WISHES_LENGTH = 4  # bytes that hold the length of the wishes
PROBE = "probe"
OPEN_FILES = 32
COLLECT_AFTER = (100_000, 20, 50)  # new objects; a child is short-lived, and its search is not free
_CONTROL, _NOWHERE, _INPUT, _OUTPUT, _RULES = 0, 1, 3, 4, 5
_CLEAR = 8  # descriptors from here on are in nobody's way

# What imports in the warm server read beyond the interpreter and its packages.
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
_FACTS = (
    *("/etc/localtime", "/etc/mime.types", "/etc/os-release", "/usr/share/zoneinfo"),
    *("/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
)

Read = Callable[[str, bytes, bytes], bytes]  # task, wishes, untrusted document -> answer
Warm = Callable[[str], None]  # import what is needed to do this


@unique
class Ending(IntEnum):
    """What the server reports of itself or of a child."""

    READY = 0  # the server is up; number = `Layer` bits
    EXITED = 1  # number = exit status
    SIGNALLED = 2  # number = signal
    TIMED_OUT = 3
    REFUSED = 4  # no child was started: the server is not fit to fork
    STARTED = 5  # a child reads; its ending follows
    LOST = 6  # never sent: the server ended, and its child with it
    UNREADY = 7  # no child was started: what the task takes could not be loaded


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use."""

    memory: int  # bytes on top of what the warm server maps
    cpu_seconds: int
    wall_seconds: int


class _Closed(Exception):
    """The other end of the control socket is gone."""


@dataclass(frozen=True, slots=True)
class _Server:
    """What the warm process keeps: its work, and descriptors opened before it lost the right."""

    control: socket.socket
    limits: Limits
    warm: Warm
    read: Read
    threads: int  # /proc/self/task
    size: int  # /proc/self/statm
    maps: int  # /proc/self/maps
    rules: int | None  # Landlock rules of the children
    warmed: set[str]  # tasks


def serve(limits: Limits, warm: Warm, read: Read) -> None:
    """Confine this process, then answer requests until the other end closes; never returns.

    Raises:
        SandboxError: this process could not be confined.
    """
    control = socket.socket(fileno=_CONTROL)
    threads, size, maps = (
        os.open(f"/proc/self/{name}", os.O_RDONLY | os.O_CLOEXEC)
        for name in ("task", "statm", "maps")
    )
    layers, rules = _confine_server()
    server = _Server(control, limits, warm, read, threads, size, maps, rules, set())
    control.send(REPLY.pack(Ending.READY, layers))
    try:
        while True:
            _answer(server)
    except (_Closed, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # nothing here needs to be put in order


def _confine_server() -> tuple[Layer, int | None]:
    """Layers of the server itself, which its children have as well, and the children's rules."""
    network, user = namespaces.enter()
    rules = None
    if landlock.version():
        rules = landlock.rules(_for_children())
        confine.only_read(_for_server())
    elif user or os.geteuid() == 0:
        namespaces.only_see(_for_server())
    confine.no_new_privileges()
    confine.drop_capabilities()
    confine.deny(calls.SERVER)
    confine.hide_memory()
    sys.dont_write_bytecode = True
    tempfile.tempdir = "/nonexistent"  # packages that name one when imported need not try to write
    found = Layer.EMPTY_NETWORK if network else Layer(0)
    return found | (Layer.OWN_USER if user else Layer(0)), rules


def _for_children() -> list[Path]:
    """Where modules and data of the parsers lie that are loaded late."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {str(Path(__file__).parent.parent), "/usr/share/zoneinfo"}
    return [Path(path) for path in sorted(paths)]


def _for_server() -> list[Path]:
    own = Path(sys.base_prefix, "lib")
    return [*_for_children(), own, *(Path(path) for path in (*_LIBRARIES, *_FACTS))]


def _answer(server: _Server) -> None:
    message, descriptors, _, _ = socket.recv_fds(server.control, LONGEST_REQUEST, 2)
    if not message:
        raise _Closed
    task = message.decode("ascii")
    try:
        try:
            _warm(server, task)
        except Exception:  # whatever an import raises: no document has been looked at
            server.control.send(REPLY.pack(Ending.UNREADY, 0))
            return
        if len(descriptors) != 2 or len(os.listdir(server.threads)) != 1:
            server.control.send(REPLY.pack(Ending.REFUSED, 0))
            return
        mapped = confine.mapped_bytes(os.pread(server.size, 64, 0))
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            _run_child(server, parent, mapped, descriptors, task)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    server.control.send(REPLY.pack(Ending.STARTED, 0))
    server.control.send(_await(server, child))


def _warm(server: _Server, task: str) -> None:
    """Once per task, so that nothing is left to do when its next document comes."""
    if task in server.warmed:
        return
    loaded = len(sys.modules)
    if task != PROBE:
        server.warm(task)
    server.warmed.add(task)
    seccomp.document()
    if len(sys.modules) > loaded or task == PROBE:
        gc.collect()
        gc.freeze()  # the children do not touch, and so do not copy, what is warm
        pages.gather(server.maps)


def _await(server: _Server, child: int) -> bytes:
    ended = os.pidfd_open(child)
    watched = [ended, server.control.fileno()]
    try:
        ready, _, _ = select.select(watched, [], [], server.limits.wall_seconds)
        if ended not in ready:
            os.kill(child, signal.SIGKILL)
        _, status, used = os.wait4(child, 0)
    finally:
        os.close(ended)
    if ready and ended not in ready:
        raise _Closed
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    worked = used.ru_utime + used.ru_stime >= server.limits.cpu_seconds
    if not ready or killed == signal.SIGXCPU or (killed == signal.SIGKILL and worked):
        return REPLY.pack(Ending.TIMED_OUT, 0)
    if killed:
        return REPLY.pack(Ending.SIGNALLED, killed)
    return REPLY.pack(Ending.EXITED, os.WEXITSTATUS(status))


# --- the child ------------------------------------------------------------------------------------


def _run_child(
    server: _Server, parent: int, mapped: int, descriptors: list[int], task: str
) -> None:
    """Never returns: whatever happens, the process ends here."""
    status = 1
    try:
        gc.set_threshold(*COLLECT_AFTER)
        _keep_only(descriptors, server.rules)
        try:
            _confine(parent, server.limits, mapped, bound=server.rules is not None)
        except SandboxError:
            _write(bytes([Outcome.NOT_CONFINED]))
        else:
            _read(task, server.read)
        status = 0
    except BaseException:  # noqa: S110 -- its words stay here; the exit status says it
        pass
    finally:
        os._exit(status)


def _keep_only(descriptors: list[int], rules: int | None) -> None:
    """Of all descriptors keep the null device, the input, the output and the rules."""
    kept = [*descriptors, *([] if rules is None else [rules])]
    clear = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, _CLEAR) for descriptor in kept]
    os.dup2(_NOWHERE, _CONTROL)
    for descriptor, place in zip(clear, (_INPUT, _OUTPUT, _RULES), strict=False):
        os.dup2(descriptor, place)
    os.closerange(_INPUT + len(clear), 1 << 16)


def _confine(parent: int, limits: Limits, mapped: int, *, bound: bool) -> None:
    confine.die_with_parent(parent)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    confine.limit(
        memory=limits.memory, cpu_seconds=limits.cpu_seconds, files=OPEN_FILES, mapped=mapped
    )
    if bound:
        landlock.bind(_RULES)
        os.close(_RULES)
    confine.document_calls_only()  # capabilities the server has dropped already


def _read(task: str, read: Read) -> None:
    """Read the input and write the answer."""
    try:
        with os.fdopen(_INPUT, "rb") as source:
            wishes = source.read(int.from_bytes(source.read(WISHES_LENGTH), "big"))
            untrusted = source.read()
        if task == PROBE:
            answer = probe.attempt(wishes.decode("ascii"), untrusted)
        else:
            answer = read(task, wishes, untrusted)
    except ReadingFailed as failed:
        _write(bytes([failed.outcome]))
    except MemoryError:
        _write(bytes([Outcome.OUT_OF_MEMORY]))
    except Exception:  # whatever a parser raises at a file, the file is at fault
        _write(bytes([Outcome.DAMAGED]))
    else:
        _write(bytes([Outcome.READ]))
        _write(answer)


def _write(answer: bytes) -> None:
    view = memoryview(answer)
    while view:
        view = view[os.write(_OUTPUT, view) :]
