from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.documents import Span
from appliance.engine.client import Prompt
from appliance.errors import EngineUnavailable
from appliance.tasks.summarize import MOST, summarize
from tests.tasks.scripted import DOCUMENT, ScriptedEngine, document, saying


def long_contract(sections: int) -> str:
    return "\n\n".join(
        f"SECTION {n}\n\nThe Supplier shall deliver part number {n} to the Buyer by day {n} of "
        f"the term. The Buyer shall pay the Supplier ${n},000 for part number {n}. "
        f"This paragraph about colours is here to fill the page with other words {n}."
        for n in range(1, sections + 1)
    )


@pytest.mark.parametrize("sections", [1, 3, 40, 400])
def test_every_window_is_read_and_every_sentence_stands_in_the_document(sections: int) -> None:
    text = long_contract(sections)
    parsed = document(text)
    engine = saying("none of them")
    summary = summarize(parsed, DOCUMENT, engine)
    assert summary.document == DOCUMENT
    assert 0 < len(summary.statements) <= MOST
    for statement in summary.statements:
        (cited,) = statement.citations
        assert cited.span.of(text) == cited.quote
        assert statement.text == " ".join(cited.quote.split())
    read = " ".join(prompt.document for prompt in engine.asked)
    for section in range(1, sections + 1):
        assert f"part number {section} " in read
    assert summary.windows == len(engine.asked)
    assert len(engine.batches) == 1


def test_a_window_fits_the_model() -> None:
    engine = saying("")
    summarize(document(long_contract(400)), DOCUMENT, engine)
    assert max(len(prompt.document) for prompt in engine.asked) < 8200


def test_the_model_chooses_in_each_window() -> None:
    text = (
        "The Supplier shall deliver the goods to the Buyer at the port. "
        "The Supplier shall insure the goods for the Buyer at the port."
    )

    def last(prompt: Prompt) -> str:
        return "The Supplier shall insure the"

    shown = summarize(document(text), DOCUMENT, ScriptedEngine(last)).statements
    assert any("insure" in statement.text for statement in shown)


def test_sentences_come_in_the_documents_order() -> None:
    """The first sentence is the lightest; the model's choice brings it in."""
    text = (
        "Zebras graze quietly beneath acacia trees. The Supplier shall deliver the goods to the "
        "Buyer for fees. The Buyer shall pay the Supplier all fees due for the goods delivered."
    )
    shown = summarize(document(text), DOCUMENT, saying("Zebras graze quietly beneath acacia"))
    begins = [statement.citations[0].span.begin for statement in shown.statements]
    assert begins == sorted(begins)
    assert begins[0] == 0
    assert len(begins) == 2


def test_a_summary_does_not_repeat_itself() -> None:
    text = long_contract(30) + "\n\n" + long_contract(30)
    shown = summarize(document(text), DOCUMENT, saying("")).statements
    assert len({statement.text for statement in shown}) == len(shown)


def test_an_empty_document_has_an_empty_summary() -> None:
    engine = saying("x")
    summary = summarize(document("  \n"), DOCUMENT, engine)
    assert (summary.statements, summary.windows) == ((), 0)


@settings(max_examples=30)
@given(st.text())
def test_whatever_the_model_says_only_quotes_are_shown(said: str) -> None:
    text = long_contract(5)
    for statement in summarize(document(text), DOCUMENT, saying(said)).statements:
        cited = statement.citations[0]
        assert text[cited.span.begin : cited.span.end] == cited.quote
        assert cited.span.overlaps(Span(0, len(text)))


def test_an_engine_that_fails_is_not_hidden() -> None:
    def fail(_: Prompt) -> str:
        raise EngineUnavailable("it went away")

    with pytest.raises(EngineUnavailable):
        summarize(document(long_contract(5)), DOCUMENT, ScriptedEngine(fail))
