from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import Box, Element, ElementKind, ParsedDocument, Span
from appliance.errors import EngineRefused, InvariantBroken
from appliance.tasks.cite import citation, locate, trimmed
from tests.tasks.scripted import DOCUMENT


@given(st.text(min_size=1), st.data())
def test_a_located_quote_is_the_text_at_its_span(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin + 1, len(text)))
    within = Span(data.draw(st.integers(0, begin)), data.draw(st.integers(end, len(text))))
    span = locate(text[begin:end], text, within)
    assert span.of(text) == text[begin:end]
    assert within.begin <= span.begin <= begin
    assert span.end <= within.end


@pytest.mark.parametrize("quote", ["", "Acme  Ltd", "acme ltd", "Ltd\n", "Beta"])
def test_a_quote_must_stand_in_the_text_exactly(quote: str) -> None:
    with pytest.raises(EngineRefused):
        locate(quote, "between Acme Ltd and Bolt", Span(0, 25))


def test_a_quote_outside_the_window_is_not_located() -> None:
    with pytest.raises(EngineRefused):
        locate("Bolt", "between Acme Ltd and Bolt", Span(0, 16))


def test_a_citation_carries_page_and_box_of_its_element() -> None:
    box = Box(1, 2, 3, 4)
    parsed = ParsedDocument(
        "one two",
        (
            Element(ElementKind.TEXT, Span(0, 3), 1),
            Element(ElementKind.TEXT, Span(4, 7), 2, box),
        ),
        "application/pdf",
    )
    cited = citation(parsed, DOCUMENT, Span(4, 7))
    assert (cited.quote, cited.page, cited.box) == ("two", 2, box)
    for span in (Span(3, 4), Span(5, 99), Span(7, 7)):
        with pytest.raises(InvariantBroken):
            citation(parsed, DOCUMENT, span)


@given(st.text())
def test_trimming_takes_only_white_space(text: str) -> None:
    assert trimmed(Span(0, len(text)), text).of(text) == text.strip()
