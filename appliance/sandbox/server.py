"""The reader process from outside: start it, hand it documents, take untrusted bytes back.

The process gets an explicit environment (no key, no proxy, no credential), no descriptor but its
control socket, and one thread.  A document reaches it as a sealed memory file, never as a path.  A
child that is killed, crashes or runs out of time is an error for that document only.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance import offline
from appliance.config import ReaderSettings
from appliance.errors import SandboxError
from appliance.sandbox.child import PROBE, REPLY, WISHES_LENGTH, Ending, Layer
from appliance.sandbox.outcome import Outcome, error_for

WORKER = "appliance.ingest.worker"  # named, not imported: it runs in the other process
LONGEST_WISHES = 1 << 20  # bytes
START_SECONDS = 60  # until the process says that it is up
GRACE_SECONDS = 120  # on top of a document's time, for late imports in the warm process
REQUIRED = Layer.NO_SOCKETS | Layer.NO_PROGRAMS | Layer.NO_PROCESSES
_PIPE_BYTES = 1 << 20
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from {worker} import main; main(sys.argv[2:])"
_ONE_THREAD = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "VECLIB")


class ReaderServer:
    """A running reader process; a context manager.  One document at a time."""

    def __init__(self, settings: ReaderSettings, python: Path, worker: str = WORKER) -> None:
        self._settings = settings
        self._python = python
        self._worker = worker
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.layers = Layer(0)

    @classmethod
    def start(cls, settings: ReaderSettings, python: Path, *, worker: str = WORKER) -> Self:
        """Start the process with ``python`` and prove that it is confined.

        Args:
            settings: bounds per document.
            python: interpreter of the environment that holds the parsers.
            worker: module whose ``main`` runs in the process.

        Raises:
            SandboxError: it did not start, or a child of it could open a socket, start a program
                or start a process.
        """
        server = cls(settings, python, worker)
        server._start()
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the warm server, None when it is not running."""
        return self._process.pid if self._process else None

    def read(self, untrusted_bytes: bytes, task: str, wishes: bytes = b"") -> bytes:
        """Have one document read.

        Args:
            untrusted_bytes: the file, at most ``max_input_mib``.
            task: what the worker's ``warm`` and ``read`` are called with; at most 256 ASCII bytes.
            wishes: how to read it, opaque here; at most 1 MiB.

        Returns:
            Untrusted bytes, at most ``max_output_mib``; the caller checks them.

        Raises:
            NoText: the file was opened and holds no text.
            Unsupported: this kind of file is not read.
            InputUnreadable: it is encrypted, damaged, too large, too slow, or crashed the reader.
            SandboxError: the process could not be started or confined, or broke its bounds.
        """
        if len(untrusted_bytes) > self._settings.max_input_mib << 20:
            raise error_for(Outcome.TOO_LARGE)
        if len(wishes) > LONGEST_WISHES:
            raise ValueError("the wishes are too long")
        with self._turn:
            if self._process is None:
                self._start()
            document = len(wishes).to_bytes(WISHES_LENGTH, "big") + wishes + untrusted_bytes
            untrusted_answer = self._ask(task, document)
        outcome = untrusted_answer[0] if untrusted_answer else Outcome.BROKEN_PROTOCOL
        if outcome != Outcome.READ:
            known = outcome in set(Outcome)
            raise error_for(Outcome(outcome) if known else Outcome.BROKEN_PROTOCOL)
        return untrusted_answer[1:]

    def close(self) -> None:
        """End the process; further reading starts a new one."""
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(timeout=0.5)  # it ends by itself when its control socket closes
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # --- starting ---------------------------------------------------------------------------------

    def _start(self) -> None:
        try:
            self._spawn()
            kind, number = self._reply(time.monotonic() + START_SECONDS)
            if kind is not Ending.READY:
                raise error_for(Outcome.NOT_CONFINED)
            answer = self._ask(PROBE, b"")
        except BaseException:
            self.close()
            raise
        found = Layer(answer[1] & ~Layer.EMPTY_NETWORK) if len(answer) == 2 else Layer(0)
        self.layers = found | Layer(number)
        if REQUIRED & ~found:
            self.close()
            raise error_for(Outcome.NOT_CONFINED)

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        limits = (
            self._settings.memory_mib,
            self._settings.cpu_seconds,
            self._settings.wall_seconds,
        )
        root = Path(__file__).parent.parent.parent
        boot = _BOOT.format(worker=self._worker)
        try:
            self._process = subprocess.Popen(
                [str(self._python), "-I", "-c", boot, str(root), *map(str, limits)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
                start_new_session=True,  # Ctrl-C goes to the person's command, not in here
            )
        except OSError as error:
            ours.close()
            raise SandboxError(
                f"the reader process did not start: {self._python}: {error.strerror}",
                remedy="run scripts/setup again",
            ) from error
        finally:
            theirs.close()
        self._control = ours

    # --- one document -----------------------------------------------------------------------------

    def _ask(self, task: str, document: bytes) -> bytes:
        """The child's answer in full; an answer that is not complete is an error."""
        until = time.monotonic() + self._settings.wall_seconds + GRACE_SECONDS
        try:
            untrusted_answer = self._exchange(task, document, until)
            kind, number = self._reply(until)
        except BaseException:  # Ctrl-C too: the process is in the middle of something
            self.close()
            raise
        if len(untrusted_answer) > self._settings.max_output_mib << 20:
            raise error_for(Outcome.TOO_LARGE)
        if kind is Ending.EXITED and number == 0:
            return untrusted_answer
        raise error_for(_outcome_of(kind, number))

    def _exchange(self, task: str, document: bytes, until: float) -> bytes:
        assert self._control is not None  # noqa: S101 -- for the type checker; _start set it
        source, (answers, sink) = _sealed(document), os.pipe2(os.O_CLOEXEC)
        try:
            try:
                with suppress(OSError):
                    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
                socket.send_fds(self._control, [task.encode("ascii")], [source, sink])
            except OSError as error:
                raise error_for(Outcome.CRASHED) from error
            finally:
                os.close(source)
                os.close(sink)
            return self._collect(answers, until)
        finally:
            os.close(answers)  # a child that still writes ends with SIGPIPE

    def _collect(self, answers: int, until: float) -> bytes:
        most = (self._settings.max_output_mib << 20) + 1
        untrusted = bytearray()
        while len(untrusted) <= most:
            if not select.select([answers], [], [], max(until - time.monotonic(), 0))[0]:
                raise error_for(Outcome.TOO_SLOW)
            piece = os.read(answers, _PIPE_BYTES)
            if not piece:
                break
            untrusted += piece
        return bytes(untrusted)

    def _reply(self, until: float) -> tuple[Ending, int]:
        assert self._control is not None  # noqa: S101 -- for the type checker; _start set it
        if not select.select([self._control], [], [], max(until - time.monotonic(), 0))[0]:
            raise error_for(Outcome.TOO_SLOW)
        try:
            untrusted = self._control.recv(REPLY.size + 1)
        except OSError:
            untrusted = b""
        if not untrusted:
            raise SandboxError(
                "the reader process ended before it answered",
                remedy="run `appliance doctor`; the reader's environment may be incomplete",
            )
        if len(untrusted) != REPLY.size or untrusted[0] not in set(Ending):
            raise error_for(Outcome.BROKEN_PROTOCOL)
        kind, number = REPLY.unpack(untrusted)
        return Ending(kind), number


def _environment() -> dict[str, str]:
    """All the reader process sees: no key, no proxy, nothing of the caller's environment."""
    threads = {f"{library}_NUM_THREADS": "1" for library in _ONE_THREAD}
    basics = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    return {**basics, **threads, **offline.SWITCHES}


def _sealed(document: bytes) -> int:
    """A memory file that nobody can change any more, read from its begin."""
    memory = os.memfd_create("document", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(document)
        while view:
            view = view[os.write(memory, view) :]
        os.lseek(memory, 0, os.SEEK_SET)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(memory)
        raise
    return memory


def _outcome_of(kind: Ending, number: int) -> Outcome:
    if kind is Ending.REFUSED:
        return Outcome.NOT_CONFINED
    if kind is Ending.TIMED_OUT or (kind is Ending.SIGNALLED and number == signal.SIGXCPU):
        return Outcome.TOO_SLOW
    if kind is Ending.SIGNALLED and number == signal.SIGKILL:
        return Outcome.OUT_OF_MEMORY  # nobody here sends it: the kernel's out-of-memory killer
    return Outcome.CRASHED
