"""A document prepared for expressions: bounded lines, with headings and the words of their list."""

from __future__ import annotations

from appliance.documents import Span
from appliance.tasks.sheet import LONGEST_LINE, REACH, WINDOW, sheet, windows
from tests.tasks.scripted import document


def test_a_line_knows_the_title_above_and_its_own_heading() -> None:
    lines = sheet(document("INSURANCE\n\n12.1 Cover. The carrier insures the goods.")).lines
    assert lines[-1].heading.startswith("INSURANCE")
    assert "Cover" in lines[-1].heading


def test_white_space_is_collapsed_and_what_is_too_long_is_not_matched() -> None:
    (line,) = sheet(document("goods\nand   wares " * 400)).lines
    assert line.text.startswith("goods and wares goods")
    assert len(line.text) == LONGEST_LINE


def test_an_item_has_the_words_that_open_its_list_and_what_follows_has_not() -> None:
    text = "The agent shall not: (a) sell rival goods; (b) hire staff. The owner pays all dues."
    lines = sheet(document(text)).lines
    assert [line.lead for line in lines] == ["", "The agent shall not", ""]
    assert lines[1].read == "The agent shall not (b) hire staff."


def test_the_sentence_of_a_span_is_found_or_is_the_span() -> None:
    made = sheet(document("One two three. Four five six."))
    assert made.line_of(Span(15, 19)) == made.lines[1].span
    assert made.line_of(Span(14, 15)) == Span(14, 15)


def test_windows_cover_a_text_and_reach_beyond_their_end() -> None:
    length = 3 * WINDOW + 5
    made = list(windows(length))
    assert [within.begin for within, _ in made] == [0, WINDOW, 2 * WINDOW, 3 * WINDOW]
    assert [end for _, end in made] == [WINDOW + REACH, 2 * WINDOW + REACH, length, length]
    assert list(windows(length, 10)) == [(Span(0, 10), 10)]
