"""Group commit: records wait while others are on their way to the disk, and then go together.

Whoever finds nobody writing writes all that waits at once, and hands over to one of those who came
meanwhile.  One writer alone waits for nobody and changes no thread; sixteen share ``fdatasync``,
and one of them places all of theirs, with no other lock to wait for.  Whoever writes next waits a
moment for those who were there the last time: they are on their way, and a sync each costs more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from appliance.errors import ApplianceError, AuditError

Item = TypeVar("Item")
MOMENT_S = 0.001  # at most, where others wrote at the same time just now


def held() -> threading.Lock:
    """A lock that somebody else lets go when there is something to go on with."""
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class Ticket(Generic[Item]):
    """One item's place in the queue."""

    item: Item
    settled: bool = False
    error: BaseException | None = None
    turn: threading.Lock = field(default_factory=held)  # let go when settled, or to write now


class Commit(Generic[Item]):
    """The queue before one file; safe to use from threads."""

    def __init__(self, write: Callable[[Sequence[Ticket[Item]]], None]) -> None:
        """``write`` makes items durable, in order, and is never called twice at a time.

        It leaves an error with an item that it does not take; what it raises is the error of all.
        """
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[Ticket[Item]] = []
        self._busy = False
        self._company = 1  # how many wrote or waited the last time
        self._gathered: threading.Lock | None = None  # while somebody waits for as many

    def write(self, item: Item) -> None:
        """Return when the item is durable; the order of calls is the order in the file.

        Raises:
            AuditError: it may not be; nor is anything behind it.
            ApplianceError: what was wrong with this item alone.
        """
        ticket = Ticket(item)
        with self._lock:
            self._waiting.append(ticket)
            writes, self._busy = not self._busy, True
            if self._gathered is not None and len(self._waiting) >= self._company:
                self._gathered.release()
                self._gathered = None
        if not writes:
            ticket.turn.acquire()
        if not ticket.settled:
            self._write_what_waits()
        if ticket.error is not None:
            raise _again(ticket.error)

    def _gather(self) -> None:
        with self._lock:
            if len(self._waiting) >= self._company:
                return
            gathered = self._gathered = held()
        gathered.acquire(timeout=MOMENT_S)

    def _write_what_waits(self) -> None:
        self._gather()
        with self._lock:
            self._gathered = None
            tickets, self._waiting = self._waiting, []
        error: BaseException | None = None
        try:
            self._write(tickets)
        except BaseException as raised:  # whatever it was: it belongs to all of them
            error = raised
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._company = len(tickets) + len(self._waiting)
            self._busy = following is not None
        if following:
            following.turn.release()
        for ticket in tickets:
            ticket.error, ticket.settled = ticket.error or error, True
            ticket.turn.release()


def _again(error: BaseException) -> BaseException:
    """The same error for one more thread: what is raised collects the way it went."""
    if isinstance(error, ApplianceError):
        return type(error)(error.message, remedy=error.remedy)
    return AuditError(f"the audit log cannot be written ({type(error).__name__})")
