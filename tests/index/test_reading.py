"""What of a ranking is read: a budget in characters, neighbours joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import Chunk, Span
from appliance.index.memory import Hit
from appliance.index.reading import joined, within
from tests.index.doubles import document_id

HEAD, OTHER = Span(0, 4), Span(500, 504)


def hit(document: int, number: int, score: float = 1.0, length: int = 100) -> Hit:
    begin = 100 * number
    heading = HEAD if number < 5 else OTHER
    return Hit(document_id(document), Chunk(Span(begin, begin + length), heading), score, number)


def test_neighbours_are_joined_at_the_better_place() -> None:
    hits = (hit(1, 4, 0.9), hit(2, 1, 0.8), hit(1, 2, 0.7), hit(1, 3, 0.6))
    first, second = joined(hits)
    assert (first.document, first.chunk.span, first.score) == (document_id(1), Span(200, 500), 0.9)
    assert first.chunk.heading == HEAD
    assert second == hits[1]


def test_the_same_number_of_another_document_is_no_neighbour() -> None:
    hits = (hit(1, 2), hit(2, 3), hit(1, 4))
    assert joined(hits) == hits


HITS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), unique=True).map(
    lambda places: tuple(hit(document, number) for document, number in places)
)


@given(HITS)
def test_joining_keeps_every_character(hits: tuple[Hit, ...]) -> None:
    def characters(some: tuple[Hit, ...]) -> set[tuple[str, int]]:
        return {
            (h.document, at) for h in some for at in range(h.chunk.span.begin, h.chunk.span.end)
        }

    made = joined(hits)
    assert characters(made) == characters(hits)
    assert sum(h.chunk.span.end - h.chunk.span.begin for h in made) == 100 * len(hits)


def test_a_budget_is_kept_and_used() -> None:
    hits = (hit(1, 0), hit(1, 2, length=90), hit(1, 4), hit(1, 6, length=50), hit(1, 8, length=60))
    assert within(hits, 250) == (hits[0], hits[1], hits[3])
    assert within(hits, 1) == hits[:1]
    assert within((), 100) == ()
