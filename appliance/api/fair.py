"""Turns: so many calls are at work at a time, and nobody's many keep another's few from theirs.

Waiting calls stand in one row per person, and the rows are served in turn.  One person has at most
three quarters of the places, so that there is always one for somebody else.  A row that is full,
or a wait that is too long, ends in a clear `Busy`, never in silence.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.config import ServiceSettings
from appliance.errors import Busy, ServiceUnavailable


class _Ticket:
    """One waiting call."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.granted = False


class Turns:
    """The places at work, and who waits for one; safe to use from threads."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._places = max(1, settings.workers)
        self._most = max(1, self._places * 3 // 4)  # of one person
        self._waiting, self._seconds = settings.waiting, settings.waiting_s
        self._lock = threading.Lock()
        self._rows: OrderedDict[int, deque[_Ticket]] = OrderedDict()  # the next one to serve first
        self._working: Counter[int] = Counter()
        self._closed = False

    @contextmanager
    def turn(self, uid: int) -> Iterator[Turn]:
        """Wait for a place, hold it for the block.

        Raises:
            Busy: too many calls of this person wait, or none came free in time.
            ServiceUnavailable: the service is being sealed.
        """
        turn = Turn(self, uid)
        turn.take()
        try:
            yield turn
        finally:
            turn.give()

    def close(self) -> None:
        """Send everybody away who waits, and whoever comes."""
        with self._lock:
            self._closed = True
            for row in self._rows.values():
                for ticket in row:
                    ticket.called.set()
            self._rows.clear()

    def counts(self) -> tuple[int, int]:
        """How many calls work, and how many wait."""
        with self._lock:
            return self._working.total(), sum(map(len, self._rows.values()))

    def take(self, uid: int, *, back: bool = False) -> None:
        """Wait for a place.  ``back``: whoever had one and stepped aside is never turned away."""
        ticket = _Ticket()
        with self._lock:
            if self._closed:
                raise _sealed()
            row = self._rows.setdefault(uid, deque())
            if len(row) >= self._waiting and not back:
                raise _busy(f"{len(row)} of your calls wait already")
            row.append(ticket)
            self._serve()
        ticket.called.wait(None if back else self._seconds)
        with self._lock:
            if ticket.granted:
                return
            if self._closed:
                raise _sealed()
            self._leave(uid, ticket)
        raise _busy(f"no place came free within {self._seconds} s")

    def give(self, uid: int) -> None:
        """Give a place back."""
        with self._lock:
            self._working[uid] -= 1
            if not self._working[uid]:
                del self._working[uid]
            self._serve()

    def _serve(self) -> None:
        """Give free places to the first of each row, row after row."""
        while self._working.total() < self._places:
            uid = next((u for u in self._rows if self._working[u] < self._most), None)
            if uid is None:
                return
            ticket = self._rows[uid].popleft()
            self._rows.move_to_end(uid)
            if not self._rows[uid]:
                del self._rows[uid]
            self._working[uid] += 1
            ticket.granted = True
            ticket.called.set()

    def _leave(self, uid: int, ticket: _Ticket) -> None:
        row = self._rows[uid]
        row.remove(ticket)
        if not row:
            del self._rows[uid]


class Turn:
    """One place at work."""

    def __init__(self, turns: Turns, uid: int) -> None:
        self._turns, self._uid, self._held = turns, uid, False

    def take(self) -> None:
        """Wait for the place."""
        self._turns.take(self._uid)
        self._held = True

    def give(self) -> None:
        """Give it back; harmless when repeated."""
        if self._held:
            self._held = False
            self._turns.give(self._uid)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While the caller is waited for, others may work in this place.

        Whoever finds out meanwhile that nobody is there any more needs no place to end.
        """
        self.give()
        yield
        self._turns.take(self._uid, back=True)
        self._held = True


def _busy(why: str) -> Busy:
    return Busy(f"the service is busy: {why}", remedy="try again in a moment")


def _sealed() -> ServiceUnavailable:
    return ServiceUnavailable(
        "the service is being sealed", remedy="try again when somebody has unsealed it"
    )
