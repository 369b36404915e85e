"""The log read line by line: what each must be, what it must name, and which one is bad.

Each line must be a record in its one spelling, its number must be the next, it must name the hash
of the line before, and the Merkle root over the first lines must be the one in the signed
checkpoint.

The links between the lines serve to name the bad one.  Where a link is broken, either the line
that names the hash was damaged or the line that it names; the next link, or at the end the
checkpoint, tells which.  Where all behind it is one chain again, the checkpoint tells whether that
is the log with one line changed, or another history that was put behind the line before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from appliance.audit.checkpoint import Checkpoint
from appliance.audit.merkle import CompactRange, leaf_hash
from appliance.audit.records import LONGEST_LINE, NO_LINE
from appliance.audit.segments import Line, Place
from appliance.audit.spelling import LINE
from appliance.errors import AuditError

REMEDY = "keep a copy of the folder as it is, and ask who had access to it since the last check"


@dataclass(frozen=True, slots=True)
class _Doubt:
    """One of two lines is bad.

    If the next line names one of ``leaves``, or the checkpoint was made of one of ``trees``, the
    bad one is ``proven``; if neither, ``otherwise``.
    """

    leaves: tuple[bytes, ...]
    trees: tuple[CompactRange, ...]
    proven: tuple[Place, int]  # and the number of its record
    otherwise: tuple[Place, int]
    fork: _Fork | None = None

    def settle(self, named: str, checkpoint: Checkpoint) -> _Fork:
        by_link = any(leaf.hex() == named for leaf in self.leaves)
        signed = (checkpoint.size, checkpoint.root)
        by_root = any((tree.size, tree.root()) == signed for tree in self.trees)
        if self.fork and not by_link and not by_root and self.fork.goes_on(named, checkpoint):
            return self.fork
        place, seq = self.proven if by_link or by_root else self.otherwise
        _refuse(place, seq, "was changed or put in")


@dataclass(slots=True)
class _Fork:
    """A chain behind a broken link, and the tree there would be had only the line above changed."""

    tree: CompactRange
    last: str  # leaf hash of its last line
    changed: tuple[Place, int]  # the line above the broken link
    forked: tuple[Place, int]  # the line behind it

    def goes_on(self, named: str, checkpoint: Checkpoint) -> bool:
        """Whether what comes next belongs to this chain; raises where the checkpoint tells."""
        if self.tree.size == checkpoint.size:
            self.settle(checkpoint)
        return named == self.last and self.tree.size < checkpoint.size

    def add(self, line: Line, checkpoint: Checkpoint) -> None:
        leaf = leaf_hash(line.data)
        self.tree.append(leaf)
        self.last = leaf.hex()
        if self.tree.size == checkpoint.size:
            self.settle(checkpoint)

    def settle(self, checkpoint: Checkpoint) -> NoReturn:
        if self.tree.size != checkpoint.size or self.tree.root() == checkpoint.root:
            _refuse(*self.changed, "was changed or put in")
        _refuse(*self.forked, "does not follow the one above: it is of another history")


@dataclass(slots=True)
class Careful:
    """The log read again, line by line; after ``finish`` it is known to be whole.

    ``tree`` lags one line behind until then, so that it can stand for the log without the line
    that came last.  With ``tree``, ``size`` and ``leaf`` it goes on behind lines that are known.
    """

    checkpoint: Checkpoint
    start: Place  # where the first line stands
    tree: CompactRange = field(default_factory=CompactRange)
    size: int = 0
    leaf: str = NO_LINE  # of the line above the first one
    first: bytes = b""  # times of the first and the last line
    last: bytes = b""
    clock_steps_back: int = 0
    torn: Place | None = None  # a last line without its end
    torn_bytes: int = 0
    unanswered: dict[str, bytes] = field(default_factory=dict)  # lines of intents, by id
    bound: str = ""  # the root of the catalogue that was bound last
    _line: Line | None = None  # the last one, its leaf hash, and what it names
    _leaf: bytes = b""
    _prev: str = NO_LINE
    _doubt: _Doubt | None = None
    _fork: _Fork | None = None

    def add(self, line: Line) -> None:
        """Check one line and take it in.

        Raises:
            AuditError: names the first bad record.
        """
        if self.torn:
            _refuse(self.torn, self.size, "was cut")
        if not line.whole:
            self.torn, self.torn_bytes = line.place, len(line.data)
            return
        if self._fork:
            return self._fork.add(line, self.checkpoint)
        fields = LINE.fullmatch(line.data) if len(line.data) <= LONGEST_LINE else None
        prev = fields["prev"].decode() if fields else ""
        if self._doubt:
            self._fork = self._doubt.settle(prev, self.checkpoint)
            return self._fork.add(line, self.checkpoint)
        if not fields:
            _refuse(line.place, self.size, "is not an audit record")
        seq, kind, identity, of = fields.group("seq", "kind", "id", "of")
        time, root = fields.group("time", "root")
        if not self._follows(line, int(seq), prev):
            return
        self._advance()
        self._line, self._leaf, self._prev = line, leaf_hash(line.data), prev
        self.size += 1
        if kind == b"intent":
            self.unanswered[identity.decode()] = line.data
        elif kind == b"outcome":
            self.unanswered.pop(of.decode(), None)
        self.bound = root.decode() or self.bound
        self.clock_steps_back += time < self.last
        self.first, self.last = self.first or time, time

    def finish(self) -> None:
        """Check the end of the log.

        Raises:
            AuditError: names the first bad or missing record.
        """
        if self._doubt:
            (self._fork or self._doubt.settle("", self.checkpoint)).settle(self.checkpoint)
        self._advance()
        if self.size < self.checkpoint.size:
            place = self.torn or (self.place.next() if self._line else self.place)
            _refuse(place, self.size, f"is missing: {self.checkpoint.size} records were signed")

    @property
    def place(self) -> Place:
        """Where the last line stands, or where the first one would."""
        return self._line.place if self._line else self.start

    @property
    def last_leaf(self) -> str:
        """Leaf hash of the last line in hex: what the next line has to name."""
        return self._leaf.hex() if self._line else self.leaf

    def _follows(self, line: Line, seq: int, prev: str) -> bool:
        """Whether a line is the next one; where that is open, the doubt is kept for the next."""
        expected = self.last_leaf
        if seq == self.size and prev == expected:
            return True
        leaf = leaf_hash(line.data)
        if self._line and seq == self.size - 1 and prev == self._prev and leaf != self._leaf:
            self._doubt = self._two_of_one_number(line.place, leaf)
        elif seq != self.size:
            _refuse(line.place, self.size, f"is missing: this line has the number {seq}")
        elif not self._line:
            _refuse(line.place, self.size, "was changed")
        else:
            link = f'"prev":"{prev}"'.encode()
            restored = line.data.replace(link, f'"prev":"{expected}"'.encode())
            self._doubt = self._broken_link(line.place, leaf_hash(restored), leaf, prev)
        return False

    def _two_of_one_number(self, place: Place, leaf: bytes) -> _Doubt:
        """Two lines stand for one record: the one that the log goes on from is the right one."""
        seq = self.size - 1
        return _Doubt((leaf,), (self.tree.plus(leaf),), (self.place, seq), (place, seq))

    def _broken_link(self, place: Place, restored: bytes, leaf: bytes, named: str) -> _Doubt:
        """This line was changed if all else fits once its link is restored, or it is left out."""
        before, here = self.tree.plus(self._leaf), (place, self.size)
        above = (self.place, self.size - 1)
        unchanged = self.tree.plus(bytes.fromhex(named)).plus(leaf)
        return _Doubt(
            (restored, self._leaf),
            (before.plus(restored), before),
            here,
            above,
            _Fork(unchanged, leaf.hex(), above, here),
        )

    def _advance(self) -> None:
        """Let the tree take in the last line, and compare it where the checkpoint was made."""
        if self._line:
            self.tree.append(self._leaf)
        if self.tree.size == self.checkpoint.size and self.tree.root() != self.checkpoint.root:
            why = "was changed, or records before it were rewritten together with all their links"
            _refuse(self.place, max(self.size - 1, 0), f"does not fit the checkpoint: it {why}")


def _refuse(place: Place, seq: int, what: str) -> NoReturn:
    raise AuditError(f"{place}: record {seq} {what}", remedy=REMEDY)
