from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import DocumentId
from appliance.results import Answer, Status
from appliance.tasks.answer import answer
from appliance.tasks.relevance import asked, coverage, fits, weights
from tests.tasks.scripted import DOCUMENT, ScriptedEngine, document, passages, saying

TEXT = """CHIEF COMPLAINT

Back pain.

PLAN

We will initiate Lasix 40 mg once daily for the swelling.

Governing Law. This Agreement shall be governed by the laws of the State of Texas.

The monthly fee for the service is $1,200, paid within thirty (30) days.
"""
PARSED = document(TEXT)


def ask(question: str, engine: ScriptedEngine | None = None) -> Answer:
    return answer(question, passages(PARSED), {DOCUMENT: PARSED}, engine or saying("not stated"))


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Which state's laws govern the agreement?", "laws of the State of Texas"),
        ("How much is the monthly fee for the service?", "$1,200"),
        ("What is the chief complaint?", "Back pain."),
        ("Consider the note; what do we initiate daily for the swelling?", "Lasix 40 mg"),
    ],
)
def test_an_answer_is_a_sentence_of_the_document(question: str, quote: str) -> None:
    found = ask(question)
    assert found.status is Status.FOUND
    first = found.statements[0].citations[0]
    assert quote in first.quote
    assert first.span.of(TEXT) == first.quote


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Mongolia?",
        "On what date do we initiate Lasix for the swelling?",  # no date beside it
        "How many employees does the hospital have?",
        "",
        "?",
    ],
)
def test_what_the_document_does_not_say_ends_without_the_model(question: str) -> None:
    engine = saying("Back pain.")
    found = ask(question, engine)
    assert (found.status, found.statements) == (Status.NOT_STATED, ())
    assert found.reason
    assert engine.asked == []


def test_no_passages_no_answer() -> None:
    assert answer("Who?", (), {}, saying("x")).status is Status.NOT_STATED


def test_the_model_may_decline_what_is_held_only_in_part() -> None:
    question = "Which laws of the State of Texas govern overtime?"
    assert ask(question, saying("not stated")).status is Status.NOT_STATED
    assert ask(question, saying("the laws of the")).status is Status.FOUND


def test_the_sentence_that_the_model_copied_from_comes_first() -> None:
    parsed = document("The fee is $5 per month here. The fee is $6 per month there.")
    for said, first in (("is $5", "$5"), ("is $6", "$6")):
        found = answer(
            "How much is the fee per month?", passages(parsed), {DOCUMENT: parsed}, saying(said)
        )
        assert first in found.statements[0].text
        assert len(found.statements) == 2


@given(st.text())
def test_whatever_the_model_says_only_quotes_are_shown(said: str) -> None:
    for statement in ask("Which state's laws govern the agreement?", saying(said)).statements:
        (cited,) = statement.citations
        assert cited.span.of(TEXT) == cited.quote
        assert statement.text == " ".join(cited.quote.split())


def test_an_answer_cites_the_document_that_says_it() -> None:
    other = DocumentId("e" * 32)
    silent = document("Nothing is said of the matter in these few words.")
    found = answer(
        "How much is the monthly fee for the service?",
        (*passages(silent, other), *passages(PARSED)),
        {DOCUMENT: PARSED, other: silent},
        saying("The monthly fee"),
    )
    assert [c.document for s in found.statements for c in s.citations] == [DOCUMENT]


def test_the_document_stands_before_the_question() -> None:
    engine = saying("not stated")
    ask("How much is the monthly fee for the service?", engine)
    (prompt,) = engine.asked
    assert "$1,200" in prompt.document
    assert "monthly fee" in prompt.question
    assert prompt.grammar


def test_what_is_asked_and_what_must_be_held() -> None:
    assert asked("Consider the lease (Acme); is there a cap on liability?") == (
        "is there a cap on liability?"
    )
    weighted = weights("Who insures the Acme?", ["Acme insures.", "The cook sings."])
    assert sum(weighted.values()) == pytest.approx(1)
    assert coverage(weighted, "Acme insures it.") == pytest.approx(1)
    assert 0 < coverage(weighted, "It is.", around="Acme insures.") < 0.5
    assert fits("How long is the term?", "It is two years.")
    assert not fits("How long is the term?", "It is blue.")
