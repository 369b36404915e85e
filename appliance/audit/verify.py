"""Checking an audit log from outside: the folder and the public key are enough.

Uses the standard library and the signature check of the crypto room; opens no store and needs no
secret.  Every line is hashed, and the Merkle root over the first lines must be the one in the
signed checkpoint; what is behind it, and everything where anything does not fit, is read line by
line (``careful``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.audit.reading import Reading, checkpoint_file, read_checkpoint
from appliance.audit.segments import segments

__all__ = ["Progress", "Verdict", "checkpoint_file", "read_checkpoint", "verify", "verifying"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a log that verifies says of itself."""

    records: int
    root: str  # Merkle root over all records, 64 hex digits
    origin: str  # name of the log: appliance.local/<store id>
    checkpoint_size: int  # records under the signed checkpoint; the rest is linked, not signed
    torn_bytes: int  # unacknowledged bytes at the end, left by a crash
    first: str  # times of the first and the last record, empty where there are none
    last: str
    clock_steps_back: int  # records whose wall-clock time is before that of the record above
    removed: int = 0  # records that were removed when their time was over; counted in ``records``


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a verification has come; the last one has its verdict."""

    done: int  # bytes
    whole: int  # bytes
    verdict: Verdict | None = None


def verify(folder: Path, public_key: bytes) -> Verdict:
    """Check the audit folder ``folder`` against the log's 32-byte Ed25519 public key.

    Noticed and named, by segment file, line and number: a changed, removed, inserted, moved or
    unreadable record, and records cut from the end that the checkpoint covers.

    Not noticed: what was done to records after the last checkpoint, if their links were computed
    again (a checkpoint is written every 256 records and whenever the log is closed); a rewriting
    of anything by somebody who holds the log key; an older copy of the whole folder put back.
    Against the last two, keep a checkpoint elsewhere.

    Raises:
        AuditError: the log does not verify.
    """
    verdict = None
    for progress in verifying(folder, public_key):
        verdict = progress.verdict
    assert verdict is not None  # noqa: S101 - the last word is the verdict
    return verdict


def verifying(folder: Path, public_key: bytes) -> Iterator[Progress]:
    """As `verify`, a few megabytes at a time; the last word is the verdict.

    Raises:
        AuditError: the log does not verify.
    """
    reading = Reading(folder, public_key, read_checkpoint(folder, public_key))
    whole = sum(path.stat().st_size for path in segments(folder))
    for done in reading.run():
        yield Progress(min(done, whole), whole)
    yield Progress(whole, whole, _verdict(reading))


def _verdict(reading: Reading) -> Verdict:
    return Verdict(
        records=reading.size,
        root=reading.tree.root().hex(),
        origin=reading.checkpoint.origin,
        checkpoint_size=reading.checkpoint.size,
        torn_bytes=reading.torn_bytes,
        first=reading.first.decode(),
        last=reading.last.decode(),
        clock_steps_back=reading.clock_steps_back,
        removed=reading.removed,
    )
