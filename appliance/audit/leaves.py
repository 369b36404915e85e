"""The leaf hashes of the whole log, kept so that one record's proof costs milliseconds.

The leaves lie in blocks of 256; a block that is full is a node of the tree (RFC 6962, 2.1, splits
at powers of two), so only the roots of the blocks and the leaves of one block are hashed for a
proof.  32 bytes a record.  Not safe for threads by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.audit.merkle import HASH_BYTES, inclusion_proof, root_of
from appliance.errors import AuditError

BLOCK = 256  # leaves; a power of two


@dataclass(slots=True)
class Leaves:
    """Leaf hashes by record number, from the first record on."""

    _hashes: bytearray = field(default_factory=bytearray)
    _roots: list[bytes] = field(default_factory=list)  # of the full blocks

    def __len__(self) -> int:
        return len(self._hashes) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """The hash of the next record."""
        self._hashes += leaf

    def leaf(self, index: int) -> bytes:
        """The hash of one record."""
        return bytes(self._hashes[index * HASH_BYTES : (index + 1) * HASH_BYTES])

    def first(self, count: int) -> bytes:
        """The first so many hashes, one after the other."""
        return bytes(self._hashes[: count * HASH_BYTES])

    def root(self, size: int) -> bytes:
        """Root of the tree over the first ``size`` records."""
        return root_of(self._blocks(size)) if size else root_of(())

    def path(self, index: int, size: int) -> tuple[bytes, ...]:
        """Audit path of one record in the tree over the first ``size`` (RFC 6962, 2.1.1).

        Raises:
            AuditError: there is no such record in such a tree.
        """
        if not 0 <= index < size <= len(self):
            raise AuditError(f"no leaf {index} in a tree of {size}")
        block = index // BLOCK
        inside = inclusion_proof(self._block(block, size), index % BLOCK)
        return (*inside, *inclusion_proof(self._blocks(size), block))

    def _blocks(self, size: int) -> list[bytes]:
        for number in range(len(self._roots), len(self) // BLOCK):
            self._roots.append(root_of(self._block(number, len(self))))
        full = self._roots[: size // BLOCK]
        return [*full, root_of(self._block(len(full), size))] if size % BLOCK else full

    def _block(self, number: int, size: int) -> list[bytes]:
        return [self.leaf(i) for i in range(number * BLOCK, min((number + 1) * BLOCK, size))]
