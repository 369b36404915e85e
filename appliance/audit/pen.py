"""The one hand that writes the log: each record gets its place, its time, its seals and its link.

Records wait for one another and go to the disk together (``commit``).  A service's threads write
themselves.  The main thread, where Ctrl-C strikes, lets a thread write that it does
not reach: it can end the waiting, never the writing, so the log stays whole and goes on.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

from appliance.audit.chain import Chain, Entry
from appliance.audit.clock import Moment
from appliance.audit.codes import FAILED, code
from appliance.audit.commit import Commit, Ticket, held
from appliance.audit.merkle import leaf_hash
from appliance.audit.private import PrivateStrings
from appliance.audit.records import (
    Actor,
    Draft,
    Kind,
    Placing,
    Record,
    Result,
    decode,
    draft,
    line_of,
)
from appliance.errors import AuditError, InvariantBroken

BEFORE = frozenset({Kind.INTENT, Kind.RETRIEVAL})  # of these the catalogue is not bound
# What may begin when the room on the disk is spent: it frees room, looks, or ends.
ALWAYS = frozenset({"delete", "doctor", "retention_remove", "seal", "status"})
_NOTHING: Mapping[str, str] = {}


class _Wanted(NamedTuple):
    """One record that somebody waits for."""

    drafted: Draft
    private: Mapping[str, str]
    binds: bool


@dataclass(slots=True)
class _Errand:
    """One record that the main thread has written."""

    wanted: _Wanted
    done: threading.Lock = field(default_factory=held)
    error: BaseException | None = None


class Pen:
    """Writes to one chain; safe to use from threads."""

    def __init__(
        self,
        chain: Chain,
        private: PrivateStrings,
        clock: Callable[[], Moment],
        root: Callable[[], str],
        policy: Callable[[], str],
    ) -> None:
        self._policy = policy
        self._chain, self._private, self._clock, self._root = chain, private, clock, root
        self._commit: Commit[_Wanted] = Commit(self._write)
        self._spent = False  # that the room on the disk is spent stands in the log
        self._closed = False
        lines = chain.unanswered.values()
        self.unanswered: dict[str, Draft | Record] = {one.id: one for one in map(decode, lines)}
        self._errands: SimpleQueue[_Errand | None] = SimpleQueue()
        self._hand = threading.Thread(target=self._run_errands, name="audit", daemon=True)
        self._hand.start()

    def write(
        self, drafted: Draft, private: Mapping[str, str] = _NOTHING, *, binds: bool = True
    ) -> Draft:
        """Place a record and make it durable; returns it.

        Args:
            drafted: without number, link and time.
            private: strings that are sealed, by name.
            binds: whether the catalogue's root goes with it, where it is of a kind that has one.

        Raises:
            AuditError: not recorded.
            UsageError: a field holds what may not stand in clear. Nothing is recorded.
            InvariantBroken: the action has no code, or the intent it answers is not open.
        """
        if self._closed:
            raise AuditError("the audit log is closed and takes no records")
        status = drafted.result.status if drafted.result else ""
        drafted.code = code(drafted.kind, drafted.action, status)
        drafted.policy = self._policy()
        if drafted.kind in BEFORE and drafted.action not in ALWAYS:
            self._need_room()
        wanted = _Wanted(drafted, private, binds)
        if threading.current_thread() is not threading.main_thread():
            self._commit.write(wanted)
            return drafted
        errand = _Errand(wanted)
        self._errands.put(errand)
        errand.done.acquire()
        if errand.error is not None:
            raise errand.error
        return drafted

    def bind(self) -> None:
        """Bind the catalogue as it is now, where it changed and no outcome said so.

        Raises:
            AuditError: not recorded.
        """
        root = "" if self._closed or self._chain.stopped else self._root()
        if root and root != self._chain.bound:
            acts = (("acts_open", len(self.unanswered)),)
            result = Result("done", "", acts)
            self.write(draft(Kind.SYSTEM, Actor(os.getuid()), "catalogue_ahead", result=result))

    def close(self) -> None:
        """Write what is under way and nothing more."""
        if not self._closed:
            self._closed = True
            self._errands.put(None)
            self._hand.join()

    def _run_errands(self) -> None:
        while (errand := self._errands.get()) is not None:
            try:
                self._commit.write(errand.wanted)
            except BaseException as error:  # it belongs to whoever waits
                errand.error = error
            errand.done.release()

    def _write(self, tickets: Sequence[Ticket[_Wanted]]) -> None:
        """Place records and make them durable together; one that cannot be placed stays out."""
        entries, answered = [], []
        for ticket in tickets:
            try:
                intent = self._answered_by(ticket.item.drafted)
                entries.append(self._place(*ticket.item))
                answered += [intent] if intent else []
            except BaseException as error:  # nothing of it is in the chain
                ticket.error = error
        try:
            self._chain.append(entries)
        except BaseException:
            for intent in answered:  # they have no outcome on disk
                self.unanswered[intent.id] = intent
            raise

    def _answered_by(self, drafted: Draft) -> Draft | Record | None:
        intent = self.unanswered.get(drafted.of)
        if drafted.of and intent is None:
            raise InvariantBroken(f"audit: a {drafted.kind} record without an open intent")
        return intent

    def _place(self, drafted: Draft, private: Mapping[str, str], binds: bool) -> Entry:
        moment, seq = self._clock(), self._chain.following
        place = Placing(
            seq=seq,
            prev=self._chain.prev,
            time=moment.time,
            boot=moment.boot,
            mono_ns=moment.mono_ns,
            root=self._root() if binds and drafted.kind not in BEFORE else "",
            sealed=self._private.seal(private, drafted.id, seq) if private else "",
            mac=tuple((name, self._private.mac(name, private[name])) for name in sorted(private)),
        )
        line = line_of(drafted, place)
        opens = drafted.id if drafted.kind is Kind.INTENT else ""
        closes = drafted.of if drafted.kind is Kind.OUTCOME else ""
        entry = Entry(line + b"\n", leaf_hash(line), place.time, opens, closes, place.root)
        self._chain.place(entry)
        if opens:
            self.unanswered[opens] = drafted
        elif closes:
            del self.unanswered[closes]
        return entry

    def _need_room(self) -> None:
        """Let nothing begin whose end might not be recorded for want of room.

        Raises:
            AuditError: the disk is full; that the log stopped is on record.
        """
        if self._chain.has_room():
            self._spent = False
            return
        if not self._spent:
            self._spent = True
            stopped = Result(FAILED, "DiskFull")
            self.write(draft(Kind.SYSTEM, Actor(os.getuid()), "log_stop", result=stopped))
        raise AuditError(
            "the disk is full: the audit log records the end of what has begun and no new action",
            remedy="free some space where the store lies; erasing a document still works",
        )
