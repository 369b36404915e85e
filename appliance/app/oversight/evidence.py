"""Evidence: what of the log leaves the machine so that others can check it, and what reports read.

The core streams the raw lines, the proofs and the checkpoint; what is made of them (tables, pages,
the formats of other systems) is made on the officer's side, where his key opens what is sealed.
Each use case is an act: taking evidence is on record, with what was asked for sealed beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from appliance.access import kept as policies
from appliance.access.policy import Decision
from appliance.app.acts import APPLIANCE, Acts
from appliance.audit import witnesses
from appliance.audit.checkpoint import Checkpoint, read_note, verifier_key
from appliance.audit.clock import now
from appliance.audit.merkle import leaf_hash
from appliance.audit.proofs import Levels
from appliance.audit.records import Record, decode
from appliance.audit.segments import lines
from appliance.audit.selection import PLACE, Meant, Selection, Wanted
from appliance.audit.statement import signature
from appliance.errors import AuditError, NotFound
from appliance.plain import to_plain

PURPOSE = b"appliance audit evidence v1\x00"
_CHUNK = 256 * 1024  # bytes of a piece, about
_POLICY = re.compile(rb'"policy(?:_hash)?":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of one file of the evidence; those of a file come in order."""

    name: str  # path inside the folder, with slashes
    data: bytes


@dataclass(frozen=True, slots=True)
class Named:
    """What somebody or something is called: a person by number, or a collection by id."""

    key: str
    name: str
    sector: str = ""  # of a collection; empty: a person


@dataclass(frozen=True, slots=True)
class Shelved:
    """In which collection a document lies."""

    document: str
    collection: str


@dataclass(frozen=True, slots=True)
class Stated:
    """What the log's key says of an export, so that nothing of it can be left out unseen."""

    log: str  # name of the log
    made: str  # RFC 3339, UTC
    asked: str  # the filter in words
    size: int  # records of the log
    records: int  # lines of events.jsonl
    events: int
    events_sha256: str  # of events.jsonl
    names_sha256: str  # of names.json
    policies: tuple[str, ...]  # digests of the policy sets that the records name
    policies_kept: tuple[str, ...]  # those of which the text is in the folder


class Evidence:
    """The use cases of those who carry the log out of the machine."""

    def __init__(self, acts: Acts, home: Path) -> None:
        self._acts, self._folder = acts, home / "audit"

    def gather(self, wanted: Wanted) -> Generator[Piece, None, None]:
        """The evidence on the events that are wanted, piece by piece.

        ``events.jsonl`` has their records as they stand in the log, ``proofs.txt`` what shows that
        they stand there, ``selection.json``, the last, what was asked for and how much there is,
        signed.

        Raises:
            Denied: the policy does not permit it.
            NotFound: there is no such person or collection.
            UsageError: a time is none.
            AuditError: the log cannot be read or does not fit its checkpoint.
        """
        decision = self._acts.decide("audit_export", APPLIANCE)
        wanted = wanted.checked()
        private = {"filter": wanted.said()}
        with self._acts.act("audit_export", decision=decision, private=private) as act:
            note = self._acts.log.checkpoint()
            checkpoint = self._own(note)
            selection = self._selection(wanted, checkpoint)
            levels = self._levels(selection, checkpoint)
            seen = tuple(self._witnesses(levels))
            names = self._names_file()
            act.counts.update(records=len(selection.seqs), events=selection.events)
        key = verifier_key(checkpoint.origin, self._acts.log.public_key)
        yield Piece("checkpoint", note)
        yield Piece("log-key", f"{key}\n".encode())
        yield Piece("names.json", names)
        yield from seen
        proofs = (node.line().encode() for node in levels.paths(selection.seqs))
        yield from _chunks("proofs.txt", proofs)
        yield from self._stated(wanted, selection, checkpoint, names)

    def records(self, wanted: Wanted, report: str) -> Generator[Record, None, None]:
        """The records of the events that are wanted, for a report of this name.

        Raises:
            Denied, NotFound, UsageError, AuditError: as `gather`.
        """
        wanted = wanted.checked()
        private = {"filter": wanted.said(), "report": report}
        with self._acts.act("audit_report", decision=self._may_report(), private=private) as act:
            checkpoint = self._own(self._acts.log.checkpoint())
            selection = self._selection(wanted, checkpoint)
            act.counts["events"] = selection.events
        yield from map(decode, self._raw(selection))

    def names(self) -> tuple[Named, ...]:
        """What people and collections are called.

        Raises:
            Denied: the policy does not permit it.
        """
        with self._acts.act("audit_report", decision=self._may_report()):
            return tuple(self._named())

    def shelves(self) -> Generator[Shelved, None, None]:
        """In which collection each document lies that is here now.

        Raises:
            Denied: the policy does not permit it.
        """
        with self._acts.act("audit_report", decision=self._may_report()):
            known = self._acts.store.placed()[1]  # no name of a document is opened
        for one in known:
            yield Shelved(one.document, one.where.id)

    # -- what they share -----------------------------------------------------------------------

    def _may_report(self) -> Decision:
        return self._acts.decide("audit_report", APPLIANCE)

    def _own(self, note: bytes) -> Checkpoint:
        return read_note(note, self._acts.log.public_key)

    def _selection(self, wanted: Wanted, checkpoint: Checkpoint) -> Selection:
        selection = Selection(wanted, self._meant(wanted), checkpoint.size)
        selection.take(lines(self._folder))
        selection.finish()
        return selection

    def _meant(self, wanted: Wanted) -> Meant:
        """The ids behind names.  Raises NotFound."""
        store, meant = self._acts.store, Meant(uids=frozenset(map(self._uid, wanted.who)))
        if wanted.collection:
            where = store.collection_named(wanted.collection)
            meant.collection, meant.place = where.id, self._acts.log.keyed(PLACE, where.name)
            held = (one.document for one in store.placed()[1] if one.where.id == where.id)
            meant.documents.update(held)
        return meant

    def _uid(self, who: str) -> int:
        for row in self._acts.store.principals():
            if who in (row.name, str(row.uid)):
                return row.uid
        if who.isdecimal():
            return int(who)
        raise NotFound("nobody of this name is known here", remedy="see `appliance user list`")

    def _levels(self, selection: Selection, checkpoint: Checkpoint) -> Levels:
        before = witnesses.removed(
            self._folder, selection.first, checkpoint.origin, self._acts.log.public_key
        )
        levels = Levels.over(bytes(selection.leaves), before)
        if (levels.size, levels.root()) != (checkpoint.size, checkpoint.root):
            raise AuditError(
                "the log does not fit its checkpoint", remedy="`appliance audit verify`"
            )
        return levels

    def _raw(self, selection: Selection) -> Iterator[bytes]:
        """The chosen lines, read again; the same as when they were chosen.

        Raises:
            AuditError: one has changed since.
        """
        chosen, at = iter(selection.seqs), selection.first
        wanted = next(chosen, -1)
        for line in lines(self._folder):
            if wanted < 0:
                return
            if at == wanted:
                place = 32 * (at - selection.first)
                if selection.leaves[place : place + 32] != leaf_hash(line.data):
                    raise AuditError(f"{line.place}: record {at} has just been changed")
                yield line.data
                wanted = next(chosen, -1)
            at += 1

    def _stated(
        self, wanted: Wanted, selection: Selection, checkpoint: Checkpoint, names: bytes
    ) -> Iterator[Piece]:
        """The records, the policies they name, and the signed statement of how much that is."""
        digest, sets = sha256(), set[str]()

        def noted() -> Iterator[bytes]:
            for line in self._raw(selection):
                whole = line + b"\n"
                digest.update(whole)
                sets.update(one.decode() for one in _POLICY.findall(line))
                yield whole

        yield from _chunks("events.jsonl", noted())
        kept = tuple(policies.kept(self._folder, sorted(sets)))
        for hash, name, content in kept:
            yield Piece(f"policies/{hash}/{name}", content)
        stated = Stated(
            log=checkpoint.origin,
            made=now().time,
            asked=wanted.said(),
            size=checkpoint.size,
            records=len(selection.seqs),
            events=selection.events,
            events_sha256=digest.hexdigest(),
            names_sha256=sha256(names).hexdigest(),
            policies=tuple(sorted(sets)),
            policies_kept=tuple(dict.fromkeys(hash for hash, _, _ in kept)),
        )
        found, _, mark = signature(self._acts.store.log_seed(), PURPOSE, stated)
        signed = {"statement": to_plain(stated), "sha256": found, "signature": mark}
        yield Piece("selection.json", json.dumps(signed, sort_keys=True, indent=1).encode() + b"\n")

    def _witnesses(self, levels: Levels) -> Iterator[Piece]:
        """What witnesses signed, and the proof that the log goes on from there.

        Left out is what they saw of records of which some were removed since: no proof leads there.
        """
        for seen in witnesses.all_of(self._folder, self._acts.log.public_key):
            name, size = seen.witness.name, seen.checkpoint.size
            if size < levels.first:
                continue
            yield Piece(f"cosignatures/{name}", witnesses.content(self._folder, name))
            if 0 < size < levels.size:
                proof = "".join(f"{step.hex()}\n" for step in levels.consistency(size))
                yield Piece(f"growth/{size}", proof.encode())

    def _named(self) -> Iterator[Named]:
        for row in self._acts.store.principals():
            yield Named(str(row.uid), row.name)
        for one in self._acts.store.collections():
            yield Named(one.id, one.name, one.sector)

    def _names_file(self) -> bytes:
        """Names, and where the documents lie, as JSON."""
        shelves = {one.document: str(one.where.id) for one in self._acts.store.placed()[1]}
        plain = {"names": to_plain(tuple(self._named())), "shelves": shelves}
        return json.dumps(plain, ensure_ascii=True, sort_keys=True).encode() + b"\n"


def _chunks(name: str, parts: Iterable[bytes]) -> Iterator[Piece]:
    """One file in pieces of a bounded size; at least one, so that the file is there."""
    held = bytearray()
    for part in parts:
        held += part
        if len(held) >= _CHUNK:
            yield Piece(name, bytes(held))
            held.clear()
    yield Piece(name, bytes(held))
