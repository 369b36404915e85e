"""The reader process from outside: start it, hand it documents, take untrusted bytes back.

The process gets an explicit environment (no key, no proxy, no credential), no descriptor but its
control socket, and one thread.  A document reaches it as a sealed memory file, never as a path.  A
child that is killed, crashes or runs out of time is an error for that document only.

At its start, and then regularly, the process proves that its children are confined.  Where a
required layer is missing nothing is read.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

from appliance import offline
from appliance.closing import Closing
from appliance.config import ReaderSettings
from appliance.errors import ApplianceError, ReaderUnready, SandboxError
from appliance.sandbox.child import LONGEST_REQUEST, PROBE, WISHES_LENGTH, Ending
from appliance.sandbox.exchange import Answer, Gone, Stuck, ask, reply
from appliance.sandbox.outcome import FROM_A_CHILD, Outcome, error_for
from appliance.sandbox.probe import ACTS, ALLOWED, BEST_EFFORT, NOTHING, REFUSED, REQUIRED, Layer

WORKER = "appliance.formats.worker"  # named, not imported: it runs in the other process
LONGEST_WISHES = 1 << 20  # bytes
START_SECONDS = 60  # until the process says that it is up
PROVE_DOCUMENTS = 500  # prove the confinement again after so many documents,
PROVE_SECONDS = 600  # or before the next one after so much time
_LONGEST_PROOF = 64  # bytes
_INCOMPLETE = "its environment may be incomplete: run scripts/setup or install the bundle again"
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from {worker} import main; main(sys.argv[2:])"
_ONE_THREAD = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "VECLIB")


class ReaderServer(Closing):
    """A running reader process; a context manager.

    Any thread may call it; it reads one document at a time, so a pool is several of these.
    """

    def __init__(
        self, settings: ReaderSettings, python: Path, worker: str = WORKER, home: Path | None = None
    ) -> None:
        self._settings = settings
        self._python = python
        self._worker = worker
        self._home = home
        self._turn = threading.Lock()
        self._closing = False
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._read = 0  # documents since the last proof
        self._proved = 0.0  # time.monotonic() of the last proof
        self.layers = Layer(0)

    @classmethod
    def start(
        cls,
        settings: ReaderSettings,
        python: Path,
        *,
        worker: str = WORKER,
        home: Path | None = None,
    ) -> Self:
        """Start the process with ``python`` and prove that it is confined.

        Args:
            settings: bounds per document.
            python: interpreter of the environment that holds the parsers.
            worker: module whose ``main`` runs in the process.
            home: the folder of the store, which no child may read; part of the proof.

        Raises:
            SandboxError: it did not start, or a child of it could do what it must not.
        """
        server = cls(settings, python, worker, home)
        with server._turn:
            server._start()
        return server

    @property
    def pid(self) -> int | None:
        """Process id of the warm server, None when it is not running."""
        return self._process.pid if self._process else None

    def read(self, untrusted_bytes: bytes, task: str, wishes: bytes = b"") -> bytes:
        """Have one document read; starts the process where it is not running.

        Args:
            untrusted_bytes: the file, at most ``max_input_mib``.
            task: what the worker's ``warm`` and ``read`` are called with; at most 256 ASCII bytes.
            wishes: how to read it, opaque here; at most 1 MiB.

        Returns:
            Untrusted bytes, at most ``max_output_mib``; the caller checks them.

        Raises:
            NoText: the file was opened and holds no text.
            Unsupported: this kind of file is not read.
            ReaderViolation: the file made the reader do what is forbidden.
            InputUnreadable: it is encrypted, damaged, too large, too slow, or crashed the reader.
            ReaderUnready: the process ended or hung before it looked at the document, or lacks what
                this kind of file takes.
            SandboxError: the process could not be confined, or it was closed meanwhile.
        """
        if len(untrusted_bytes) > self._settings.max_input_mib << 20:
            raise error_for(Outcome.TOO_LARGE)
        if len(wishes) > LONGEST_WISHES or len(task) > LONGEST_REQUEST or task == PROBE:
            raise ValueError("the wishes or the name of the task are too long")
        with self._turn:
            try:
                answer = self._ask_a_running(task, wishes, untrusted_bytes)
                outcome = self._outcome(answer)
            except BaseException as error:  # Ctrl-C too: it is in the middle of something
                self._end()
                if self._closing and isinstance(error, ApplianceError | Gone):
                    raise _closed() from error  # however far it was when it was killed
                if isinstance(error, Gone):
                    raise _ended_early() from error
                raise
            finally:
                closed, self._closing = self._closing, False
        if closed:
            raise _closed()
        if outcome is not Outcome.READ:
            raise error_for(outcome)
        return answer.untrusted

    def close(self) -> None:
        """End the process; further reading starts a new one.

        A document that another thread has in hand ends with a SandboxError.
        """
        if not self._turn.acquire(blocking=False):
            self._closing = True
            if (process := self._process) is not None:
                process.kill()
            self._turn.acquire()
        try:
            self._closing = False
            self._end()
        finally:
            self._turn.release()

    # --- one document -----------------------------------------------------------------------------

    def _ask_a_running(self, task: str, wishes: bytes, untrusted_bytes: bytes) -> Answer:
        """Ask; where the process has died since it was last asked, ask a new one."""
        again = self._process is not None
        try:
            self._prepare()
            return self._ask(task, wishes, untrusted_bytes)
        except Gone as gone:
            self._end()
            if not again or self._closing:
                raise _ended_early() from gone
        try:
            self._prepare()
            return self._ask(task, wishes, untrusted_bytes)
        except Gone as gone:
            raise _ended_early() from gone

    def _prepare(self) -> None:
        """See that the process runs and that its proof is fresh."""
        if self._process is None:
            self._start()
        elif self._read >= PROVE_DOCUMENTS or time.monotonic() - self._proved >= PROVE_SECONDS:
            self._prove()
        self._read += 1

    def _ask(self, task: str, wishes: bytes, untrusted_bytes: bytes, most: int = 0) -> Answer:
        assert self._control is not None  # noqa: S101 -- for the type checker; _start set it
        document = (len(wishes).to_bytes(WISHES_LENGTH, "big"), wishes, untrusted_bytes)
        seconds = self._settings.wall_seconds
        most = most or self._settings.max_output_mib << 20
        try:
            answer = ask(self._control, task, document, seconds=seconds, most=most)
        except Stuck as stuck:
            self._end()
            raise error_for(Outcome.TOO_SLOW) from stuck
        if answer.ending is Ending.UNREADY:
            raise ReaderUnready(
                f"what reads files of the kind '{task}' could not be loaded", remedy=_INCOMPLETE
            )
        return answer

    def _outcome(self, answer: Answer) -> Outcome:
        """What an answer says, as far as a child may say it."""
        if not answer.whole:
            return Outcome.TOO_LARGE
        if answer.ending is Ending.LOST:
            self._end()
        if answer.ending is not Ending.EXITED or answer.number != 0:
            return _outcome_of(answer.ending, answer.number)
        if answer.outcome in FROM_A_CHILD:
            return Outcome(answer.outcome)
        if answer.outcome == Outcome.NOT_CONFINED:
            self._prove()  # raises where that is true; else the document made the child say so
        return Outcome.BROKEN_PROTOCOL

    # --- starting and proving ---------------------------------------------------------------------

    def _start(self) -> None:
        try:
            self._spawn()
            if self._closing:  # asked for while there was no process to kill
                raise _closed()
            assert self._control is not None  # noqa: S101 -- for the type checker; _spawn set it
            kind, number = reply(self._control, START_SECONDS)
            if kind is not Ending.READY:
                raise error_for(Outcome.NOT_CONFINED)
            self.layers = Layer(number)
            self._prove()
        except (Gone, Stuck) as error:
            self._end()
            raise _ended_early() from error
        except BaseException:
            self._end()
            raise

    def _prove(self) -> None:
        """Have every forbidden act tried in a child of its own.

        Raises:
            SandboxError: one of them was possible, or a child cannot do what is allowed.
        """
        secret = os.fsencode(_secret(self._home))
        control = self._ask(PROBE, NOTHING.encode(), secret, _LONGEST_PROOF)
        missing = Layer(0) if _said(control) == ALLOWED else REQUIRED
        for act in ACTS:
            if act.layer not in missing:
                answer = self._ask(PROBE, act.name.encode(), secret, _LONGEST_PROOF)
                missing |= Layer(0) if _failed(answer) else act.layer
        self.layers = (self.layers & BEST_EFFORT) | (REQUIRED & ~missing)
        if missing:
            names = ", ".join(str(layer.name).lower().replace("_", " ") for layer in missing)
            error = error_for(Outcome.NOT_CONFINED)
            raise SandboxError(f"{error.message}: missing: {names}", remedy=error.remedy)
        self._read, self._proved = 0, time.monotonic()

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

    def _end(self) -> None:
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


def _environment() -> dict[str, str]:
    """All the reader process sees: no key, no proxy, nothing of the caller's environment."""
    threads = {f"{library}_NUM_THREADS": "1" for library in _ONE_THREAD}
    basics = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    return {**basics, **threads, **offline.SWITCHES}


def _secret(home: Path | None) -> Path:
    """Something that exists and that no child may read: a file of the store where there is one."""
    if home is None or not home.is_dir():
        return Path("/etc/passwd")
    try:
        return next((path for path in sorted(home.iterdir()) if path.is_file()), home)
    except OSError:  # the disk refuses to list it; a child may not read it all the same
        return home


def _said(answer: Answer) -> bytes:
    whole = answer.whole and answer.ending is Ending.EXITED and answer.number == 0
    return answer.untrusted if whole and answer.outcome == Outcome.READ else b""


def _failed(answer: Answer) -> bool:
    """Whether a forbidden act was refused, or ended its child."""
    stopped = answer.ending is Ending.SIGNALLED and answer.number == signal.SIGSYS
    return stopped or _said(answer) == REFUSED


def _outcome_of(kind: Ending, number: int) -> Outcome:
    if kind is Ending.REFUSED:
        return Outcome.NOT_CONFINED
    if kind is Ending.TIMED_OUT:
        return Outcome.TOO_SLOW
    if kind is Ending.SIGNALLED and number == signal.SIGSYS:
        return Outcome.FORBIDDEN
    if kind is Ending.SIGNALLED and number == signal.SIGKILL:
        return Outcome.OUT_OF_MEMORY  # neither time nor a child sends it: the kernel, for memory
    return Outcome.CRASHED


def _ended_early() -> ReaderUnready:
    return ReaderUnready("the reader process ended before it answered", remedy=_INCOMPLETE)


def _closed() -> ApplianceError:
    return SandboxError(
        "the reader was closed while it read the file", remedy="start the run again"
    )
