"""All levels of the Merkle tree at once, for proofs about many records in one go.

A node ``(level, index)`` stands for the leaves from ``index << level`` up to, not including,
``(index + 1) << level``, cut at the size of the tree.  A node without a right half is its left
half carried up, which gives the tree of RFC 6962, section 2.1.  Where the first records were
removed, the peaks that were kept of them stand for them: proofs about later records need no more.
Pure; a million leaves take about 64 MB and a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from appliance.audit.merkle import EMPTY_ROOT, HASH_BYTES, CompactRange, node_hash
from appliance.errors import AuditError


@dataclass(frozen=True, slots=True)
class Node:
    """One hash of the tree, and where it stands."""

    level: int
    index: int
    hash: bytes

    def line(self) -> str:
        """As a proof file has it: level, index, 64 hex digits."""
        return f"{self.level} {self.index} {self.hash.hex()}\n"


@dataclass(frozen=True, slots=True)
class Levels:
    """The tree over the first ``size`` records."""

    size: int
    first: int  # number of the first record that is there
    begins: tuple[int, ...]  # index of the first node of each row
    rows: tuple[bytes, ...]  # hashes of one level each, one after the other; leaves first

    @classmethod
    def over(cls, leaves: bytes, removed: CompactRange | None = None) -> Self:
        """The tree over leaf hashes, 32 bytes each, one after the other.

        Args:
            leaves: of the records that are there.
            removed: what was kept of the records before them.
        """
        peaks, first = (list(removed.peaks), removed.size) if removed else ([], 0)
        size = first + len(leaves) // HASH_BYTES
        row, begin, rows, begins = leaves, first, [], []
        while True:
            if begin & 1:  # then the node before is a peak, for its level is a bit of ``first``
                row, begin = peaks.pop() + row, begin - 1
            rows.append(row)
            begins.append(begin)
            if not begin and len(row) <= HASH_BYTES:
                return cls(size, first, tuple(begins), tuple(rows))
            row, begin = _above(row), begin >> 1

    def root(self) -> bytes:
        """Root over all leaves."""
        return self.rows[-1] or EMPTY_ROOT

    def hash(self, level: int, index: int) -> bytes:
        """The hash of one node; empty where it would stand for no leaf."""
        at = index - self.begins[level]
        return self.rows[level][at * HASH_BYTES : (at + 1) * HASH_BYTES] if at >= 0 else b""

    def path(self, leaf: int) -> Iterator[Node]:
        """The siblings from a leaf up to the root (RFC 6962, 2.1.1).

        Raises:
            AuditError: there is no such leaf, or it was removed.
        """
        if not self.first <= leaf < self.size:
            raise AuditError(f"no record {leaf} between {self.first} and {self.size}")
        for level in range(len(self.rows) - 1):
            index = (leaf >> level) ^ 1
            sibling = self.hash(level, index)
            if sibling:
                yield Node(level, index, sibling)

    def paths(self, leaves: Iterable[int]) -> Iterator[Node]:
        """The siblings of several leaves, each node once: every leaf can be checked alone.

        Raises:
            AuditError: one of the leaves is not there.
        """
        below = sorted(set(leaves))
        if below and not self.first <= below[0] <= below[-1] < self.size:
            raise AuditError(f"records are from {self.first} to {self.size}")
        for level in range(len(self.rows) - 1):
            for at in below:
                sibling = self.hash(level, at ^ 1)
                if sibling:
                    yield Node(level, at ^ 1, sibling)
            below = list(dict.fromkeys(at >> 1 for at in below))

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Proof that the tree over the first ``old`` leaves is a prefix (RFC 6962, 2.1.2).

        Raises:
            AuditError: ``old`` is not between 1 and the size, or what would show it was removed.
        """
        if not 1 <= old <= self.size:
            raise AuditError(f"no tree of {old} leaves inside one of {self.size}")
        proof = tuple(self._between(old, 0, self.size, whole=True))
        if not all(proof):
            raise AuditError(
                f"records before {self.first} were removed, {old} were seen",
                remedy="a witness has to look again before its records are removed",
            )
        return proof

    def _between(self, old: int, begin: int, end: int, *, whole: bool) -> Iterator[bytes]:
        if old == end:
            if not whole:
                yield self._over(begin, end)
            return
        split = begin + (1 << ((end - begin - 1).bit_length() - 1))
        if old <= split:
            yield from self._between(old, begin, split, whole=whole)
            yield self._over(split, end)
        else:
            yield from self._between(old, split, end, whole=False)
            yield self._over(begin, split)

    def _over(self, begin: int, end: int) -> bytes:
        """Root over a part that is a node of this tree: begins at a multiple of its span."""
        level = (end - begin - 1).bit_length()
        return self.hash(level, begin >> level)


def _above(row: bytes) -> bytes:
    """The level above: pairs hashed, a last one without a pair carried up."""
    pair = 2 * HASH_BYTES
    above = bytearray()
    for at in range(0, len(row) - HASH_BYTES, pair):
        above += node_hash(row[at : at + HASH_BYTES], row[at + HASH_BYTES : at + pair])
    if len(row) % pair:
        above += row[-HASH_BYTES:]
    return bytes(above)
