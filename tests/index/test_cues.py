"""The thesaurus: what is asked for, and how documents say it."""

from __future__ import annotations

from appliance.index.cues import Cue, said, shipped
from appliance.index.terms import HINT, STOPPED, term_hash, tokenise, weighted_terms

LAW = Cue((frozenset(tokenise("governing law")),), ("construed in accordance",))
PARTY = Cue((frozenset(tokenise("parties")),), ("by and between",))
THIRD = Cue((frozenset(tokenise("third party rights")),), ("no other person",))
CUES = (LAW, PARTY, THIRD)


def test_all_words_of_a_phrase_must_be_asked_for() -> None:
    assert said("What is the governing law?", CUES) == LAW.says
    assert said("What do the laws say?", CUES) == ()


def test_a_subject_within_a_larger_one_is_left_out() -> None:
    assert said("Which rights has a third party?", CUES) == THIRD.says
    assert said("Who are the parties?", CUES) == PARTY.says


def test_the_shipped_phrases_can_be_found() -> None:
    cues = shipped()
    assert len(cues) > 100
    for cue in cues:
        assert cue.asks
        assert all(ask - STOPPED or len(ask) > 1 for ask in cue.asks), cue
        assert all(list(tokenise(phrase)) for phrase in cue.says), cue


def test_questions_of_three_fields_meet_their_phrases() -> None:
    for question, phrase in (
        ("What is the governing law for this contract?", "construed in accordance"),
        ("What was the gross margin?", "cost of sales"),
        ("Which medications does the patient take?", "mg"),
    ):
        assert any(phrase in says for says in said(question)), question


def weights(query: str, *hints: str) -> dict[int, float]:
    return dict(zip(*(array.tolist() for array in weighted_terms(query, hints)), strict=True))


def test_hints_count_less_than_what_is_asked() -> None:
    assert weights("rent", "the rent payable") == {
        term_hash("rent"): 1.0,
        term_hash("payabl"): HINT,
    }
    assert 0 < HINT < 1


def test_words_without_meaning_fall_away_while_others_remain() -> None:
    assert weights("what does the clause say about rent") == {
        term_hash("say"): 1.0,
        term_hash("rent"): 1.0,
    }
    assert set(weights("the clause")) == {term_hash("claus")}
    assert set(weights("what is it")) == {term_hash(word) for word in ("what", "is", "it")}
    assert weights("...") == {}
