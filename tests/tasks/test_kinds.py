from __future__ import annotations

import pytest

from appliance.tasks import kinds


@pytest.mark.parametrize(
    ("question", "sentence", "value"),
    [
        ("What dose of lisinopril was prescribed?", "Take lisinopril 10 mg daily.", "10 mg"),
        ("How much is the fee?", "The fee is $1,200, paid late.", "$1,200"),
        ("How long is the term?", "It runs for two (2) years.", "two (2) years"),
        ("When does it end?", "It ends on March 3, 2020.", "March 3, 2020"),
        ("What is the expiration date?", "It runs for five years.", "five years"),
        ("How many units were sold?", "They sold 41 of them.", "41"),
    ],
)
def test_the_value_asked_for_is_found(question: str, sentence: str, value: str) -> None:
    span = kinds.value(question, sentence)
    assert span is not None
    assert span.of(sentence) == value


def test_of_several_values_none_is_chosen() -> None:
    assert kinds.value("How much is it?", "It is $5 here and $6 there.") is None
    assert kinds.value("What colour is it?", "It costs $5.") is None


def test_of_several_values_the_one_after_the_word_asked_for() -> None:
    sentence = "We start Lasix 40 mg daily, and continue with Toprol 50 mg and lisinopril 10 mg."
    for drug, dose in (("lisinopril", "10 mg"), ("Lasix", "40 mg")):
        span = kinds.value(f"What dose of {drug} was prescribed?", sentence)
        assert span is not None
        assert span.of(sentence) == dose
    assert kinds.value("What dose of aspirin was prescribed?", sentence) is None


def test_a_stand_in_counts_half_and_another_kind_is_refused() -> None:
    question = "What is the expiration date?"
    assert kinds.held(question, "It ends on March 3, 2020.") == 1
    assert kinds.held(question, "It ends after five years.") == 0.5
    assert kinds.held(question, "It is blue.") == -1
    assert kinds.held("Is it blue?", "It is blue.") == 0


def test_values_compare_by_what_they_mean() -> None:
    question = "How much is the fee?"
    assert kinds.reading(question, "It is $5.00.") == kinds.reading(question, "They pay $ 5 each.")
    assert kinds.reading(question, "It is $50.") != kinds.reading(question, "It is $5.")
    assert kinds.reading(question, "It is $5 or $6.") is None


@pytest.mark.parametrize(
    ("question", "polar", "exists", "several"),
    [
        ("Is there a cap on liability?", True, True, False),
        ("Does the lease include an option to buy?", True, True, False),
        ("May the tenant sublet?", True, False, False),
        ("Aspirin and stroke: is there a link?", True, False, False),
        ("Vaccines in the community: weak link in the chain?", True, False, False),
        ("Which law governs?", False, False, False),
        ("What are the duties of the agent?", False, False, True),
        ("List all payments.", False, False, True),
        ("When does it end?", False, False, False),
    ],
)
def test_forms_of_questions(question: str, polar: bool, exists: bool, several: bool) -> None:
    assert kinds.is_polar(question) is polar
    assert kinds.asks_whether_there_is(question) is exists
    assert kinds.asks_for_several(question) is several
