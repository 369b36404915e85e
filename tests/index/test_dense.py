"""Exact search among permitted vectors, and the guard behind it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.errors import InvariantBroken
from appliance.index.dense import DenseIndex

DIMENSIONS = 8


def vectors(count: int, seed: int = 0, distinct: int | None = None) -> NDArray[np.float16]:
    """Random unit vectors; with ``distinct``, drawn from so many different ones."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((distinct or count, DIMENSIONS))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    picked = rows if distinct is None else rows[random.integers(0, distinct, count)]
    return picked.astype(np.float16)


def index_of(rows: NDArray[np.float16]) -> DenseIndex:
    index = DenseIndex(DIMENSIONS)
    index.add(rows)
    return index


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 30), st.floats(0, 1), st.integers(0, 99))
def test_the_best_permitted_vectors_are_found(
    count: int, limit: int, share: float, seed: int
) -> None:
    rows = vectors(count, seed, distinct=max(1, count // 3))
    permitted = np.random.default_rng(seed).random(count) < share
    query = vectors(1, seed + 1)[0].astype(np.float32)
    slots, scores = index_of(rows).nearest(query, permitted, limit)
    exact = np.where(permitted, rows.astype(np.float64) @ query.astype(np.float64), -np.inf)
    available = int(permitted.sum())
    assert len(slots) >= min(limit, available)
    assert permitted[slots].all()
    assert scores == pytest.approx(exact[slots], abs=1e-6)
    if len(slots) < available:
        left = permitted.copy()
        left[slots] = False
        assert exact[left].max() < scores.min() + 1e-6


def test_all_that_tie_with_the_last_come_along() -> None:
    rows = np.repeat(vectors(2), [3, 500], axis=0)
    query = rows[-1].astype(np.float32)
    slots, _ = index_of(rows).nearest(query, np.ones(503, np.bool_), 4)
    assert sorted(slots.tolist()) == list(range(3, 503))


def test_nothing_permitted_is_nothing_found() -> None:
    slots, scores = index_of(vectors(9)).nearest(
        vectors(1)[0].astype(np.float32), np.zeros(9, np.bool_), 3
    )
    assert len(slots) == len(scores) == 0


def test_removal_closes_the_gap() -> None:
    rows = vectors(30)
    index = index_of(rows)
    index.remove(10, 20)
    slots, _ = index.nearest(rows[25].astype(np.float32), np.ones(20, np.bool_), 1)
    assert len(index) == 20
    assert slots[0] == 15


@pytest.mark.parametrize(
    ("query", "bits", "limit"), [((7,), 5, 1), ((8,), 4, 1), ((8,), 5, 0), ((1, 8), 5, 1)]
)
def test_wrong_shapes_are_refused(query: tuple[int, ...], bits: int, limit: int) -> None:
    with pytest.raises(ValueError, match=r"needed|finite"):
        index_of(vectors(5)).nearest(np.zeros(query, np.float32), np.ones(bits, np.bool_), limit)


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        index_of(vectors(5)).nearest(np.full(8, np.nan, np.float32), np.ones(5, np.bool_), 1)
    with pytest.raises(ValueError, match="dimensions"):
        index_of(np.zeros((2, 9), np.float16))


class Careless(DenseIndex):
    """A test double of a FAISS that forgets the selector, as 1.15.1 does on one of its paths."""

    def _search(
        self, vector: NDArray[np.float32], permitted: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return super()._search(vector, np.ones_like(permitted), count)


class Forgetful(DenseIndex):
    """A test double of a FAISS that returns fewer results than there are."""

    def _search(
        self, vector: NDArray[np.float32], permitted: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        slots, scores = super()._search(vector, permitted, count)
        slots[-1] = -1
        return slots, scores


@pytest.mark.parametrize("kind", [Careless, Forgetful])
def test_a_result_that_is_not_permitted_stops_everything(kind: type[DenseIndex]) -> None:
    index = kind(DIMENSIONS)
    index.add(vectors(50))
    permitted = np.zeros(50, np.bool_)
    permitted[:5] = True
    with pytest.raises(InvariantBroken):
        index.nearest(vectors(1, 7)[0].astype(np.float32), permitted, 3)
