from __future__ import annotations

import pytest

from appliance.tasks.support import in_order, unsupported

EVIDENCE = ["The Company shall pay Acme Ltd $1,200.50 within thirty (30) days of March 3, 2020."]


def test_what_stands_in_the_evidence_may_be_shown() -> None:
    assert unsupported(EVIDENCE[0], EVIDENCE) == ()
    assert unsupported("The Company pays Acme Ltd $1200.50 within 30 days.", EVIDENCE) == ()


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("The Company shall pay Acme Ltd $1,300.50.", "1,300.50"),
        ("The Company shall pay Bolt within 30 days.", "Bolt"),
        ("The Company shall not pay Acme Ltd within 30 days.", "not"),
        ("The Company shall pay Acme Ltd in April 2020.", "April"),
        ("The supplier guarantees every delivered machine.", "machin"),
    ],
)
def test_inventions_are_named(statement: str, missing: str) -> None:
    assert missing in unsupported(statement, EVIDENCE)


def test_a_dropped_negation_is_an_invention() -> None:
    assert "not" in unsupported("The patient has chest pain.", ["The patient denies chest pain."])


def test_a_drug_that_is_not_in_the_evidence_is_unsupported() -> None:
    quote = "Continue the tablets for the pressure, 10 mg daily."
    assert "lisinopril" in unsupported("Continue lisinopril 10 mg for the pressure daily.", [quote])


def test_words_that_a_transcript_parts_are_the_same_words() -> None:
    assert unsupported("i don't have it, i'm gonna go", ["i do n't have it , i'm gon na go"]) == ()


@pytest.mark.parametrize(
    ("statement", "stands"),
    [
        ("the left knee hurts", True),
        ("the knee hurts", True),
        ("hurts the knee", False),
        ("the right knee hurts", False),
        ("the knee hurts hurts", False),
    ],
)
def test_what_was_made_by_leaving_words_out_keeps_their_order(statement: str, stands: bool) -> None:
    assert in_order(statement, ["so the left knee ,", "it hurts"]) is stands


def test_a_month_in_small_letters_is_held_to_the_evidence() -> None:
    quote = "the lease of the shop and the yard ends on april 3 without any further notice"
    assert unsupported(quote, [quote]) == ()
    assert unsupported(quote.replace("april", "march"), [quote]) == ("march",)
