"""A cut word is joined as the document writes it elsewhere."""

from __future__ import annotations

import pytest

from appliance.formats.layout.hyphens import Hyphens

RARE = ["categories,", "forward-looking", "cate\ufffe"]


@pytest.mark.parametrize(
    ("cut", "joined"),
    [
        ("cate\ufffegories", "categories"),
        ("Forward\ufffelooking", "Forward-looking"),
        ("anti\ufffedilutive", "anti-dilutive"),
        ("13a\ufffe15(f)", "13a-15(f)"),
        ("left alone\ufffe", "left alone-"),
    ],
)
def test_where_cuts_are_rare_unknown_words_keep_the_hyphen(cut: str, joined: str) -> None:
    assert Hyphens(RARE, pages=30).resolve(cut) == joined


def test_where_cuts_are_frequent_unknown_words_lose_it() -> None:
    typeset = Hyphens(["devi\ufffe", "ana\ufffe", "forward-looking"], pages=1)

    assert typeset.resolve("devi\ufffeate in forward\ufffelooking Quarter\ufffeOver") == (
        "deviate in forward-looking Quarter-Over"
    )
