"""The Merkle tree of the audit log: RFC 6962, section 2.1, over SHA-256.

A leaf is one line of the log without its newline.  Leaves and nodes are hashed with different
first bytes, so that a node can never be passed off as a leaf.  Nothing here reads or writes a
file.  Everything that checks, raises: no result has to be looked at to be safe.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from appliance.errors import AuditError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
_BLOCK = 256  # leaves that are hashed level by level


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf: SHA-256(0x00 || data), 32 bytes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right), 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class CompactRange:
    """The few hashes that stand for all leaves so far: one per set bit of ``size``.

    ``peaks`` holds the roots of the perfect subtrees, the largest first.  Appending costs one
    leaf's worth of node hashes on average, the root at most one per peak.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self._carry(leaf, 1)

    def root(self) -> bytes:
        """Root over all leaves so far; SHA-256 of nothing where there are none."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add the hashes of the next leaves; by the thousand this takes half the time."""
        at, count = 0, len(leaves)
        while at < count and self.size & (_BLOCK - 1):
            self.append(leaves[at])
            at += 1
        while count - at >= _BLOCK:
            row = leaves[at : at + _BLOCK]
            while len(row) > 1:
                pairs = zip(row[::2], row[1::2], strict=True)
                row = [sha256(b"\x01" + one + other).digest() for one, other in pairs]
            self._carry(row[0], _BLOCK)
            at += _BLOCK
        for leaf in leaves[at:]:
            self.append(leaf)

    def plus(self, leaf: bytes) -> CompactRange:
        """An independent range with one more leaf."""
        longer = CompactRange(self.size, list(self.peaks))
        longer.append(leaf)
        return longer

    def _carry(self, node: bytes, leaves: int) -> None:
        """Add the root of a perfect subtree over the next ``leaves``, a power of two."""
        below = self.size // leaves
        while below & 1:
            node = node_hash(self.peaks.pop(), node)
            below >>= 1
        self.peaks.append(node)
        self.size += leaves


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes, computed at once."""
    tree = CompactRange()
    tree.extend(leaves)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Audit path of leaf ``index`` (RFC 6962, 2.1.1), from the leaf's sibling upwards.

    Raises:
        AuditError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise AuditError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), root_of(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split]))


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that ``leaf`` is leaf number ``index`` of the tree with this size and root.

    The walk is that of RFC 9162, 2.1.3.2: it accepts exactly one length of proof.

    Raises:
        AuditError: the proof does not show it.
    """
    if not 0 <= index < size:
        raise AuditError(f"inclusion: no leaf {index} in a tree of {size}")
    if len(leaf) != HASH_BYTES:
        raise AuditError("inclusion: the leaf's hash has the wrong length")
    at, last, node = index, size - 1, leaf
    for step in proof:
        if last == 0 or len(step) != HASH_BYTES:
            raise AuditError("inclusion: the proof has the wrong shape")
        if at & 1 or at == last:
            node = node_hash(step, node)
            at, last = _to_left_turn(at, last)
        else:
            node = node_hash(node, step)
        at, last = at >> 1, last >> 1
    if last:
        raise AuditError("inclusion: the proof is too short")
    if not hmac.compare_digest(node, root):
        raise AuditError("inclusion: the hashes do not match")


def _to_left_turn(at: int, last: int) -> tuple[int, int]:
    """Skip the levels on which this node has no sibling: it is carried up unchanged."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
