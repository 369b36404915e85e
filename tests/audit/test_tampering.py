"""A part of the tamper matrix; `scripts/faults tampering` tries all of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from scripts.faulting import tampering
from scripts.faulting.tampering import Class, Trial

# What nobody finds without a witness, and why.
NEED_THE_WITNESS = {
    "behind the checkpoint: the end cut",  # nothing says that there was more
    "behind the checkpoint: changed with its links",  # not signed yet
    "rewritten from a record on and signed anew",  # the signature is good
    "another history of the same size",
    "an older copy put back",
}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Class]:
    where = tampering.ground(tmp_path_factory.mktemp("tampering"))
    draw = random.Random(11)  # noqa: S311 - no secret
    return {one.what: one for one in tampering.measure(where, draw, bits=1000, share=20)}


def test_everything_is_found_with_a_witness(matrix: dict[str, Class]) -> None:
    assert [one for one in matrix.values() if one.witnessed != one.tries] == []


def test_what_needs_the_witness_is_known(matrix: dict[str, Class]) -> None:
    assert {what for what, one in matrix.items() if one.needs != "nobody else"} == NEED_THE_WITNESS
    for what in NEED_THE_WITNESS:
        assert matrix[what].alone == 0, what


def test_what_is_found_alone_is_named_by_its_number(matrix: dict[str, Class]) -> None:
    unnamed = {"one changed and all links behind it"}  # the checkpoint says that, not where
    for what, one in matrix.items():
        if what not in unnamed:
            assert one.named == one.alone, one


def test_two_histories_of_one_size_are_both_refused(tmp_path: Path) -> None:
    where = tampering.ground(tmp_path)
    for history in (1, 2):
        rewritten = tampering._rewritten(list(where.lines), 100 + history)
        fork = tampering._signed_anew(rewritten)
        assert where.found(fork) == (False, False)
        assert where.contradicts(fork, where.seen)
    assert not where.contradicts(Trial(b"".join(where.lines), 0), where.seen)
    assert not where.contradicts(Trial(b"".join(where.tailed), 0), where.seen)  # it grew
