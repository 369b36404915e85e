from __future__ import annotations

import pytest

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.tasks.calibration import Calibration
from appliance.tasks.evidence import Evidence, Signals, gather, score, titles
from appliance.tasks.quotable import is_quotable
from appliance.tasks.voting import admitted, ordered, reach, voted
from tests.index.doubles import WordVectors
from tests.tasks.scripted import DOCUMENT, document, passages, saying

TEXT = """FEES

The monthly fee for the service is $1,200, paid in advance.

The cook sings in the kitchen of the house every morning.
"""
PARSED = document(TEXT)
TEXTS = {DOCUMENT: PARSED}
DATA = Calibration("t", (), (), "", (("coverage", 1.0), ("vote", 0.5), ("declined", -0.25)))


def signals(question: str) -> dict[str, Signals]:
    found = gather(question, passages(PARSED), TEXTS, WordVectors())
    return {item.span.of(TEXT).split()[1]: item.signals for item in found}


def test_each_signal_tells_the_answer_from_the_rest() -> None:
    found = signals("How much is the monthly fee for the service?")
    fee, cook = found["monthly"], found["cook"]
    assert fee.coverage > cook.coverage
    assert fee.similarity > cook.similarity
    assert (fee.kind, cook.kind) == (1, -1)
    assert fee.rank == 1


def test_headings_are_no_evidence() -> None:
    assert set(signals("What are the fees?")) == {"monthly", "cook"}


def test_a_row_needs_a_label_and_a_value() -> None:
    for words, quotable in (
        ("b) | Governing Law.", False),
        ("Governing Law.", False),
        ("Total | $45.00", True),
        ("b) | This agreement is governed by the laws of Texas.", True),
    ):
        span = Span(0, len(words))
        row = ParsedDocument(words, (Element(ElementKind.TABLE_ROW, span),), "text/plain")
        assert is_quotable(row, span, labelled=False) is quotable, words


def test_gates_exclude_and_the_vote_moves_up() -> None:
    question = "How much is the fee for the cook?"
    (only,) = admitted(question, passages(PARSED), TEXTS, WordVectors())
    assert "$1,200" in only.span.of(TEXT)
    every = ordered(gather("What of the house?", passages(PARSED), TEXTS, WordVectors()), DATA)
    after = voted("What of the house?", every, TEXTS, saying("The monthly fee"), DATA)
    by_place = {item.span: at for at, item in after}
    assert by_place[only.span] > dict((e.span, s) for s, e in every)[only.span]
    declined = voted("What of the house?", every, TEXTS, saying("not stated"), DATA)
    assert all(item.signals.declined == 1 for _, item in declined)
    assert reach(DATA) == (-0.25, 0.5)


def test_a_copy_that_stands_nowhere_is_no_vote() -> None:
    every = ordered(gather("What of the house?", passages(PARSED), TEXTS, WordVectors()), DATA)
    after = voted("What of the house?", every, TEXTS, saying("made up by the model"), DATA)
    assert [item.signals.vote for _, item in after] == [0.0] * len(after)


def test_equal_scores_are_ordered_by_place() -> None:
    twin = [Evidence(DOCUMENT, Span(at, at + 1), Signals()) for at in (5, 1, 3)]
    assert [item.span.begin for _, item in ordered(twin, DATA)] == [1, 3, 5]
    assert score(Signals(coverage=0.5), DATA) == 0.5


@pytest.mark.parametrize(
    ("heading", "question", "named"),
    [
        ("CHIEF COMPLAINT", "What is the patient's chief complaint?", True),
        ("CHIEF COMPLAINT", "What is Bryan Smith's chief complaint?", True),
        ("GOVERNING LAW", "Which law governs?", True),
        ("ASSESSMENT AND PLAN", "What is the plan?", False),
        ("Notices", "Who signs the notices of default?", False),
        ("", "What is the plan?", False),
    ],
)
def test_a_heading_may_name_what_is_asked(heading: str, question: str, named: bool) -> None:
    assert titles(heading, question) is named
