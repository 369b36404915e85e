"""Events: what an officer reads, one for each act or standalone record of the log.

An act leaves an intent, perhaps a retrieval, and an outcome; ``join`` makes one event of them.
Pure and streaming: only acts that are still open are held, so the memory needed is bounded by how
many acts overlap, whatever the length of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from appliance.audit.codes import DENIED, DONE, FAILED, INTERRUPTED
from appliance.audit.records import DecisionRecord, Kind, Record

OPEN = "open"  # status of an act that has no outcome yet

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Event:
    """One act from its intent to its outcome, or one record that stands alone.

    ``documents`` are those the act named, put before a model or showed, each once, in that
    order; ``read`` are those of its retrievals.  Without an intent among the records joined (the
    part of the log before was left out or removed) an event begins with what there is.
    """

    record: Record  # the first one; its sealed strings are the event's
    seqs: tuple[int, ...]  # numbers of all its records, ascending
    ended: str  # time of the last one, RFC 3339
    code: str  # of the last one: stable, says how it ended
    documents: tuple[str, ...]
    read: tuple[str, ...]
    collection: str  # id; empty where the records name none
    decision: DecisionRecord | None
    status: str  # done, denied, failed, interrupted, OPEN, or a word of the record's own
    error: str  # name of an error class
    counts: tuple[tuple[str, int], ...]
    model: str
    adapter: str
    prompt: str

    @property
    def seq(self) -> int:
        """Number of its first record: what the event is called by."""
        return self.record.seq

    @property
    def id(self) -> str:
        """Random id of its first record; of the intent, where one is known."""
        return self.record.of or self.record.id

    @property
    def time(self) -> str:
        """When it began, RFC 3339, UTC."""
        return self.record.time

    @property
    def kind(self) -> Kind:
        """INTENT for an act, else ADMIN, SECURITY or SYSTEM."""
        kind = self.record.kind
        return Kind.INTENT if kind in _OF_AN_ACT else kind

    @property
    def uid(self) -> int:
        """Who, as the operating system's user number."""
        return self.record.uid

    @property
    def action(self) -> str:
        """What was done, as the policies name it."""
        return self.record.action

    @property
    def purpose(self) -> str:
        """For which purpose of use; empty where none was given."""
        return self.record.purpose

    @property
    def policy(self) -> str:
        """SHA-256 of the policy set in force."""
        own = self.decision.policy_hash if self.decision else ""
        return self.record.policy or own

    @property
    def via(self) -> str:
        """By which door it came: cli, service, console, openai."""
        return self.record.via

    @property
    def went(self) -> str:
        """How it ended, by its code: DONE, DENIED, FAILED or OPEN, whatever its status says."""
        ending = self.code.rpartition(".")[2]
        if ending in (Kind.INTENT, Kind.RETRIEVAL):
            return OPEN
        how = ending.rpartition("-")[2]
        return FAILED if how == INTERRUPTED else how if how in (DENIED, FAILED) else DONE

    @property
    def denied(self) -> bool:
        """Whether the policy, or the want of a permitted document, stopped it."""
        return self.status == DENIED or (self.decision is not None and not self.decision.allow)


@dataclass(slots=True)
class Joining:
    """Joins records as they come; what CONSOLE-like readers keep between two looks at a log."""

    _open: dict[str, Event] = field(default_factory=dict)  # by the id of their intent

    def add(self, record: Record) -> Event | None:
        """Take in the next record; the event that it completes, if it completes one."""
        if record.kind is Kind.INTENT:
            self._open[record.id] = _begun(record)
            return None
        if record.kind is Kind.RETRIEVAL:
            self._open[record.of] = _more(self._open.get(record.of) or _begun(record), record)
            return None
        if record.kind is Kind.OUTCOME:
            before = self._open.pop(record.of, None) or _begun(record)
            return _more(before, record)
        return _more(_begun(record), record)

    def rest(self) -> tuple[Event, ...]:
        """The acts that have no outcome yet, by number; they stay open here."""
        return tuple(sorted(self._open.values(), key=lambda event: event.seq))


def join(records: Iterable[Record]) -> Iterator[Event]:
    """Events of records in the order of the log; each comes when it ended, open ones last."""
    joining = Joining()
    for record in records:
        event = joining.add(record)
        if event:
            yield event
    yield from joining.rest()


_OF_AN_ACT = (Kind.INTENT, Kind.RETRIEVAL, Kind.OUTCOME)


def _begun(record: Record) -> Event:
    return Event(
        record=record,
        seqs=(record.seq,),
        ended=record.time,
        code=record.code,
        documents=record.documents,
        read=(),
        collection=record.collection,
        decision=record.decision,
        status=OPEN,
        error="",
        counts=(),
        model=record.model,
        adapter=record.adapter,
        prompt=record.prompt,
    )


def _more(event: Event, record: Record) -> Event:
    """The event with one more of its records, or with its only one again."""
    read = record.documents if record.kind is Kind.RETRIEVAL else ()
    result = record.result
    return replace(
        event,
        seqs=_once(event.seqs, (record.seq,)),
        ended=record.time,
        code=record.code,
        documents=_once(event.documents, record.documents),
        read=_once(event.read, read),
        collection=event.collection or record.collection,
        decision=_decision(event.decision, record.decision),
        status=result.status if result else event.status,
        error=result.error if result else event.error,
        counts=result.counts if result else event.counts,
        model=record.model or event.model,
        adapter=record.adapter or event.adapter,
        prompt=record.prompt or event.prompt,
    )


def _decision(first: DecisionRecord | None, last: DecisionRecord | None) -> DecisionRecord | None:
    """What decided: said at the beginning, or, document by document, at the end."""
    if first is None or (first.allow and not first.policies):
        return last or first
    return first


def _once(first: tuple[Item, ...], second: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys((*first, *second))) if second else first
