"""Questions to the index: named documents first, each with its share, and a budget to read."""

from __future__ import annotations

import pytest

from appliance.documents import DocumentId
from appliance.index.finding import MOST_SHARED, Finder
from appliance.index.memory import Hit
from tests.index.doubles import DIMENSIONS, WordVectors, document_id, payload_of, scope_of

ACME, BOLT, NOTE = document_id(1), document_id(2), document_id(3)


@pytest.fixture
def finder() -> Finder:
    built = Finder(WordVectors(), DIMENSIONS)
    built.add(ACME, "acme.pdf", payload_of("Lease of Acme Corp", "the rent is 100", "rent in may"))
    built.add(BOLT, "bolt.pdf", payload_of("Lease of Bolt Inc", "the rent is 200", "a flat"))
    built.add(
        NOTE, "note.txt", payload_of("Note on Zenith", "rent rent rent", "dogs bark at Zenith")
    )
    return built


def of(hits: tuple[Hit, ...]) -> list[DocumentId]:
    return [hit.document for hit in hits]


EVERY = scope_of(ACME, BOLT, NOTE)


def test_a_document_named_by_its_file_is_searched_alone(finder: Finder) -> None:
    hits = finder.search("What is the rent of Acme?", EVERY, 9)
    assert set(of(hits)) == {ACME}
    assert of(finder.search("Consider the Bolt lease; what is the rent?", EVERY, 1)) == [BOLT]


def test_one_that_is_only_mentioned_comes_first_but_not_alone(finder: Finder) -> None:
    hits = finder.search("Which dogs bark at Zenith?", EVERY, 9)
    assert of(hits)[0] == NOTE
    assert set(of(hits)) == {ACME, BOLT, NOTE}
    places = [(hit.document, hit.number) for hit in hits]
    assert len(places) == len(set(places))


def test_one_that_is_mentioned_comes_second_where_another_fits_better(finder: Finder) -> None:
    finder.add(BOLT, "bolt.pdf", payload_of("Lease of Bolt", "the tax for dogs"))
    hits = finder.search("What is the tax for dogs of Zenith?", EVERY, 9)
    assert finder.asked("What is the tax for dogs of Zenith?", EVERY).documents == (NOTE,)
    assert of(hits)[:2] == [BOLT, NOTE]


def test_several_named_documents_take_turns(finder: Finder) -> None:
    hits = finder.search("How does the rent of Acme and of Bolt differ?", EVERY, 4)
    assert sorted(of(hits[:2])) == sorted(of(hits[2:])) == [ACME, BOLT]


def test_none_is_named_in_a_scope_without_it(finder: Finder) -> None:
    question = "What is the rent of Acme?"
    assert set(of(finder.search(question, scope_of(BOLT, NOTE), 9))) == {BOLT, NOTE}
    assert finder.search(question, scope_of(), 9) == ()


def test_so_many_named_documents_are_searched_as_one() -> None:
    finder = Finder(WordVectors(), DIMENSIONS)
    named = [document_id(number) for number in range(MOST_SHARED + 1)]
    for number, one in enumerate(named):
        texts = ["the rent is due", "the rent due"] if number == 7 else ["a flat", "dogs"]
        finder.add(one, f"acme-{number}.pdf", payload_of(*texts))
    for number in range(100, 115):
        finder.add(document_id(number), f"other-{number}.pdf", payload_of("rent"))
    scope = scope_of(*named, *map(document_id, range(100, 115)))
    hits = finder.search("What is the rent due by Acme?", scope, 5)
    assert set(of(hits)) <= set(named)
    assert of(hits)[:2] == [named[7]] * 2


def test_what_is_read_fits_and_neighbours_are_one(finder: Finder) -> None:
    (only,) = finder.find("What is the rent of Acme?", EVERY, 1000)
    assert only.chunk.span.begin == 0
    assert only.chunk.span.end == len("Lease of Acme Corp\n\nthe rent is 100\n\nrent in may")
    short = finder.find("What is the rent of Acme?", EVERY, 20)
    assert [hit.chunk.span.end - hit.chunk.span.begin for hit in short] == [11]


def test_a_removed_document_is_neither_found_nor_named(finder: Finder) -> None:
    finder.remove(ACME)
    assert ACME not in finder
    assert finder.asked("What is the rent of Acme?", EVERY).documents == ()
    assert ACME not in of(finder.search("What is the rent of Acme?", EVERY, 9))
    finder.remove(ACME)  # nothing happens


def test_a_document_added_again_has_its_new_name(finder: Finder) -> None:
    assert finder.asked("What is the rent of Acme?", EVERY).documents == (ACME,)
    finder.add(ACME, "other.pdf", payload_of("A note", "the rent is 100"))
    assert finder.asked("What is the rent of Acme?", EVERY).documents == ()
