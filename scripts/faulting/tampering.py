"""The tamper matrix: a log of 200 records changed in every way, and who finds it where.

Each change is tried against `appliance audit verify` alone, which has the folder and the log's
public key, and against it together with a witness, who kept the size and the root of the log as he
saw it last.  ``named``: the message gives the number of the first record that is bad.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.audit.careful import Careful
from appliance.audit.checkpoint import Checkpoint, write_note
from appliance.audit.log import AuditLog
from appliance.audit.merkle import CompactRange, leaf_hash, root_of
from appliance.audit.records import Actor
from appliance.audit.segments import Line, Place
from appliance.audit.verify import checkpoint_file, read_checkpoint, verify
from appliance.crypto import sign
from appliance.crypto.keyring import Key
from appliance.errors import AuditError

RECORDS = 200
TAIL = 9  # records behind the last checkpoint
SEED, STORE = b"\x01" * 32, "5e" * 16
PUBLIC = sign.public_key(SEED)
_LINK = re.compile(rb'"prev":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class Class:
    """How the changes of one kind fared."""

    what: str
    key: bool  # it takes the log's private key
    tries: int
    alone: int  # found without a witness
    named: int  # of these, with the number of the first bad record
    witnessed: int  # found with a witness

    @property
    def needs(self) -> str:
        """Who is needed to find all of them."""
        if self.alone == self.tries:
            return "nobody else"
        return "the witness" if self.witnessed == self.tries else "nobody finds all"


@dataclass(frozen=True, slots=True)
class Trial:
    """The bytes of a changed log, the first record that is bad, and the note that lies beside."""

    data: bytes
    bad: int
    note: bytes = b""  # empty: the one that was there


@dataclass(frozen=True, slots=True)
class Ground:
    """The logs that are changed, and a folder to verify in."""

    folder: Path
    lines: tuple[bytes, ...]  # of the signed log, with newlines
    note: bytes
    tailed: tuple[bytes, ...]  # the same with records behind the checkpoint
    other: tuple[bytes, ...]  # another history of the same size under the same key
    seen: Checkpoint  # by the witness: the signed log
    later: Checkpoint  # by the witness: the log with its tail

    def found(self, trial: Trial) -> tuple[bool, bool]:
        """Whether `verify` alone finds it, and names the first bad record."""
        (self.folder / "log" / "000000.jsonl").write_bytes(trial.data)
        checkpoint_file(self.folder).write_bytes(trial.note or self.note)
        try:
            verify(self.folder, PUBLIC)
        except AuditError as error:
            return True, f"record {trial.bad} " in error.message
        return False, False

    def contradicts(self, trial: Trial, seen: Checkpoint) -> bool:
        """Whether a log does not begin with what the witness saw."""
        leaves = [leaf_hash(line) for line in trial.data.split(b"\n")[:-1]]
        return len(leaves) < seen.size or root_of(leaves[: seen.size]) != seen.root


def ground(folder: Path) -> Ground:
    """Write the logs."""
    keys = SEED, Key(b"\x02" * 32), Key(b"\x03" * 32), STORE
    with AuditLog.create(folder / "b", *keys) as log:
        _fill(log, RECORDS)
    other = _lines(folder / "b")
    with AuditLog.create(folder / "a", *keys) as log:
        _fill(log, RECORDS)
    lines, note = _lines(folder / "a"), checkpoint_file(folder / "a").read_bytes()
    with AuditLog.open(folder / "a", *keys) as log:
        _fill(log, RECORDS + TAIL)
        tailed = _lines(folder / "a")
    shutil.copytree(folder / "a", folder / "tried")
    seen = read_checkpoint(folder / "tried", PUBLIC)
    later = Checkpoint(seen.origin, len(tailed), _root(tailed))
    signed = Checkpoint(seen.origin, len(lines), _root(lines))
    return Ground(folder / "tried", lines, note, tailed, other, signed, later)


def measure(where: Ground, draw: random.Random, bits: int = 0, share: int = 1) -> Iterator[Class]:
    """Try everything; ``bits`` of the 1-bit changes, or all of them; one in ``share`` of others."""
    yield _every_bit(where, draw, bits)
    for what, trials in _signed(where, draw).items():
        yield _tried(where, what, trials[::share], where.seen)
    for what, trials in _behind(where).items():
        yield _tried(where, what, trials, where.later)
    for what, trials in _with_key(where).items():
        yield replace(_tried(where, what, trials[::share], where.seen), key=True)


def table(classes: Sequence[Class]) -> str:
    """The matrix as a table."""
    lines = [
        "| change | takes the log key | tries | found alone | named | with a witness | needs |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for one in classes:
        key = "yes" if one.key else "no"
        counts = f"{one.tries} | {one.alone} | {one.named} | {one.witnessed}"
        lines.append(f"| {one.what} | {key} | {counts} | {one.needs} |")
    return "\n".join(lines)


def _fill(log: AuditLog, size: int) -> None:
    while log.size < size:
        intent = log.intent(Actor(1000, "Ana"), "ask", private={"question": f"what {log.size}?"})
        if log.size < size:
            log.outcome(intent, "done", counts={"statements": 2})


def _lines(folder: Path) -> tuple[bytes, ...]:
    return tuple((folder / "log" / "000000.jsonl").read_bytes().splitlines(keepends=True))


def _root(lines: Sequence[bytes]) -> bytes:
    return root_of([leaf_hash(line[:-1]) for line in lines])


def _every_bit(where: Ground, draw: random.Random, bits: int) -> Class:
    """Each bit on its own, from what is known above its line; some of them through the files."""
    data = b"".join(where.lines)
    every = range(len(data) * 8)
    chosen = sorted(draw.sample(every, bits)) if bits else every
    whole = set(draw.sample(list(chosen), min(len(chosen), 400)))
    named, last, above = 0, -1, Careful(where.seen, Place(where.folder, 1))
    starts = [0]
    for line in where.lines:
        starts.append(starts[-1] + len(line))
    for bit in chosen:
        at = bit // 8
        while last < 0 or at >= starts[last + 1]:
            last += 1
            if last:
                above.add(Line(where.folder, last, where.lines[last - 1][:-1]))
        changed = bytearray(data)
        changed[at] ^= 1 << bit % 8
        if bit in whole:
            named += where.found(Trial(bytes(changed), last))[1]
        else:
            named += f"record {last} " in _refusal(above, bytes(changed[starts[last] :]))
    return Class("1 bit", False, len(chosen), named, named, len(chosen))


def _refusal(above: Careful, rest: bytes) -> str:
    """What is said of a log that goes on with ``rest`` behind what is known."""
    careful = copy(above)
    careful.tree = CompactRange(above.tree.size, list(above.tree.peaks))
    careful.unanswered = dict(above.unanswered)
    at, number = 0, above.size
    try:
        while at < len(rest):
            end = rest.find(b"\n", at)
            whole, number = end >= 0, number + 1
            careful.add(Line(above.start.segment, number, rest[at : end if whole else None], whole))
            at = end + 1 if whole else len(rest)
        careful.finish()
    except AuditError as error:
        return error.message
    return ""


def _signed(where: Ground, draw: random.Random) -> dict[str, list[Trial]]:
    """Changes of what is under the checkpoint."""
    lines = list(where.lines)
    pairs = [sorted(draw.sample(range(RECORDS), 2)) for _ in range(300)]
    size = sum(map(len, lines))
    cuts = draw.sample(range(1, size), 300)
    return {
        "two neighbours swapped": [_swapped(lines, n, n + 1) for n in range(RECORDS - 1)],
        "any two swapped": [_swapped(lines, one, other) for one, other in pairs],
        "one dropped": [_joined([*lines[:n], *lines[n + 1 :]], n) for n in range(RECORDS)],
        "one doubled": [_joined([*lines[: n + 1], *lines[n:]], n + 1) for n in range(RECORDS)],
        "one of another history put in": [
            _joined([*lines[:n], _relinked(where.other[n], lines[n - 1]), *lines[n:]], n)
            for n in range(1, RECORDS)
        ],
        "one changed and all links behind it": [_rewritten(lines, n) for n in range(RECORDS)],
        "cut behind a record": [_joined(lines[:n], n) for n in range(RECORDS)],
        "cut inside a record": [
            Trial(b"".join(lines)[:cut], b"".join(lines).count(b"\n", 0, cut)) for cut in cuts
        ],
        "spliced into another history": [
            _joined([*lines[:n], *where.other[n:]], n) for n in range(1, RECORDS)
        ],
    }


def _behind(where: Ground) -> dict[str, list[Trial]]:
    """Changes of what no checkpoint covers yet; the witness saw it."""
    lines, first = list(where.tailed), len(where.lines)
    ends = range(first, first + TAIL)
    return {
        "behind the checkpoint: dropped inside": [
            _joined([*lines[:n], *lines[n + 1 :]], n) for n in ends[:-1]
        ],
        "behind the checkpoint: the end cut": [_joined(lines[:n], n) for n in ends],
        "behind the checkpoint: changed with its links": [_rewritten(lines, n) for n in ends],
    }


def _with_key(where: Ground) -> dict[str, list[Trial]]:
    """What only somebody can do who has the log's private key, or an older copy."""
    lines = list(where.lines)
    rewritten = [_rewritten(lines, n) for n in range(RECORDS)]
    return {
        "rewritten from a record on and signed anew": [_signed_anew(one) for one in rewritten],
        "another history of the same size": [_signed_anew(_joined(where.other, 1))],
        "an older copy put back": [
            _signed_anew(_joined(lines[:n], n)) for n in range(1, RECORDS, 10)
        ],
    }


def _tried(where: Ground, what: str, trials: Sequence[Trial], seen: Checkpoint) -> Class:
    found = [where.found(trial) for trial in trials]
    together = [
        alone or where.contradicts(trial, seen)
        for (alone, _), trial in zip(found, trials, strict=True)
    ]
    alone, named = sum(one for one, _ in found), sum(one for _, one in found)
    return Class(what, False, len(trials), alone, named, sum(together))


def _joined(lines: Sequence[bytes], bad: int) -> Trial:
    return Trial(b"".join(lines), bad)


def _swapped(lines: list[bytes], one: int, other: int) -> Trial:
    order = list(lines)
    order[one], order[other] = order[other], order[one]
    return _joined(order, one)


def _relinked(line: bytes, above: bytes) -> bytes:
    link = leaf_hash(above[:-1]).hex().encode()
    return _LINK.sub(b'"prev":"' + link + b'"', line)


def _rewritten(lines: list[bytes], at: int) -> Trial:
    """Another person did it, and every link behind it fits."""
    changed = [*lines[:at], re.sub(rb'"uid":[0-9]+', b'"uid":4711', lines[at], count=1)]
    for line in lines[at + 1 :]:
        changed.append(_relinked(line, changed[-1]))
    return _joined(changed, at)


def _signed_anew(trial: Trial) -> Trial:
    lines = trial.data.splitlines(keepends=True)
    checkpoint = Checkpoint(f"appliance.local/{STORE}", len(lines), _root(lines))
    return replace(trial, note=write_note(checkpoint, SEED))
