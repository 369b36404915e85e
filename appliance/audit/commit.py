"""Group commit: lines wait while a write is under way, and then go to the disk together.

Whoever finds nobody writing writes all that waits at once, and hands over to one of those who came
meanwhile.  One writer alone waits for nobody and changes no thread; sixteen share ``fdatasync``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.errors import ApplianceError, AuditError


class Entry(NamedTuple):
    """One line on its way into the log, and what of it the log keeps in mind."""

    line: bytes  # with its newline
    leaf: bytes
    time: str
    opens: str = ""  # id of the intent that this is
    closes: str = ""  # id of the intent that this is the outcome of
    root: str = ""  # of the catalogue, where it binds one


def held() -> threading.Lock:
    """A lock that somebody else lets go when there is something to go on with."""
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class Ticket:
    """One entry's place in the queue."""

    entry: Entry
    settled: bool = False
    error: BaseException | None = None
    turn: threading.Lock = field(default_factory=held)  # let go when settled, or to write now


class Commit:
    """The queue before one file; safe to use from threads."""

    def __init__(self, write: Callable[[Sequence[Entry]], None]) -> None:
        """``write`` makes entries durable, in order; it is never called twice at a time."""
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[Ticket] = []
        self._busy = False

    def add(self, entry: Entry) -> Ticket:
        """Take a place in the queue; the order of calls is the order in the file."""
        ticket = Ticket(entry)
        with self._lock:
            self._waiting.append(ticket)
        return ticket

    def wait(self, ticket: Ticket) -> None:
        """Return when the entry is durable.

        Raises:
            AuditError: it may not be; nor is anything behind it.
        """
        with self._lock:
            writes = not self._busy and not ticket.settled
            self._busy = self._busy or writes
        if not writes:
            ticket.turn.acquire()
        if not ticket.settled:
            self._write_what_waits()
        if ticket.error is not None:
            raise _again(ticket.error)

    def _write_what_waits(self) -> None:
        with self._lock:
            tickets, self._waiting = self._waiting, []
        error: BaseException | None = None
        try:
            self._write([ticket.entry for ticket in tickets])
        except BaseException as raised:  # whatever it was: it belongs to all of them
            error = raised
        for ticket in tickets:
            ticket.error, ticket.settled = error, True
            ticket.turn.release()
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._busy = following is not None
        if following:
            following.turn.release()


def _again(error: BaseException) -> BaseException:
    """The same error for one more thread: what is raised collects the way it went."""
    if isinstance(error, ApplianceError):
        return type(error)(error.message, remedy=error.remedy)
    return AuditError(f"the audit log cannot be written ({type(error).__name__})")
