"""The index in memory: what is added is found, what is removed is gone, under a scope only."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest

from appliance.documents import DocumentId, Span
from appliance.index.memory import DEPTH, Hit, MemoryIndex
from tests.index.doubles import DIMENSIONS, WordVectors, document_id, payload_of, scope_of

LEASE, NOTE, BILL = document_id(1), document_id(2), document_id(3)


@pytest.fixture
def index() -> MemoryIndex:
    built = MemoryIndex(DIMENSIONS)
    built.add(LEASE, payload_of("the lease ends in june", "rent is 1,200.00 a month"))
    built.add(NOTE, payload_of("the patient sleeps well", "no known allergies"))
    built.add(BILL, payload_of("invoice INV-7 of june", "total 99.50"))
    return built


def ask(index: MemoryIndex, query: str, *documents: str, limit: int = 10) -> tuple[Hit, ...]:
    scope = scope_of(*(document_id(int(name, 16)) for name in documents))
    return index.search(query, WordVectors().embed_query(query), scope, limit)


def test_words_numbers_and_identifiers_are_found(index: MemoryIndex) -> None:
    for query, document, begin in (
        ("patient sleeps", NOTE, 0),
        ("1200.00", LEASE, 24),
        ("inv-7", BILL, 0),
    ):
        first = ask(index, query, LEASE, NOTE, BILL)[0]
        assert (first.document, first.chunk.span.begin) == (document, begin)


def test_only_the_scope_is_searched(index: MemoryIndex) -> None:
    hits = ask(index, "june", LEASE, NOTE)
    assert {hit.document for hit in hits} == {LEASE, NOTE}
    assert hits[0].document == LEASE
    assert hits[0].chunk.span == Span(0, 22)


def test_an_empty_or_unknown_scope_finds_nothing(index: MemoryIndex) -> None:
    assert ask(index, "june") == ()
    assert ask(index, "june", document_id(99)) == ()


def test_there_is_no_search_without_a_scope() -> None:
    scope = inspect.signature(MemoryIndex.search).parameters["scope"]
    assert scope.default is inspect.Parameter.empty
    assert scope.annotation == "Scope"


def test_scores_fall_and_the_limit_holds(index: MemoryIndex) -> None:
    hits = ask(index, "june invoice", LEASE, NOTE, BILL)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert ask(index, "june invoice", LEASE, NOTE, BILL, limit=2) == hits[:2]
    with pytest.raises(ValueError, match="at least one"):
        ask(index, "june", LEASE, limit=0)


def test_a_removed_document_is_gone(index: MemoryIndex) -> None:
    index.remove(LEASE)
    assert LEASE not in index
    assert {hit.document for hit in ask(index, "june", LEASE, NOTE, BILL)} == {NOTE, BILL}
    first = ask(index, "allergies", LEASE, NOTE, BILL)[0]
    assert (first.document, first.chunk.span.begin) == (NOTE, 25)
    index.remove(LEASE)  # nothing happens


def test_a_document_added_again_is_replaced(index: MemoryIndex) -> None:
    index.add(LEASE, payload_of("a new version about sailing"))
    assert [hit.document for hit in ask(index, "sailing", LEASE)] == [LEASE]
    fresh = MemoryIndex(DIMENSIONS)
    fresh.add(LEASE, payload_of("a new version about sailing"))
    assert ask(index, "sailing", LEASE) == ask(fresh, "sailing", LEASE)


def test_the_same_scope_sees_each_change(index: MemoryIndex) -> None:
    every = (LEASE, NOTE, BILL)
    ask(index, "june", *every)
    index.remove(NOTE)
    assert NOTE not in {hit.document for hit in ask(index, "allergies", *every)}
    index.add(NOTE, payload_of("allergic to penicillin"))
    assert ask(index, "penicillin", *every)[0].document == NOTE


@pytest.mark.parametrize(("far", "near"), [(LEASE, NOTE), (NOTE, LEASE)])
def test_equal_places_in_both_rankings_stand_as_they_do_by_meaning(far: str, near: str) -> None:
    """Whichever ids were drawn: the same documents in another store stand in the same order."""
    lease, note = payload_of("june"), payload_of("june and the other words")
    by_meaning_last, by_meaning_first = np.eye(2, DIMENSIONS, dtype=np.float16)
    index = MemoryIndex(DIMENSIONS)
    index.add(DocumentId(near), replace(note, vectors=by_meaning_first[np.newaxis]))
    index.add(DocumentId(far), replace(lease, vectors=by_meaning_last[np.newaxis]))
    query = by_meaning_first.astype(np.float32)
    first, second = index.search("june", query, scope_of(LEASE, NOTE), 2)
    assert first.score == second.score
    assert (first.document, second.document) == (near, far)


def test_equal_scores_stand_in_the_order_of_document_and_chunk() -> None:
    index = MemoryIndex(DIMENSIONS)
    for number in (5, 1, 4, 2, 3):
        index.add(document_id(number), payload_of(*["the same words"] * 40))
    wanted = [document_id(n) for n in range(1, 6)]
    hits = ask(index, "the same words", *wanted, limit=DEPTH + 20)
    places = [(hit.document, hit.chunk.span) for hit in hits]
    assert places == sorted(places)
    assert len(places) == DEPTH + 20


def test_a_query_without_words_is_answered_by_meaning_alone(index: MemoryIndex) -> None:
    assert len(ask(index, "...", LEASE, NOTE, BILL)) == 6


def test_an_index_without_documents_finds_nothing() -> None:
    assert ask(MemoryIndex(DIMENSIONS), "june", LEASE) == ()


def test_a_document_without_chunks_does_no_harm(index: MemoryIndex) -> None:
    empty = document_id(9)
    before = ask(index, "june", LEASE, BILL)
    index.add(empty, payload_of())
    assert ask(index, "june", LEASE, BILL, empty) == before
    index.remove(empty)
    assert ask(index, "june", LEASE, BILL, empty) == before
