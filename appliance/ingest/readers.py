"""Several confined reader processes at work: who waits longest in the folder's order comes next.

One thread waits on each process; the parsing itself is in the process.  After any answer that
breaks the bounds the process is replaced by a fresh one, which has to prove that it is confined.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections.abc import Callable

from appliance.errors import ApplianceError, ReaderUnready, ReaderViolation, SandboxError
from appliance.ingest.jobs import Rank
from appliance.sandbox.outcome import Outcome, error_for
from appliance.sandbox.server import ReaderServer

Start = Callable[[], ReaderServer]
Work = Callable[["Reader"], None]

MOST_PROCESSES = 4  # unless the settings say more: each may take memory_mib
_FIRST: Rank = ()  # before all work
_DEADLY = frozenset(
    error_for(outcome).message
    for outcome in (
        Outcome.CRASHED,
        Outcome.OUT_OF_MEMORY,
        Outcome.TOO_SLOW,
        Outcome.FORBIDDEN,
        Outcome.BROKEN_PROTOCOL,
    )
)


def processes(wanted: int) -> int:
    """How many reader processes: as the settings say, or one per core, at most 4."""
    return wanted if wanted > 0 else min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


def deadly(error: BaseException) -> bool:
    """Whether the file killed its reader, or made it break its bounds."""
    if isinstance(error, SandboxError | ReaderViolation):
        return True
    return isinstance(error, ApplianceError) and error.message in _DEADLY


class Reader:
    """One reader process, replaced when a file broke it."""

    def __init__(self, start: Start, server: ReaderServer | None) -> None:
        self._start = start
        self.server = server
        self.lost: ApplianceError | None = None  # it does not run, no file is at fault

    def read(self, untrusted: bytes, task: str, wishes: bytes) -> bytes:
        """As `ReaderServer.read`; after a SandboxError the next call has a fresh process.

        Raises:
            InputUnreadable, SandboxError: about this file; ``lost`` says if about the process.
        """
        try:
            if self.server is None:
                self._renew()
            assert self.server is not None  # noqa: S101 -- for the type checker
            return self.server.read(untrusted, task, wishes)
        except ReaderUnready as error:
            self.lost = error
            raise
        except SandboxError:
            if self.lost is None:
                self._renew()
            raise

    def _renew(self) -> None:
        try:
            if self.server is not None:
                self.server.close()
            self.server = self._start()
        except ApplianceError as error:
            self.lost = error
            raise


class ReaderPool:
    """A queue of work for some reader processes."""

    def __init__(self, start: Start, size: int) -> None:
        """Start one process now, so that a machine that cannot confine it reads nothing.

        Raises:
            SandboxError: it did not start or is not confined.
        """
        self._start = start
        first = start()
        self._waiting: queue.PriorityQueue[tuple[Rank, int, Work | None]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._readers = [
            Reader(self._started, first if number == 0 else None) for number in range(size)
        ]
        self._threads = [
            threading.Thread(target=self._serve, args=(reader,), name="reader", daemon=True)
            for reader in self._readers
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, rank: Rank, work: Work) -> None:
        """Have ``work`` done by the next free reader; it must not raise."""
        self._waiting.put((rank, next(self._numbers), work))

    def stop(self) -> None:
        """End the processes and the threads; work that waits is dropped, work in hand fails."""
        self._stopping.set()
        for _ in self._threads:
            self._waiting.put((_FIRST, next(self._numbers), None))
        for reader, thread in zip(self._readers, self._threads, strict=True):
            while thread.is_alive():
                if reader.server is not None:
                    reader.server.close()  # its thread waits for it: this is what wakes it
                thread.join(timeout=0.2)

    def _started(self) -> ReaderServer:
        if self._stopping.is_set():
            raise SandboxError("the readers are stopping")
        return self._start()

    def _serve(self, reader: Reader) -> None:
        try:
            while True:
                _, _, work = self._waiting.get()
                if work is None:
                    return
                work(reader)
        finally:
            if reader.server is not None:
                reader.server.close()
