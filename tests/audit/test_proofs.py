"""Proofs from all levels at once: the same as the tree's own, for every size and leaf."""

from __future__ import annotations

import pytest

from appliance.audit.merkle import CompactRange, inclusion_proof, leaf_hash, root_of
from appliance.audit.proofs import Levels
from appliance.carried import witness
from appliance.errors import AuditError

LEAVES = [leaf_hash(b"%d" % n) for n in range(70)]


def test_every_size_gives_the_tree_s_own_proofs() -> None:
    for size in range(1, len(LEAVES) + 1):
        leaves = LEAVES[:size]
        levels = Levels.over(b"".join(leaves))
        assert levels.root() == root_of(leaves)
        for at in range(size):
            assert tuple(n.hash for n in levels.path(at)) == inclusion_proof(leaves, at)
        assert levels.consistency(size) == ()


def test_paths_give_each_node_once_and_all_that_are_needed() -> None:
    levels = Levels.over(b"".join(LEAVES))
    wanted = (3, 4, 40, 69)
    nodes = list(levels.paths(wanted))
    places = [(n.level, n.index) for n in nodes]
    assert len(places) == len(set(places))
    assert set(nodes) == {node for at in wanted for node in levels.path(at)}


def test_nothing_outside_the_tree() -> None:
    levels = Levels.over(b"".join(LEAVES[:5]))
    assert Levels.over(b"").root() == root_of([])
    for wrong in (-1, 5):
        with pytest.raises(AuditError):
            next(levels.path(wrong))
    for wrong in (0, 6):
        with pytest.raises(AuditError):
            levels.consistency(wrong)


def test_a_proof_of_another_history_does_not_verify() -> None:
    other = Levels.over(b"".join([LEAVES[1], *LEAVES[1:50]]))
    proof = list(other.consistency(20))
    with pytest.raises(witness.Refused):
        witness.check_growth(20, root_of(LEAVES[:20]), 50, other.root(), proof)


def test_what_was_kept_of_removed_records_is_enough_for_the_others() -> None:
    whole = Levels.over(b"".join(LEAVES))
    for first in range(1, len(LEAVES) + 1):
        removed = CompactRange()
        for leaf in LEAVES[:first]:
            removed.append(leaf)
        rest = Levels.over(b"".join(LEAVES[first:]), removed)
        assert (rest.size, rest.root()) == (whole.size, whole.root())
        for at in range(first, whole.size):
            assert tuple(rest.path(at)) == tuple(whole.path(at))
        assert rest.consistency(first) == whole.consistency(first)
        with pytest.raises(AuditError):
            next(rest.path(first - 1))


def test_growth_since_a_removed_record_cannot_always_be_shown() -> None:
    removed = CompactRange()
    for leaf in LEAVES[:32]:
        removed.append(leaf)
    rest = Levels.over(b"".join(LEAVES[32:]), removed)
    with pytest.raises(AuditError, match="were removed"):
        rest.consistency(5)
