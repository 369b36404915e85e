"""Reciprocal rank fusion: one ranking out of several (Cormack, Clarke and Büttcher, SIGIR 2009).

Only places in the rankings count, not the scores behind them, so that rankings of different kinds
need no common scale.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

K = 60  # the constant of the paper: how little the very first places stand out

Item = TypeVar("Item", bound=Hashable)


def fuse(rankings: Sequence[Sequence[Item]], k: int = K) -> dict[Item, float]:
    """The score of each item: the sum of ``1 / (k + place)`` over the rankings, places from 1.

    Summed in the order of ``rankings``, so that equal rankings give equal scores to the last bit.
    """
    scores: dict[Item, float] = {}
    for ranking in rankings:
        for place, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (k + place)
    return scores
