"""RFC 6962: the published proof vectors, and the tree against a second, naive writing of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.audit import merkle
from appliance.audit.checkpoint import Checkpoint, write_note
from appliance.audit.proofs import Levels
from appliance.carried import verify_audit, witness
from appliance.errors import AuditError

# a busy machine is no fault of the code
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

VECTORS = Path(__file__).parent.parent / "vectors" / "merkle"


def rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (VECTORS / name).read_text("utf-8").splitlines()]


def decoded(value: object) -> bytes:
    return base64.b64decode(str(value))


def hashes(value: object) -> list[bytes]:
    return [decoded(item) for item in value] if isinstance(value, list) else []


def number(value: object) -> int:
    assert isinstance(value, int)
    return value


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """Section 2.1 of RFC 6962, word for word, over the data of the leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def test_the_vectors_are_there() -> None:
    assert len(rows("inclusion.jsonl")) == 98
    assert len(rows("consistency.jsonl")) == 98


@pytest.mark.parametrize("row", rows("inclusion.jsonl"), ids=lambda row: str(row["_file"]))
def test_inclusion_vector(row: dict[str, object]) -> None:
    arguments = (
        number(row["leafIdx"]),
        number(row["treeSize"]),
        decoded(row["leafHash"]),
        hashes(row["proof"]),
        decoded(row["root"]),
    )
    if row["wantErr"]:
        with pytest.raises(AuditError):
            merkle.verify_inclusion(*arguments)
    else:
        merkle.verify_inclusion(*arguments)


GROWTH = [
    row for row in rows("consistency.jsonl") if 0 < number(row["size1"]) < number(row["size2"])
]


@pytest.mark.parametrize("row", GROWTH, ids=lambda row: str(row["_file"]))
def test_consistency_vector(row: dict[str, object]) -> None:
    """Both programs that check growth elsewhere say what the vectors say."""
    old, new = number(row["size1"]), number(row["size2"])
    first, second, proof = decoded(row["root1"]), decoded(row["root2"]), hashes(row["proof"])
    before, after = kept(old, first), kept(new, second)
    with pytest.raises(witness.Refused) if row["wantErr"] else nullcontext():
        witness.check_growth(old, first, new, second, proof)
    with pytest.raises(verify_audit.Bad) if row["wantErr"] else nullcontext():
        verify_audit.check_growth(before, after, proof)


def kept(size: int, root: bytes) -> verify_audit.Note:
    point = Checkpoint("a.log", size, merkle.EMPTY_ROOT)
    note = verify_audit.Note(write_note(point, bytes(32)), "kept")
    note.root = root  # some vectors have one of another length
    return note


def test_compact_range_equals_the_definition_for_every_size_to_300() -> None:
    data: list[bytes] = []
    tree = merkle.CompactRange()
    for size in range(301):
        assert tree.size == size
        assert tree.root() == naive_root(data)
        data.append(f"line {size}".encode())
        tree.append(merkle.leaf_hash(data[-1]))


def test_every_proof_of_every_tree_to_40_leaves_verifies() -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(40)]
    for size in range(1, 41):
        root = merkle.root_of(leaves[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(leaves[:size], index)
            merkle.verify_inclusion(index, size, leaves[index], proof, root)
        for old in range(1, size):
            steps = list(Levels.over(b"".join(leaves[:size])).consistency(old))
            witness.check_growth(old, merkle.root_of(leaves[:old]), size, root, steps)


@CALM
@given(st.data())
def test_a_flipped_bit_of_a_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 60))
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof = list(merkle.inclusion_proof(leaves, index))
    step = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    damaged = bytearray(proof[step])
    damaged[bit // 8] ^= 1 << bit % 8
    proof[step] = bytes(damaged)
    with pytest.raises(AuditError):
        merkle.verify_inclusion(index, size, leaves[index], proof, merkle.root_of(leaves))


def test_one_leaf_more_leaves_the_range_as_it_was() -> None:
    tree = merkle.CompactRange()
    tree.append(merkle.leaf_hash(b"a"))
    longer = tree.plus(merkle.leaf_hash(b"b"))
    assert tree.root() == merkle.root_of([merkle.leaf_hash(b"a")])
    assert longer.root() == merkle.root_of([merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")])


@pytest.mark.parametrize("index", [-1, 3])
def test_no_proof_for_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(AuditError):
        merkle.inclusion_proof([merkle.leaf_hash(b"x")] * 3, index)
