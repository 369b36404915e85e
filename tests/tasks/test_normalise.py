from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.normalise import (
    FINDERS,
    NORMALISERS,
    VALIDATORS,
    normalise_identifier,
    normalise_number,
    normalise_party,
    normalise_place,
)


@pytest.mark.parametrize("name", sorted(NORMALISERS))
@given(text=st.text())
def test_normalisers_read_any_text_and_keep_their_own_form(name: str, text: str) -> None:
    once = NORMALISERS[name](text)
    if once is not None and name in {"date", "identifier", "number", "text"}:
        assert NORMALISERS[name](once) == once


@pytest.mark.parametrize("name", sorted(FINDERS))
@given(text=st.text())
def test_what_a_finder_finds_its_validator_accepts(name: str, text: str) -> None:
    for span in FINDERS[name](text):
        assert VALIDATORS[name](span.of(text))


def test_the_same_party_is_recognised_in_two_spellings() -> None:
    assert normalise_party("Fox Mobile, Inc.") == normalise_party("FOX MOBILE INC") == "FOX MOBILE"
    assert normalise_party("R. C. Boyd Enterprises, LLC") == "R. C. BOYD ENTERPRISES"


def test_places_lose_their_titles() -> None:
    assert normalise_place("the State of New York") == "New York"
    assert normalise_place("the Commonwealth of Virginia") == "Virginia"
    assert normalise_place("TEXAS") == "Texas"


def test_identifiers_and_numbers() -> None:
    assert normalise_identifier("inv 20-41/7.") == "INV20-41/7"
    assert normalise_identifier("INVOICE") is None
    assert normalise_number("49-year-old") == "49"
    assert normalise_number("1,204.5 units") == "1204.5"
    assert normalise_number("3 of 4") is None
    assert VALIDATORS["number_pair"]("180/95")
    assert not VALIDATORS["name"]("the company")
