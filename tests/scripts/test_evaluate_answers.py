from __future__ import annotations

import pytest

from appliance.documents import DocumentId, Span
from appliance.results import Answer, Statement, Status
from appliance.tasks.cite import citation, trimmed
from appliance.tasks.evidence import Signals
from scripts.evaluating.answers import Outcome, result
from scripts.evaluating.answers_fit import Weighed, best, calibrated, weights
from scripts.evaluating.answers_metric import (
    Question,
    holds_a_clause,
    holds_the_value,
    is_right,
    macro_f1,
    same_amounts,
)
from tests.tasks.scripted import DOCUMENT, document

TEXT = """The Company may not assign this Agreement.

It ends on December 31, 2006. The fee is $2,657.81.
"""
PARSED = document(TEXT)
NAMES = {DOCUMENT: "a.pdf", DocumentId("e" * 32): "b.pdf"}


def quoting(*quotes: str, text: str = "") -> Answer:
    spans = [Span(TEXT.index(q), TEXT.index(q) + len(q)) for q in quotes]
    cited = tuple(citation(PARSED, DOCUMENT, trimmed(span, TEXT)) for span in spans)
    return Answer(Status.FOUND, (Statement(text or quotes[0], cited),))


def test_half_of_a_clause_must_be_cited() -> None:
    clause = "may not  assign this\nagreement"
    whole = Span(0, TEXT.index("."))
    assert holds_a_clause([whole], PARSED, [clause])
    assert not holds_a_clause([Span(0, 15)], PARSED, [clause])
    assert not holds_a_clause([], PARSED, [clause])
    assert not holds_a_clause([whole], PARSED, [])


def test_a_value_counts_by_its_characters_or_as_a_date() -> None:
    assert holds_the_value(["ends on December 31, 2006."], "12/31/06")
    assert holds_the_value(["the laws of the State of Texas"], "Texas")
    assert not holds_the_value(["ends on December 30, 2006."], "12/31/06")
    assert not holds_the_value(["no such thing"], "No")


def test_amounts_are_compared_as_a_set() -> None:
    assert same_amounts(["$2657.81"], "$2 657.81")
    assert same_amounts(["we paid $20.00 and $5"], "$5.00, $20")
    assert not same_amounts(["we paid $20.00 and $5"], "$20")
    assert not same_amounts([], "unknown")


@pytest.mark.parametrize(
    ("question", "answer", "right"),
    [
        (Question("legal", "?", ("a.pdf",), "", ("may not assign this agreement",)),
         quoting("The Company may not assign this Agreement."), True),
        (Question("legal", "?", ("a.pdf",), "12/31/06", ("elsewhere",)),
         quoting("It ends on December 31, 2006."), True),
        (Question("legal", "?", ("a.pdf",), "12/31/06", ("elsewhere",)),
         quoting("The fee is $2,657.81."), False),
        (Question("legal", "?", ("b.pdf",), "12/31/06"),
         quoting("It ends on December 31, 2006."), False),
        (Question("legal", "?", ("a.pdf",), "", ("may not assign this agreement",), False),
         quoting("The Company may not assign this Agreement."), False),
        (Question("abstracts", "?", ("a.pdf",), "maybe"), quoting("The fee", text="Maybe"), True),
        (Question("abstracts", "?", ("a.pdf",), "no"), quoting("The fee", text="Maybe"), False),
        (Question("mails", "?", ("a.pdf",), "$2 657.81"), quoting("$2,657.81"), True),
        (Question("mails", "?", ("a.pdf",), "$2"), quoting("$2,657.81"), False),
        (Question("filings", "?", ("b.pdf", "a.pdf")), quoting("The fee"), True),
        (Question("filings", "?", ("b.pdf",)), quoting("The fee"), False),
    ],
)  # fmt: skip
def test_when_an_answer_is_right(question: Question, answer: Answer, right: bool) -> None:
    assert is_right(question, answer, {DOCUMENT: PARSED}, NAMES) is right


def test_macro_f1_is_the_mean_over_the_three_words() -> None:
    assert macro_f1([("yes", "yes"), ("no", "no"), ("maybe", "maybe")]) == 1
    assert macro_f1([("yes", "yes"), ("no", "yes"), ("maybe", "")]) == pytest.approx(2 / 3 / 3)


def test_what_is_there_and_what_is_not_are_counted_apart() -> None:
    silent = Answer(Status.NOT_STATED, ())
    there = Question("legal", "?", ("a.pdf",), "12/31/06")
    absent = Question("legal", "?", ("a.pdf",), answerable=False)
    said = quoting("It ends on December 31, 2006.")
    outcomes = [
        Outcome(there, said, True, True, 1.0, 5),
        Outcome(there, said, False, True, 1.0, 5),
        Outcome(there, silent, False, False, 1.0, 5),
        Outcome(absent, said, False, True, 1.0, 5),
        Outcome(absent, silent, False, False, 3.0, 10),
    ]
    scores = {score.name: score for score in result("legal", outcomes).scores}
    thirds = ("right", "wrong", "not stated though there")
    assert [scores[name].value for name in thirds] == [pytest.approx(1 / 3)] * 3
    assert scores["answered though not there"].value == pytest.approx(0.5)
    assert scores["answered though not there"].met is False
    assert scores["seconds a question"].value == pytest.approx(1.4)


def telling(coverage: float, *, right: bool) -> tuple[Signals, bool]:
    return Signals(coverage=coverage, rank=0.5), right


def test_what_tells_right_from_wrong_gets_the_weight() -> None:
    questions = [
        Weighed(
            f"{at}.pdf",
            (telling(0.9, right=True), telling(0.2, right=False), telling(0.3, right=False)),
        )
        for at in range(8)
    ]
    fitted = dict(weights(questions))
    assert fitted["coverage"] > 1
    assert abs(fitted["similarity"]) < 1e-6
    top = best(questions[0], tuple(fitted.items()))
    assert top is not None
    assert top[1]
    assert best(Weighed("x", ()), tuple(fitted.items())) is None


def test_scores_for_calibration_come_from_other_documents() -> None:
    odd = Weighed("odd.pdf", (telling(0.1, right=True), telling(0.9, right=False)))
    others = [
        Weighed(f"{at}.pdf", (telling(0.9, right=True), telling(0.1, right=False)))
        for at in range(6)
    ]
    made = calibrated("x", [odd, *others], "made up")
    assert made.right.count(False) == 1  # its own document could not bend the weights
    assert len(made.scores) == 7
    assert dict(made.weights)["coverage"] > 0
