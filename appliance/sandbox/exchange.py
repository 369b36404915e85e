"""One document's way to the reader process and its answer's way back, within bounds.

The document goes in as a sealed memory file.  The answer comes through a pipe while the control
socket tells that the child has started and how it ended; nothing beyond the bound is kept.
"""

from __future__ import annotations

import fcntl
import io
import os
import select
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from appliance.sandbox.child import REPLY, Ending

WARM_SECONDS = 120  # for late imports in the warm process
MARGIN_SECONDS = 4  # on top of a document's time, for the process to end its child and say so
_PIPE_BYTES = 1 << 20


class Gone(Exception):
    """The reader process ended, or hung, before a child had started: no fault of the document."""


class Stuck(Exception):
    """The reader process does not say in time that it is up, or how its child ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a child ended and, where it answered in full, the outcome and what it said."""

    ending: Ending
    number: int
    outcome: int | None  # None: the child answered nothing
    untrusted: bytes
    whole: bool  # False: the child said more than may be kept


def ask(
    control: socket.socket, task: str, document: Iterable[bytes], *, seconds: int, most: int
) -> Answer:
    """Have one child do ``task`` on a document.

    Args:
        control: the control socket of the reader process.
        task: at most 256 ASCII bytes.
        document: the pieces of the input, in order.
        seconds: wall clock time of the child.
        most: bytes of the answer that are kept.

    Raises:
        Gone: no child was started.
        Stuck: it did not answer in time.
    """
    source, (answers, sink) = sealed(document), os.pipe2(os.O_CLOEXEC)
    listener = _Listener(control, answers, seconds, most)
    try:
        try:
            with suppress(OSError):
                fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            socket.send_fds(control, [task.encode("ascii")], [source, sink])
        except OSError as error:
            raise Gone from error
        finally:
            os.close(source)
            os.close(sink)
        return listener.listen()
    finally:
        listener.close()


def sealed(pieces: Iterable[bytes]) -> int:
    """A memory file of these pieces that nobody can change any more, read from its begin."""
    memory = os.memfd_create("document", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(memory, view) :]
        os.lseek(memory, 0, os.SEEK_SET)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(memory)
        raise
    return memory


def reply(control: socket.socket, seconds: float) -> tuple[Ending, int]:
    """What the reader process says next.

    Raises:
        Gone: it ended, or says what is no reply.
        Stuck: it says nothing.
    """
    if not select.select([control], [], [], seconds)[0]:
        raise Stuck
    try:
        untrusted = control.recv(REPLY.size + 1)
    except OSError as error:
        raise Gone from error
    if len(untrusted) != REPLY.size or untrusted[0] not in set(Ending):
        raise Gone
    kind, number = REPLY.unpack(untrusted)
    return Ending(kind), number


class _Listener:
    """Collects one answer."""

    def __init__(self, control: socket.socket, answers: int, seconds: int, most: int) -> None:
        self._control = control
        self._answers: int | None = answers
        self._seconds = seconds
        self._most = most
        self._until = time.monotonic() + WARM_SECONDS
        self._started = False
        self._whole = True
        self._outcome: int | None = None
        self._kept = io.BytesIO()

    def close(self) -> None:
        """Close the pipe: a child that still writes ends with SIGPIPE."""
        if self._answers is not None:
            os.close(self._answers)
        self._answers = None

    def listen(self) -> Answer:
        """Wait until the child has ended and everything that it said has come."""
        ended: tuple[Ending, int] | None = None
        while ended is None or self._answers is not None:
            answers = [] if self._answers is None else [self._answers]
            replies = [] if ended else [self._control.fileno()]
            left = max(self._until - time.monotonic(), 0)
            ready = select.select([*answers, *replies], [], [], left)[0]
            if not ready:
                raise Stuck if self._started else Gone
            for descriptor in ready:
                if descriptor in answers:
                    self._take(descriptor)
                else:
                    ended = self._hear()
        untrusted = self._kept.getvalue()  # no copy: it hands over its buffer
        return Answer(*ended, self._outcome, untrusted, self._whole)

    def _hear(self) -> tuple[Ending, int] | None:
        try:
            kind, number = reply(self._control, 0)
        except Gone:
            if not self._started:
                raise
            return Ending.LOST, 0
        if kind is not Ending.STARTED:
            return kind, number
        self._started = True
        self._until = time.monotonic() + self._seconds + MARGIN_SECONDS
        return None

    def _take(self, answers: int) -> None:
        untrusted = os.read(answers, _PIPE_BYTES)
        if not untrusted:
            self.close()
            return
        if self._outcome is None:
            self._outcome, untrusted = untrusted[0], untrusted[1:]
        self._kept.write(untrusted)
        if self._kept.tell() > self._most:
            self._whole, self._kept = False, io.BytesIO()
            self.close()
