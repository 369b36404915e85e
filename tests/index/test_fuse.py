"""Reciprocal rank fusion."""

from __future__ import annotations

from appliance.index.fuse import fuse


def test_an_item_gets_a_share_from_each_ranking_it_stands_in() -> None:
    scores = fuse((["a", "b"], ["b", "c"]), k=60)
    assert scores == {"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62}


def test_what_stands_in_both_comes_before_what_stands_first_in_one() -> None:
    scores = fuse((["a", "x"], ["b", "x"]))
    assert max(scores, key=lambda item: scores[item]) == "x"


def test_nothing_fused_is_nothing() -> None:
    assert fuse(([], [])) == {}
