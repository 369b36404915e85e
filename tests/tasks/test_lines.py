from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import Box, Element, ElementKind, Mark, ParsedDocument, Span
from appliance.tasks.lines import lines
from tests.tasks.scripted import document


def test_words_at_one_height_are_one_line() -> None:
    text = "Blue Door Cafe 1 Mill Lane"
    words = [Span(0, 4), Span(5, 9), Span(10, 14), Span(15, 16), Span(17, 21), Span(22, 26)]
    marks = tuple(
        Mark(span, Box(10 * at, 20 if at < 3 else 40, 10 * at + 9, 30 if at < 3 else 50))
        for at, span in enumerate(words)
    )
    element = Element(ElementKind.TEXT, Span(0, len(text)), 1, None, marks)
    found = lines(ParsedDocument(text, (element,), "image/png"))
    assert [line.text for line in found] == ["Blue Door Cafe", "1 Mill Lane"]
    assert [line.height for line in found] == [10, 10]
    assert found[0].box == Box(0, 20, 29, 30)


def test_without_marks_line_breaks_part() -> None:
    found = lines(document("one\n  two \n\nthree"))
    assert [line.text for line in found] == ["one", "two", "three"]


@given(st.text())
def test_every_line_is_a_span_of_the_text(text: str) -> None:
    parsed = document(text)
    for line in lines(parsed):
        assert line.span.of(parsed.text) == line.text
        assert line.text.strip()
