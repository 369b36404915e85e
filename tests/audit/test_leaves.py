"""Proofs from blocks of leaves are those of the plain tree."""

from __future__ import annotations

import pytest

from appliance.audit.leaves import BLOCK, Leaves
from appliance.audit.merkle import inclusion_proof, leaf_hash, root_of, verify_inclusion
from appliance.errors import AuditError

HASHES = [leaf_hash(bytes([n & 255, n >> 8])) for n in range(3 * BLOCK + 7)]


@pytest.fixture(scope="module")
def leaves() -> Leaves:
    made = Leaves()
    for leaf in HASHES:
        made.append(leaf)
    return made


@pytest.mark.parametrize(
    "size", [1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK, 3 * BLOCK + 7]
)
def test_roots_and_paths_are_those_of_the_plain_tree(leaves: Leaves, size: int) -> None:
    assert leaves.root(size) == root_of(HASHES[:size])
    for index in {0, size // 2, size - 1}:
        path = leaves.path(index, size)
        assert path == inclusion_proof(HASHES[:size], index)
        verify_inclusion(index, size, HASHES[index], path, leaves.root(size))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, len(HASHES) + 1)])
def test_no_path_where_there_is_no_record(leaves: Leaves, index: int, size: int) -> None:
    with pytest.raises(AuditError):
        leaves.path(index, size)
