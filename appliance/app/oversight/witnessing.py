"""Witnesses: what an officer carries away and brings back, so that the log cannot be rewritten.

A checkpoint goes out with the proof that the log only grew since that witness looked last; a
cosignature comes back, is checked and kept.  The first key that a witness shows is the one that
counts from then on.  Here the copies serve to say when a witness looked last and to compare the
log with what it saw; the witness's own memory, on another machine, is what an attacker cannot
reach.

Folder: ``audit/witnesses/NAME`` (the witness's key, then the note with its cosignature).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from appliance.app.acts import APPLIANCE, Acts
from appliance.audit import cosign, witnesses
from appliance.audit.checkpoint import Checkpoint, origin_of, read_note, verifier_key
from appliance.audit.clock import now
from appliance.audit.cosign import Cosigned
from appliance.audit.merkle import HASH_BYTES, CompactRange, leaf_hash
from appliance.audit.proofs import Levels
from appliance.audit.records import Kind
from appliance.audit.segments import lines
from appliance.audit.witnesses import ASK
from appliance.errors import AuditError, UsageError


@dataclass(frozen=True, slots=True)
class Carried:
    """What is carried to a witness."""

    size: int  # records under the checkpoint
    since: int  # records the witness saw before; 0: none
    note: bytes  # the signed checkpoint
    request: bytes  # note and proof, as tlog-witness has it
    key: str  # the log's public key, as `witness.py trust` takes it
    time: str


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What one witness saw last."""

    name: str
    size: int
    root: str  # 64 hex digits
    time: str  # by the witness's clock, RFC 3339
    key: str  # name+id+key


@dataclass(frozen=True, slots=True)
class Compared:
    """The log compared with what was seen of it before."""

    size: int  # records that were seen
    records: int  # records of the log now
    root: str  # over the first ``size``, 64 hex digits


class Witnessing:
    """The use cases of those who watch the log from outside."""

    def __init__(self, acts: Acts, home: Path) -> None:
        self._acts, self._folder = acts, home / "audit"
        self._key = acts.log.public_key

    def checkpoint(self, witness: str = "", since: int | None = None) -> Carried:
        """A fresh checkpoint, with the proof since ``witness`` looked last.

        Args:
            witness: a name; empty: only the checkpoint, for paper.
            since: how many records the witness saw, where this machine does not know it any more.

        Raises:
            Denied: the policy does not permit it.
            AuditError: the log cannot be read, or is shorter than what was seen.
        """
        decision = self._acts.decide("audit_checkpoint", APPLIANCE)
        private = {"witness": witness} if witness else {}
        with self._acts.act("audit_checkpoint", decision=decision, private=private) as act:
            if since is None:
                seen = (
                    witnesses.read(self._folder, cosign.check_name(witness), self._key)
                    if witness
                    else None
                )
                since = seen.checkpoint.size if seen else 0
            note = self._acts.log.checkpoint()
            checkpoint = self._own(note)
            proof = self._proof(since, checkpoint) if since else ()
            act.counts.update(records=checkpoint.size, since=since)
            key = verifier_key(checkpoint.origin, self._key)
            asked = cosign.request(since, proof, note)
            return Carried(checkpoint.size, since, note, asked, key, now().time)

    def cosign(self, note: bytes, key: str, cosignature: bytes) -> Witnessed:
        """Take back what a witness signed.

        Args:
            note: the checkpoint that was carried to it.
            key: the witness's public key; the first one counts for good.
            cosignature: what came back.

        Raises:
            Denied: the policy does not permit it.
            AuditError: it is not the witness's signature, not of this log, or the log has changed.
        """
        decision = self._acts.decide("audit_cosign", APPLIANCE)
        with self._acts.act("audit_cosign", decision=decision) as act:
            witness = cosign.read_key(key)
            known = witnesses.read(self._folder, witness.name, self._key)
            if known is not None and known.witness != witness:
                raise AuditError(
                    "this witness had another key before",
                    remedy="a witness with a new key takes a new name",
                )
            found = cosign.read_cosignature(cosignature, self._own(note), witness)
            if known is not None and known.checkpoint.size > found.checkpoint.size:
                raise AuditError(
                    "this witness has signed a later checkpoint already",
                    remedy="take the folder that it signed last",
                )
            self._compare({found.checkpoint.size: found.checkpoint.root})
            witnesses.keep(self._folder, found, note)
            act.counts["records"] = found.checkpoint.size
            self._acts.log.event(
                Kind.ADMIN,
                "audit_cosign",
                self._acts.actor,
                status=f"sha256:{sha256(witness.spelled().encode()).hexdigest()}",
                counts=act.counts,
                private={"witness": witness.name},
            )
            return _witnessed(found)

    def witnesses(self) -> tuple[Witnessed, ...]:
        """What each witness saw last, the latest first."""
        decision = self._acts.decide("audit_show", APPLIANCE)
        with self._acts.act("audit_show", decision=decision):
            return tuple(map(_witnessed, witnesses.all_of(self._folder, self._key)))

    def verify(self) -> tuple[Witnessed, ...]:
        """Compare the log with what every witness saw last; returns them, the latest first.

        Left out are those of whose records some were removed since, when their time was over.

        Raises:
            AuditError: the log is not the continuation of what one of them saw.
        """
        decision = self._acts.decide("audit_verify", APPLIANCE)
        with self._acts.act("audit_verify", decision=decision):
            first = witnesses.number(next(lines(self._folder)).data)
            known = witnesses.all_of(self._folder, self._key)
            seen = [one for one in known if one.checkpoint.size >= first]
            for one in seen:
                self._compare({one.checkpoint.size: one.checkpoint.root})
            return tuple(map(_witnessed, seen))

    def compare_paper(self, code: str, size: int) -> Compared:
        """Compare the log with a printed page.

        Raises:
            AuditError: the first ``size`` records are not those on the page.
            UsageError: the code does not have the form of one.
        """
        typed = "".join(code.upper().split()).replace("-", "")
        if len(typed) != 16 or size < 0:
            raise UsageError("a code has 16 letters and digits", remedy="as the page shows it")
        decision = self._acts.decide("audit_verify", APPLIANCE)
        with self._acts.act("audit_verify", decision=decision):
            records, roots = self._roots({size})
            found = Checkpoint(self._origin(), size, roots[size])
            if not hmac.compare_digest(cosign.paper_code(found).replace("-", ""), typed):
                raise AuditError(
                    f"the first {size} records are not those of the printed page",
                    remedy=f"compare code and number once more; if they are right, {ASK}",
                )
            return Compared(size, records, found.root.hex())

    def compare_note(self, note: bytes) -> Compared:
        """Compare the log with a checkpoint that was kept elsewhere.

        Raises:
            AuditError: it is not signed by this log's key, or the log does not begin like this.
        """
        decision = self._acts.decide("audit_verify", APPLIANCE)
        with self._acts.act("audit_verify", decision=decision):
            kept = self._own(note)
            records = self._compare({kept.size: kept.root})
            return Compared(kept.size, records, kept.root.hex())

    # -- what they share -----------------------------------------------------------------------

    def _origin(self) -> str:
        return origin_of(self._acts.store.store_id)

    def _own(self, note: bytes) -> Checkpoint:
        return read_note(note, self._key)

    def _proof(self, since: int, checkpoint: Checkpoint) -> tuple[bytes, ...]:
        leaves, first = bytearray(), -1
        for line in lines(self._folder):
            first = witnesses.number(line.data) if first < 0 else first
            if first + len(leaves) // HASH_BYTES == checkpoint.size:
                break
            leaves += leaf_hash(line.data)
        before = witnesses.removed(self._folder, first, checkpoint.origin, self._key)
        levels = Levels.over(bytes(leaves), before)
        if levels.size != checkpoint.size or levels.root() != checkpoint.root:
            raise AuditError("the log does not fit its checkpoint", remedy=ASK)
        return levels.consistency(since) if since < levels.size else ()

    def _roots(self, sizes: set[int]) -> tuple[int, dict[int, bytes]]:
        """Number of records, and the root over the first ones of each size."""
        tree, found, first = CompactRange(), {}, 0
        for line in lines(self._folder):
            if not tree.size:
                first = witnesses.number(line.data)
                tree = witnesses.removed(self._folder, first, self._origin(), self._key) or tree
            if tree.size in sizes:
                found[tree.size] = tree.root()
            if line.whole:
                tree.append(leaf_hash(line.data))
        found[tree.size] = tree.root()
        if min(sizes) < first:
            raise AuditError(
                f"the first {first} records were removed when their time was over: what was seen "
                f"of the first {min(sizes)} cannot be compared any more",
                remedy="take what a witness or a page saw later",
            )
        if sizes - set(found):
            raise AuditError(
                f"the log has {tree.size} records, {max(sizes)} were seen: they are not there",
                remedy=ASK,
            )
        return tree.size, found

    def _compare(self, seen: dict[int, bytes]) -> int:
        records, roots = self._roots(set(seen))
        for size, root in sorted(seen.items()):
            if roots[size] != root:
                raise AuditError(
                    f"the first {size} records are not those that a witness saw", remedy=ASK
                )
        return records


def _witnessed(seen: Cosigned) -> Witnessed:
    root = seen.checkpoint.root.hex()
    return Witnessed(
        seen.witness.name, seen.checkpoint.size, root, seen.time, seen.witness.spelled()
    )
