"""BM25 over permitted chunks, against the formula written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.index.lexical import K1, B, LexicalIndex, Permitted
from appliance.index.terms import postings_of, query_terms, tokenise

TEXTS = st.lists(st.text(alphabet="abcd ", max_size=12), min_size=1, max_size=5)


def plainly(query: str, texts: list[str], allowed: list[bool]) -> dict[int, float]:
    """BM25 by the book, one chunk at a time."""
    words = [list(tokenise(text)) for text in texts]
    seen = [number for number, admitted in enumerate(allowed) if admitted]
    average = sum(len(words[number]) for number in seen) / len(seen) if seen else 0
    scores: dict[int, float] = {}
    for term in set(tokenise(query)):
        holding = [number for number in seen if term in words[number]]
        rarity = math.log(1 + (len(seen) - len(holding) + 0.5) / (len(holding) + 0.5))
        for number in holding:
            count = words[number].count(term)
            norm = K1 * (1 - B + B * len(words[number]) / average)
            scores[number] = scores.get(number, 0) + rarity * (K1 + 1) * count / (count + norm)
    return scores


def index_of(documents: list[list[str]]) -> tuple[LexicalIndex, list[str]]:
    index = LexicalIndex()
    texts: list[str] = []
    for document in documents:
        index.add(len(texts), postings_of(document))
        texts += document
    return index, texts


def permitted(texts: list[str], allowed: list[bool]) -> Permitted:
    lengths = np.array([len(list(tokenise(text))) for text in texts], dtype=np.uint32)
    return Permitted.of(np.array(allowed, dtype=np.bool_), lengths)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8), st.data())
def test_scores_are_those_of_the_formula(documents: list[list[str]], data: st.DataObject) -> None:
    index, texts = index_of(documents)
    allowed = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    query = data.draw(st.text(alphabet="abcde ", max_size=12))
    slots, scores = index.scores(query_terms(query), permitted(texts, allowed))
    expected = plainly(query, texts, allowed)
    assert dict(zip(slots.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=8), st.data())
def test_a_removed_document_leaves_no_trace(
    documents: list[list[str]], data: st.DataObject
) -> None:
    index, texts = index_of(documents)
    gone = data.draw(st.integers(0, len(documents) - 1))
    if data.draw(st.booleans()):  # with the segments merged, and without
        index.scores(query_terms("a"), permitted(texts, [True] * len(texts)))
    begin = sum(len(document) for document in documents[:gone])
    index.remove(begin, begin + len(documents[gone]))
    fresh, left = index_of(documents[:gone] + documents[gone + 1 :])
    everything = permitted(left, [True] * len(left))
    for query in ("a b", "c", "d aa abcd"):
        ours, theirs = (i.scores(query_terms(query), everything) for i in (index, fresh))
        assert ours[0].tolist() == theirs[0].tolist()
        assert ours[1].tolist() == theirs[1].tolist()


def test_many_small_documents_end_in_few_segments() -> None:
    index = LexicalIndex()
    everything = permitted(["a"], [True])
    for number in range(200):
        index.add(number, postings_of(["a b"]))
        everything = permitted(["a b"] * (number + 1), [True] * (number + 1))
        index.scores(query_terms("a"), everything)
    assert len(index._segments) <= 8
    assert len(index.scores(query_terms("a"), everything)[0]) == 200


def test_an_index_without_documents_answers_nothing() -> None:
    slots, scores = LexicalIndex().scores(query_terms("a"), permitted([], []))
    assert len(slots) == len(scores) == 0


def test_a_term_counts_as_much_as_its_weight() -> None:
    texts = ["rent lease", "rent", "fee"]
    index = LexicalIndex()
    index.add(0, postings_of(texts))
    terms, everything = query_terms("rent lease"), permitted(texts, [True] * 3)
    _, once = index.scores(terms, everything)
    _, twice = index.scores(terms, everything, np.array([2.0, 2.0]))
    np.testing.assert_allclose(twice, 2 * once)
    _, by_one = index.scores(terms, everything, np.where(terms == query_terms("rent"), 1.0, 1e-9))
    np.testing.assert_allclose(by_one, index.scores(query_terms("rent"), everything)[1], rtol=1e-6)
