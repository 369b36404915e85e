from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.tasks.sentences import sentences
from tests.tasks.scripted import document


def split(text: str) -> list[str]:
    parsed = document(text)
    return [span.of(text) for span in sentences(parsed, Span(0, len(text)))]


def test_abbreviations_initials_and_clause_numbers_end_nothing() -> None:
    text = "Acme, Inc. met R. C. Boyd. See No. 5 of Sec. 2.\n\n11. Law. It applies."
    assert split(text) == [
        "Acme, Inc. met R. C. Boyd.",
        "See No. 5 of Sec. 2.",
        "11. Law.",
        "It applies.",
    ]


def test_a_line_break_lost_in_a_mail_still_ends_a_sentence() -> None:
    assert split("Your card is 7681.If you ask, reply.") == [
        "Your card is 7681.",
        "If you ask, reply.",
    ]


def test_a_sentence_that_a_reader_cut_in_two_is_one() -> None:
    assert split("It is signed by and\n\nbetween two parties. Yes.\n\nThen it ends") == [
        "It is signed by and\n\nbetween two parties.",
        "Yes.",
        "Then it ends",
    ]


def test_bullets_are_not_part_of_a_sentence() -> None:
    assert split("• Plan: rest.") == ["Plan: rest."]


def test_a_row_is_one_sentence_and_headers_are_none() -> None:
    text = "Page 1\nTotal. | $5\ngoes on. More."
    parsed = ParsedDocument(
        text,
        (
            Element(ElementKind.HEADER, Span(0, 6)),
            Element(ElementKind.TABLE_ROW, Span(7, 18)),
            Element(ElementKind.TEXT, Span(19, len(text))),
        ),
        "application/pdf",
    )
    found = [span.of(text) for span in sentences(parsed, Span(0, len(text)))]
    assert found == ["Total.", "| $5\ngoes on.", "More."]
    alone = [span.of(text) for span in sentences(parsed, Span(0, 18))]
    assert alone == ["Total. | $5"]


@given(st.text(st.sampled_from("ab. \nA1;•")))
def test_sentences_are_ordered_apart_trimmed_and_lose_no_letter(text: str) -> None:
    parsed = document(text)
    spans = sentences(parsed, Span(0, len(text)))
    assert all(one.end <= two.begin for one, two in pairwise(spans))
    assert all(span.of(text) == span.of(text).strip() != "" for span in spans)
    kept = "".join(span.of(text) for span in spans)
    assert sum(map(str.isalnum, kept)) == sum(map(str.isalnum, text))
