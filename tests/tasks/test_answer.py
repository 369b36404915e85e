from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.documents import DocumentId, ParsedDocument, Passage, Span
from appliance.results import Answer, Status
from appliance.tasks.answer import Asking, answer
from appliance.tasks.calibration import Calibration
from tests.index.doubles import WordVectors
from tests.tasks.scripted import DOCUMENT, ScriptedEngine, document, passages, saying

TEXT = """CHIEF COMPLAINT

Back pain.

PLAN

We will initiate Lasix 40 mg once daily for the swelling.

Governing Law. This Agreement shall be governed by the laws of the State of Texas.

The monthly fee for the service is $1,200, paid within thirty (30) days.
"""
PARSED = document(TEXT)
OTHER = DocumentId("e" * 32)
# Weights that a person can add up: the share of the question a sentence holds, the kind of value
# and the vote.  Scores from 0.65 on were right.
DATA = Calibration(
    "of these tests",
    (0.0, 0.2, *([0.4] * 8), *([0.65] * 12), *([1.0] * 12)),
    (*([False] * 10), *([True] * 24)),
    "made up",
    (("coverage", 1.0), ("vote", 0.2), ("declined", -0.2)),
)


def ask(
    question: str,
    engine: ScriptedEngine | None = None,
    max_risk: float = 0.1,
    **texts: ParsedDocument,
) -> Answer:
    known = {DocumentId(name * 32): text for name, text in texts.items()} or {DOCUMENT: PARSED}
    found = [passage for name, text in known.items() for passage in passages(text, name)]
    asking = Asking(max_risk, data=DATA, documents=tuple(known))
    return answer(question, found, known, engine or saying("x"), WordVectors(), asking)


def quotes(found: Answer) -> list[str]:
    return [cited.quote for statement in found.statements for cited in statement.citations]


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Which state's laws govern the agreement?", "laws of the State of Texas"),
        ("How much is the monthly fee for the service?", "$1,200"),
        ("What is the chief complaint?", "Back pain."),
        ("Consider the note; what do we initiate daily for the swelling?", "Lasix 40 mg"),
        ("What dose of Lasix do we initiate for the swelling?", "Lasix 40 mg"),
    ],
)
def test_an_answer_is_a_sentence_of_the_document(question: str, quote: str) -> None:
    found = ask(question)
    assert found.status is Status.FOUND
    first = found.statements[0].citations[0]
    assert quote in first.quote
    assert first.span.of(TEXT) == first.quote
    assert found.risk is not None
    assert 0 < found.risk < 0.3


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Mongolia?",
        "On what date do we initiate Lasix for the swelling?",  # no date beside it
        "How many employees does the hospital have?",
        "Which laws govern the Zanzibar agreement?",  # names what stands nowhere
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
    found = answer("Who?", (), {}, saying("x"), WordVectors())
    assert found.status is Status.NOT_STATED


def test_the_value_asked_for_stands_before_the_sentence_that_states_it() -> None:
    (statement,) = ask("How much is the monthly fee for the service?").statements
    assert statement.text == "$1,200"
    assert statement.citations[0].quote.startswith("The monthly fee")


def test_a_clause_that_is_there_is_the_yes() -> None:
    (statement,) = ask("Is there a monthly fee for the service?").statements
    assert statement.text == "Yes"
    assert "$1,200" in statement.citations[0].quote
    assert ask("Is there a most favoured nation clause?").statements == ()


def test_less_risk_withholds_what_more_risk_shows() -> None:
    question = "Which laws govern overtime?"
    shown = ask(question, saying("not stated"), 0.9)
    withheld = ask(question, saying("not stated"), 0.1)
    assert shown.status is Status.FOUND
    assert withheld.status is Status.NOT_STATED
    assert withheld.risk is not None
    assert 0.1 < withheld.risk <= 0.9
    assert ask(question, saying("not stated"), withheld.risk).status is Status.FOUND


def test_the_model_is_asked_where_its_vote_can_matter() -> None:
    question = "Which laws govern overtime?"
    helped, declined = saying("the laws of the State"), saying("not stated")
    assert ask(question, declined, 0.1).status is Status.NOT_STATED
    assert ask(question, helped, 0.1).status is Status.FOUND
    assert len(helped.asked) == len(declined.asked) == 1


def test_the_sentence_that_the_model_copied_from_comes_first() -> None:
    parsed = document("The cook was hired in May by us. The cook was hired by us in June.")
    for said, first in (("hired in May", "May"), ("us in June", "June")):
        found = ask("In which month was the cook hired by us?", saying(said), 0.9, d=parsed)
        assert first in found.statements[0].text
        assert len(found.statements) == 2


def test_different_values_for_the_same_thing_are_both_shown() -> None:
    parsed = document("The fee is $5 per month here. The fee is $6 per month there.")
    found = ask("How much is the fee per month?", d=parsed)
    assert found.status is Status.CONFLICTING
    assert {statement.text for statement in found.statements} == {"$5", "$6"}
    same = document("The fee is $5 per month here. The fee is $5.00 per month, we say.")
    assert ask("How much is the fee per month?", d=same).status is Status.FOUND


def test_several_documents_each_have_their_say() -> None:
    one = document("The monthly fee for the service is $1,200, paid in advance.")
    two = document("The monthly fee for the service is $90, paid afterwards.")
    silent = document("The cook sings in the kitchen every morning of the week.")
    found = ask("How much is the monthly fee for the service?", a=one, b=two, c=silent)
    assert found.status is Status.FOUND
    assert [statement.text for statement in found.statements] == ["$1,200", "$90"]
    assert [s.citations[0].document for s in found.statements] == ["a" * 32, "b" * 32]
    assert "1 of 3" in found.reason


def test_where_a_document_is_named_no_other_is_quoted() -> None:
    one = document("This lease is between Acme and Boreal. Its monthly rent is $1,200 in advance.")
    two = document("This lease is between Kestrel and Cook. Its monthly rent is $90 in advance.")
    texts = {DocumentId("a" * 32): one, DocumentId("b" * 32): two}
    found = [passage for name, text in texts.items() for passage in passages(text, name)]
    asking = Asking(0.1, documents=(DocumentId("b" * 32),), data=DATA)
    question = "How much is the monthly rent of the lease with Kestrel?"
    said = answer(question, found, texts, saying("x"), WordVectors(), asking)
    assert [statement.text for statement in said.statements] == ["$90"]


def test_a_further_quote_holds_as_much_of_the_question() -> None:
    parsed = document("Continue lisinopril 10 mg a day. We change to carvedilol 25 mg a day.")
    found = ask("What dose of lisinopril is continued a day?", max_risk=0.9, d=parsed)
    assert [statement.text for statement in found.statements] == ["10 mg"]


def test_a_list_shows_more_than_a_fact() -> None:
    parsed = document(
        "\n\n".join(f"Duty number {n} is to wash the car of the day." for n in "abcd")
    )
    one = ask("What duty is to wash the car of the day?", max_risk=0.9, d=parsed)
    every = ask("What are all the duties to wash the car?", max_risk=0.9, d=parsed)
    assert (len(one.statements), len(every.statements)) == (2, 4)


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_whatever_the_model_says_only_quotes_are_shown(said: str) -> None:
    for statement in ask("Which state's laws govern the agreement?", saying(said)).statements:
        (cited,) = statement.citations
        assert cited.span.of(TEXT) == cited.quote
        assert statement.text == " ".join(cited.quote.split())


def test_the_document_stands_before_the_question() -> None:
    engine = saying("not stated")
    ask("Which laws govern overtime?", engine)
    (prompt,) = engine.asked
    assert "State of Texas" in prompt.document
    assert "overtime" in prompt.question
    assert prompt.grammar


STUDY = """AIMS: To see whether tea is associated with sleep in adults.

METHODS: In 40 patients the hours of sleep were compared with the cups of tea.

RESULTS: {}
"""


@pytest.mark.parametrize(
    ("finding", "word"),
    [
        ("Tea was significantly associated with sleep (p < 0.01) in adults.", "Yes"),
        ("There was no association of tea with sleep in adults (p > 0.4).", "No"),
        ("However, tea may be associated with sleep only in some adults.", "Maybe"),
    ],
)
def test_a_study_says_yes_no_or_maybe_with_its_finding(finding: str, word: str) -> None:
    study = document(STUDY.format(finding))
    passage = Passage(DOCUMENT, Span(0, len(study.text)), study.text, 1.0)
    found = answer(
        "Tea: is it associated with sleep in adults?",
        (passage,),
        {DOCUMENT: study},
        saying("x"),
        WordVectors(),
    )
    assert [statement.text for statement in found.statements] == [word]
    assert any(finding in quote for quote in quotes(found))
    assert found.risk is not None


def test_a_study_of_something_else_says_nothing() -> None:
    study = document(STUDY.format("Tea was significantly associated with sleep (p < 0.01)."))
    asked = "Do vaccines prevent measles among travellers?"
    assert ask(asked, d=study).status is Status.NOT_STATED
