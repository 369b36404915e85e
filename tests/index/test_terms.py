"""Words, numbers and identifiers, as search knows them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.index.terms import MOST_COUNTED, postings_of, query_terms, stem, term_hash, tokenise


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The Licensor\u2019s fees", ["the", "licensor", "fee"]),
        ("sub-licence and/or use", ["sub", "licenc", "and", "or", "use"]),
        ("$1,234.50.", ["1234.50"]),
        ("on 12/31/2024, by", ["on", "12/31/2024", "by"]),
        ("2024-12-31", ["2024-12-31"]),
        ("INV-2024-001", ["inv-2024-001", "inv", "2024", "001"]),
        ("0.25%", ["0.25"]),
        ("1,2", ["1,2"]),
        ("§10.09(b)", ["10.09", "b"]),
        ("\ufb01nance FUSS \uff21\uff11", ["financ", "fuss", "a1"]),
        ("a_b __ --", ["a", "b"]),
        ("", []),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert list(tokenise(text)) == terms


@pytest.mark.parametrize(
    "words",
    [
        ("terminate", "terminated", "termination", "terminations", "terminating", "terminates"),
        ("assign", "assigned", "assignment", "assigning", "assigns"),
        ("party", "parties"),
        ("fee", "fees"),
        ("pay", "pays"),
        ("reasonable", "reasonably"),
        ("notice", "notices", "noticing"),
    ],
)
def test_forms_of_a_word_are_one_term(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


@pytest.mark.parametrize("word", ["a", "gas", "loss", "bus", "this", "red", "use", "king", "état"])
def test_short_words_stay(word: str) -> None:
    assert stem(word) == word


def test_a_hash_is_fixed() -> None:
    # A stored index holds these numbers: a change here needs a new version of the payload.
    assert term_hash("agreement") == 12977175662643468651
    assert query_terms("b a b").tolist() == sorted({term_hash("a"), term_hash("b")})


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abc 1-", max_size=30), max_size=6))
def test_postings_hold_every_term_once_per_chunk_with_its_count(texts: list[str]) -> None:
    postings = postings_of(texts)
    held = {}
    for i, term in enumerate(postings.terms.tolist()):
        for at in range(postings.starts[i], postings.starts[i + 1]):
            held[term, int(postings.chunks[at])] = int(postings.counts[at])
    told = {
        (term_hash(word), number): list(tokenise(text)).count(word)
        for number, text in enumerate(texts)
        for word in tokenise(text)
    }
    assert held == told
    assert len(postings.counts) == len(told)
    assert postings.lengths.tolist() == [len(list(tokenise(text))) for text in texts]
    assert (np.diff(postings.terms.astype(object)) > 0).all()


def test_a_count_beyond_16_bits_is_held_at_the_most() -> None:
    assert postings_of(["a " * (MOST_COUNTED + 9)]).counts.tolist() == [MOST_COUNTED]
