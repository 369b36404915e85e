"""The audit log: nothing happens that is not written down first (promise P4).

An action has an *intent*, durable before anything is decrypted or changed; a *retrieval*, durable
before the documents it names enter a prompt; and an *outcome*, durable before anything is
released.  Every method returns only when its record is on disk.  If a record cannot be written,
or the log is not the file it was, ``AuditError`` is raised then and at every later call: the
action must not go on, and no other one starts.  There is no switch that turns the log off.

What a crash left is put right when the log is opened: a torn last line goes, and every intent
without an outcome gets the outcome "interrupted".  One process writes at a time.

Folder: ``log/NNNNNN.jsonl`` (the records), ``checkpoint`` (size and root, signed).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from appliance.audit import segments
from appliance.audit.binding import account
from appliance.audit.chain import SEGMENT_RECORDS, Chain, begin
from appliance.audit.checkpoint import origin_of
from appliance.audit.clock import Moment, now
from appliance.audit.codes import INTERRUPTED
from appliance.audit.pen import Pen
from appliance.audit.periods import Periods, Recipient
from appliance.audit.private import PrivateStrings
from appliance.audit.records import (
    Actor,
    DecisionRecord,
    Draft,
    IntentId,
    Kind,
    Record,
    Result,
    decode,
    draft,
)
from appliance.audit.removing import discard, oldest
from appliance.closing import Closing
from appliance.crypto import sign
from appliance.crypto.keyring import Key
from appliance.errors import InvariantBroken

__all__ = ["INTERRUPTED", "AuditLog", "IntentId"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_COUNTS: Mapping[str, int] = MappingProxyType({})


class AuditLog(Closing):
    """One store's audit log, open for writing. A context manager; safe to use from threads."""

    def __init__(
        self,
        folder: Path,
        seed: bytes,
        chain: Chain,
        private: PrivateStrings,
        clock: Callable[[], Moment],
        policy: str = "",
        root: Callable[[], str] = str,
    ) -> None:
        """Answer the intents that a crash left open; callers use ``create`` or ``open``."""
        self._folder, self._public_key = folder, sign.public_key(seed)
        self._chain, self._private = chain, private
        self.policy = policy  # hash of the set in force; whoever changes it says so here
        self._pen = Pen(chain, private, clock, root, lambda: self.policy)
        self._append = self._pen.write
        self.officers: Callable[[], Sequence[Recipient]] = tuple  # whose keys are in force
        try:
            account(self._pen, chain.torn_bytes, chain.bound, root())
            for intent in tuple(self._pen.unanswered):
                self.outcome(IntentId(intent), INTERRUPTED)
        except BaseException:
            self._pen.close()
            raise

    @classmethod
    def create(  # noqa: PLR0913 - as `open`
        cls,
        folder: Path,
        seed: bytes,
        seal_key: Key,
        mac_key: Key,
        store_id: str,
        *,
        clock: Callable[[], Moment] = now,
        policy: str = "",
        root: Callable[[], str] = str,
        before: Callable[[AuditLog], object] = lambda _: None,
    ) -> AuditLog:
        """Begin the log of a new store in ``folder``, which must not exist.

        ``before`` may write the records of what came before the log itself.

        Raises:
            UsageError: there is a log already.
            AuditError: it cannot be written.
        """
        begin(folder, seed, origin_of(store_id))
        first = list[str]()
        Periods(folder, seal_key, mac_key, store_id).begin(
            (), lambda _, digest: first.append(digest)
        )
        keys = (seed, seal_key, mac_key, store_id)
        log = cls.open(folder, *keys, clock=clock, policy=policy, root=root)
        try:
            before(log)
            log.event(Kind.SYSTEM, "create_log", Actor(os.getuid()), status=first[0])
        except BaseException:
            log.close()
            raise
        return log

    @classmethod
    def open(  # noqa: PLR0913 - what a log needs, each by its name
        cls,
        folder: Path,
        seed: bytes,
        seal_key: Key,
        mac_key: Key,
        store_id: str,
        *,
        clock: Callable[[], Moment] = now,
        policy: str = "",
        root: Callable[[], str] = str,
        segment_records: int = SEGMENT_RECORDS,
    ) -> AuditLog:
        """Open a store's log, after checking all of it, and put right what a crash left.

        Args:
            folder: the audit folder that ``create`` made.
            seed: of the Ed25519 key that signs the checkpoints.
            seal_key: opens and seals private strings.
            mac_key: for their keyed hashes.
            store_id: bound into every seal and into the log's name.
            clock: tells the time of each record.
            policy: hash of the policy set in force.
            root: tells the root of the catalogue, which outcomes and events bind; empty: none.
            segment_records: how many records one file takes before the next begins.

        Raises:
            AuditError: missing, changed, shortened, of another store, or not writable.
            StoreBusy: another process writes this log.
            StoreDamaged: the catalogue is not the one that was bound last.
        """
        chain = Chain(folder, seed, origin_of(store_id), segment_records)
        try:
            periods = Periods(folder, seal_key, mac_key, store_id)
            private = PrivateStrings(periods, mac_key, store_id)
            return cls(folder, seed, chain, private, clock, policy, root)
        except BaseException:
            chain.close()
            raise

    def intent(
        self,
        actor: Actor,
        action: str,
        *,
        purpose: str = "",
        collection: str = "",
        documents: Sequence[str] = (),
        decision: DecisionRecord | None = None,
        private: Mapping[str, str] = _NOTHING,
    ) -> IntentId:
        """Record that an action is about to happen. Durable on return; act only then.

        ``collection`` and ``documents`` are ids; content such as the question goes into
        ``private``, by name, and is sealed.

        Raises:
            AuditError: not recorded; do not act.
            UsageError: an argument may not stand in clear. Nothing is recorded.
        """
        if self.periods.is_over:
            self.periods.begin_if_over(self.officers, self.tell_period)
        drafted = draft(
            Kind.INTENT,
            actor,
            action,
            purpose=purpose,
            collection=collection,
            documents=tuple(documents),
            decision=decision,
        )
        record = self._append(drafted, _with_name(actor, private))
        return IntentId(record.id)

    def retrieval(
        self,
        of: IntentId,
        documents: Sequence[str],
        *,
        model: str = "",
        adapter: str = "",
        prompt: str = "",
    ) -> None:
        """Record which documents are about to enter a prompt. Durable on return.

        Args:
            of: what ``intent`` returned.
            documents: ids.
            model: digest of the model, one word.
            adapter: digest of an adapter on it.
            prompt: digest of the prompt templates.

        Raises:
            AuditError: not recorded; do not go on.
            UsageError: an argument may not stand in clear. Nothing is recorded.
            InvariantBroken: no such intent is open.
        """
        drafted = self._answer(Kind.RETRIEVAL, of)
        drafted.model, drafted.adapter, drafted.prompt = model, adapter, prompt
        drafted.documents = tuple(documents)
        self._append(drafted)

    def outcome(  # noqa: PLR0913 - what a record says, each by its name
        self,
        of: IntentId,
        status: str,
        *,
        collection: str = "",
        documents: Sequence[str] = (),
        decision: DecisionRecord | None = None,
        counts: Mapping[str, int] = _NO_COUNTS,
        model: str = "",
        adapter: str = "",
        prompt: str = "",
        error: str = "",
    ) -> None:
        """Record how an action ended. Durable on return; release its result only then.

        Args:
            of: what ``intent`` returned; it takes no further records.
            status: done, failed, denied or interrupted.
            collection: where all of it lies; ``documents``: ids of what was made or shown.
            decision: what permitted these documents; ``counts``: numbers by name.
            model: digest of the model, one word; ``adapter`` and ``prompt`` likewise.
            error: name of the error's class, never its message.

        Raises:
            AuditError: not recorded; release nothing.
            UsageError: an argument may not stand in clear. Nothing is recorded.
            InvariantBroken: no such intent is open.
        """
        drafted = self._answer(Kind.OUTCOME, of)
        drafted.result = Result(status, error, tuple(sorted(counts.items())))
        drafted.model, drafted.adapter, drafted.prompt = model, adapter, prompt
        drafted.decision, drafted.documents = decision, tuple(documents)
        drafted.collection = collection or drafted.collection
        self._append(drafted)

    def event(
        self,
        kind: Kind,
        action: str,
        actor: Actor,
        *,
        status: str = "done",
        collection: str = "",
        decision: DecisionRecord | None = None,
        counts: Mapping[str, int] = _NO_COUNTS,
        private: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Record something that stands alone: ``kind`` is ADMIN, SECURITY or SYSTEM.

        Raises:
            AuditError: not recorded.
            UsageError: an argument may not stand in clear. Nothing is recorded.
            InvariantBroken: ``kind`` belongs to an action.
        """
        if kind not in (Kind.ADMIN, Kind.SECURITY, Kind.SYSTEM):
            raise InvariantBroken(f"{kind} records belong to an action")
        drafted = draft(
            kind,
            actor,
            action,
            collection=collection,
            decision=decision,
            result=Result(status, "", tuple(sorted(counts.items()))),
        )
        self._append(drafted, _with_name(actor, private))

    def records(self, kind: Kind | None = None) -> Iterator[Record]:
        """Every record, or those of one kind, from the first to the last.

        Raises:
            AuditError: the files cannot be read.
        """
        wanted = f'"kind":"{kind}"'.encode() if kind else b""  # no string in clear holds a quote
        for line in segments.lines(self._folder):
            if line.whole and wanted in line.data:  # one that is cut is being written now
                yield decode(line.data)

    def unseal(self, record: Record) -> Mapping[str, str]:
        """The private strings of a record, by name; a person's name is ``actor``.

        Raises:
            SealBroken: they were changed or moved, or are sealed to the officers.
        """
        return self._private.open(record)

    def holds(self, record: Record, name: str, text: str) -> bool:
        """Whether the private string ``name`` of a record is ``text``, without opening it."""
        return dict(record.mac).get(name) == self.keyed(name, text)

    def keyed(self, name: str, text: str) -> str:
        """What stands in ``mac`` where the private string ``name`` is ``text``; 64 hex digits."""
        return self._private.mac(name, text)

    @property
    def periods(self) -> Periods:
        """To whom private strings are sealed, and were."""
        return self._private.periods

    def tell_period(self, number: int, digest: str) -> None:
        """Put on record that a period began, or by whom it can be opened from now on."""
        self.event(
            Kind.ADMIN, "period_begin", Actor(os.getuid()), status=digest, counts={"period": number}
        )

    def remove_segment(self, actor: Actor) -> int:
        """Remove the oldest segment of the log, on record; returns its number.

        Raises:
            NotFound: there is only the one that is written to.
            AuditError: it cannot be removed, or not recorded.
        """
        found = oldest(self._folder, self._chain.origin, self._public_key, self._pen.unanswered)
        counts = {"records": found.size - found.before, "segment": found.number}
        self.event(Kind.ADMIN, "retention_remove", actor, counts=counts)
        discard(self._folder, found)
        return found.number

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that ``verify`` takes."""
        return self._public_key

    @property
    def size(self) -> int:
        """How many records the log has."""
        return self._chain.size

    def checkpoint(self) -> bytes:
        """A checkpoint over all that is durable now, as a signed note.  Raises AuditError."""
        return self._chain.checkpoint()

    def close(self) -> None:
        """Sign a last checkpoint and let the log go. Closing twice is harmless.

        Raises:
            AuditError: the checkpoint cannot be written.
        """
        try:
            self._pen.bind()
        finally:  # also where Ctrl-C ends the waiting for the last record
            try:
                self._pen.close()
            finally:
                self._chain.close()

    def _answer(self, kind: Kind, of: IntentId) -> Draft:
        intent = self._pen.unanswered.get(of)
        if intent is None:
            raise InvariantBroken(f"audit: a {kind} record without an open intent")
        actor = Actor(intent.uid, via=intent.via)
        drafted = draft(kind, actor, intent.action, collection=intent.collection)
        drafted.of, drafted.purpose = of, intent.purpose
        return drafted


def _with_name(actor: Actor, private: Mapping[str, str]) -> Mapping[str, str]:
    return {"actor": actor.name, **private} if actor.name else private
