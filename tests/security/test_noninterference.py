"""Promise P3: what a person finds is the same, to the last bit, whether or not documents exist that
they may not read.

A full index, with hidden documents added before, between and after the permitted ones and some of
them removed again, against an index that never held anything but the permitted documents.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.documents import DocumentId
from appliance.index.finding import Finder
from appliance.index.memory import MemoryIndex
from tests.index.doubles import DIMENSIONS, WordVectors, document_id, payload_of, scope_of
from tests.security import founded, worlds

# Few words and short texts: equal texts, equal scores and shared terms are then common, and those
# are where hidden documents could show.
WORDS = "rent lease june 1,200.00 fee the"
TEXT = st.lists(st.sampled_from(WORDS.split()), max_size=5).map(" ".join)
DOCUMENT = st.lists(TEXT, max_size=4)


@st.composite
def libraries(draw: st.DrawFn) -> dict[DocumentId, list[str]]:
    """Up to twelve documents by id, in the order in which they are added."""
    numbers = draw(st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=12))
    return {document_id(number): draw(DOCUMENT) for number in numbers}


def found(index: MemoryIndex, query: str, permitted: list[DocumentId], limit: int) -> list[object]:
    """Everything a search tells, scores as their bits."""
    vector = WordVectors().embed_query(query)
    hits = index.search(query, vector, scope_of(*permitted), limit)
    return [(hit.document, hit.chunk, struct.pack("<d", hit.score)) for hit in hits]


@settings(max_examples=300, deadline=None)
@given(libraries(), TEXT, st.integers(1, 8), st.data())
def test_hidden_documents_change_nothing(
    documents: dict[DocumentId, list[str]], query: str, limit: int, data: st.DataObject
) -> None:
    permitted = [one for one in documents if data.draw(st.booleans(), label=f"may read {one[-2:]}")]
    hidden = [one for one in documents if one not in permitted]
    full, lone = MemoryIndex(DIMENSIONS), MemoryIndex(DIMENSIONS)
    for one, texts in documents.items():
        full.add(one, payload_of(*texts))
        if data.draw(st.booleans(), label="searched between two additions"):
            found(full, query, hidden, limit)
    for one in data.draw(st.permutations(permitted)):
        lone.add(one, payload_of(*documents[one]))
    expected = found(lone, query, permitted, limit)
    assert found(full, query, permitted, limit) == expected
    for one in hidden:
        if data.draw(st.booleans(), label="removed again"):
            full.remove(one)
    assert found(full, query, permitted, limit) == expected


def test_a_thousand_hidden_copies_change_nothing() -> None:
    """Ties at the edge of both rankings: hidden copies must not push permitted ones out."""
    full, lone = MemoryIndex(DIMENSIONS), MemoryIndex(DIMENSIONS)
    copy = ["the rent is due in june", "fee"]
    for number in range(1000):
        full.add(document_id(number), payload_of(*copy))
    permitted = [document_id(number) for number in range(0, 1000, 7)]
    for one in reversed(permitted):
        lone.add(one, payload_of(*copy))
    for limit in (1, 64, 200):
        ours = found(full, "rent june", permitted, limit)
        assert ours == found(lone, "rent june", permitted, limit)
        assert len(ours) == limit


def test_the_scores_would_tell_if_everything_were_counted() -> None:
    """The control: hidden words do change scores when they are let into the scope."""
    full = MemoryIndex(DIMENSIONS)
    full.add(document_id(1), payload_of("rent rent", "june fee rent", "lease"))
    full.add(document_id(2), payload_of("june", "june", "june fee", "fee"))
    alone = found(full, "june rent", [document_id(1)], 3)
    both = [h for h in found(full, "june rent", [document_id(1), document_id(2)], 9)]
    assert alone != [hit for hit in both if hit in alone]


# Names that some documents share, in file names and in texts; small letters make them common words.
SHARED = st.sampled_from(["Acme", "Bolt", "acme", "2023", "Q3", "rent"])
NAMED = st.lists(SHARED, max_size=4).map(" ".join)
QUESTIONS = st.sampled_from(
    [
        "What rent does Acme pay in Q3 2023?",
        "Consider the Bolt lease; what is the rent?",
        "How do Acme and Bolt differ in rent?",
        "What was the latest rent of Bolt?",
        "rent",
    ]
)


def read(finder: Finder, question: str, permitted: list[DocumentId]) -> list[object]:
    """Everything that naming, searching and reading tell."""
    scope = scope_of(*permitted)
    hits = [*finder.search(question, scope, 5), *finder.find(question, scope, 60)]
    told = [(hit.document, hit.chunk, struct.pack("<d", hit.score)) for hit in hits]
    return [finder.asked(question, scope), *told]


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.integers(0, 20).map(document_id), st.tuples(NAMED, NAMED), max_size=7),
    QUESTIONS,
    st.data(),
)
def test_hidden_documents_name_nothing(
    documents: dict[DocumentId, tuple[str, str]], question: str, data: st.DataObject
) -> None:
    permitted = [one for one in documents if data.draw(st.booleans(), label=f"may read {one[-2:]}")]
    full, lone = Finder(WordVectors(), DIMENSIONS), Finder(WordVectors(), DIMENSIONS)
    for one, (name, text) in documents.items():
        full.add(one, f"{name}.pdf", payload_of(text, "the rent of the flat"))
        if data.draw(st.booleans(), label="asked between two additions"):
            read(full, question, permitted[:1])
    for one in data.draw(st.permutations(permitted)):
        name, text = documents[one]
        lone.add(one, f"{name}.pdf", payload_of(text, "the rent of the flat"))
    assert read(full, question, permitted) == read(lone, question, permitted)


def test_names_would_tell_if_everything_were_counted() -> None:
    """The control: a namesake let into the scope is named, too."""
    finder = Finder(WordVectors(), DIMENSIONS)
    for number, name in enumerate(("Acme.pdf", "Bolt.pdf", "Acme annex.pdf")):
        finder.add(document_id(number), name, payload_of("the rent of the flat"))
    question = "What rent does Acme pay?"
    two, three = (scope_of(*map(document_id, range(count))) for count in (2, 3))
    assert finder.asked(question, two).documents == (document_id(0),)
    assert finder.asked(question, three).documents == (document_id(0), document_id(2))


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 1 << 40), st.integers(0, 8))
def test_people_policies_and_documents_that_one_may_not_know_change_nothing(
    seed: int, size: int
) -> None:
    """Listing, naming, searching, counting and every error; many more: `scripts/compare`."""
    full = worlds.drawn(random.Random(seed), size)  # noqa: S311 -- no secret
    lone = worlds.without_hidden(full)
    assert list(worlds.observed(full, full)) == list(worlds.observed(lone, full))


@pytest.mark.parametrize("seed", [1, 3])
def test_the_use_cases_of_a_real_store_tell_nothing_of_the_rest(seed: int, tmp_path: Path) -> None:
    """The same through store, log, policies and use cases as shipped: exit codes and all."""
    world = worlds.drawn(random.Random(seed), 6)  # noqa: S311 -- no secret
    full, lone = founded.founded(world, tmp_path)
    asked = founded.references(world, full)
    for ours, theirs in zip(
        founded.seen(lone, world, asked), founded.seen(full, world, asked), strict=True
    ):
        assert ours == theirs


def test_the_real_use_cases_with_a_leaky_search_are_found_out(tmp_path: Path) -> None:
    """The control: everybody's statistics, hidden results removed afterwards."""
    for seed in range(2, 40):
        world = worlds.drawn(random.Random(seed), 8)  # noqa: S311 -- no secret
        if world.documents == worlds.without_hidden(world).documents or not _finds(world):
            continue
        full, lone = founded.founded(world, tmp_path / str(seed))
        told = [list(founded.seen(home, world, (), worlds.Leaky)) for home in (full, lone)]
        if told[0] != told[1]:
            return
    raise AssertionError("a search with everybody's statistics was not found out")


def _finds(world: worlds.World) -> bool:
    """Whether the person's own search finds something whose score could tell."""
    told = dict(worlds.observed(world, world))
    return "found" in told


def test_a_search_that_filters_afterwards_is_found_out() -> None:
    """The control: with everybody's statistics the same comparison fails."""
    caught = 0
    for seed in range(60):
        full = worlds.drawn(random.Random(seed), 8)  # noqa: S311 -- no secret
        lone = worlds.without_hidden(full)
        told = [list(worlds.observed(w, full, worlds.Leaky)) for w in (full, lone)]
        caught += told[0] != told[1]
    assert caught > 0
