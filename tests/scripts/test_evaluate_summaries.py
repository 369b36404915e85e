"""What the evaluation of summaries counts, on small texts whose figures can be worked out."""

from __future__ import annotations

import pytest

from appliance.documents import (
    Citation,
    DocumentId,
    Element,
    ElementKind,
    ParsedDocument,
    Span,
)
from appliance.results import Section, Statement, Summary
from scripts.evaluating import summaries
from scripts.evaluating.rouge import longest_common, rouge
from scripts.evaluating.summaries import Made, shares_words, stands, strange

ID = DocumentId("d" * 32)
TEXT = "Anna takes lisinopril 10 mg. She has no pain."


def made(*statements: str) -> Made:
    parsed = ParsedDocument(
        TEXT, (Element(ElementKind.TEXT, Span(0, len(TEXT)), page=1),), "text/plain", pages=2
    )
    cited = [Statement(s, (Citation(ID, Span(0, len(TEXT)), TEXT, page=1),)) for s in statements]
    sections = (
        Section("a", Span(0, 20), 1, 1, represented=True),
        Section("b", Span(20, len(TEXT)), 1, 2, represented=False),
    )
    return Made("a.txt", parsed, Summary(ID, tuple(cited), 0, 1, sections=sections), 1.5, 20)


def test_rouge_counts_words_pairs_and_the_longest_common_run() -> None:
    found = rouge("the cat sat on the mat", "the cat is on the mat")
    assert found.one == pytest.approx(10 / 12)
    assert found.two == pytest.approx(2 * 3 / 10)
    assert found.longest == pytest.approx(10 / 12)
    assert rouge("", "a b").one == 0
    assert rouge("A, b!", "a B").one == 1


def test_the_longest_common_subsequence_skips_words_but_keeps_their_order() -> None:
    assert longest_common("abcde", "axcye") == 3
    assert longest_common("ab", "ba") == 1
    assert longest_common("", "a") == 0
    assert longest_common("a" * 70, "a" * 65) == 65


def test_numbers_names_and_drugs_that_the_source_lacks_are_strange() -> None:
    assert strange("She takes lisinopril 10 mg.", TEXT) == []
    assert strange("She takes 20 mg.", TEXT) == ["20"]
    assert strange("She saw Doctor Berg.", TEXT) == ["Doctor", "Berg"]
    assert strange("She takes metoprolol.", TEXT) == ["metoprolol"]


def test_a_statement_stands_in_its_quotes_in_order() -> None:
    assert stands(("she has no pain", ["so she has , um , no pain"]))
    assert stands(("Q: any pain? A: no.", ["any pain ?", "no ."]))
    assert not stands(("no pain she has", ["she has no pain"]))
    assert not stands(("she has", []))


def test_a_statement_and_a_marked_clause_share_eight_words_or_all_of_them() -> None:
    clause = "one two three four five six seven eight nine ten"
    assert shares_words("zero one two three four five six seven eight", clause)
    assert not shares_words("one two three four five six seven", clause)
    assert shares_words("the law of Ohio governs", "law of Ohio")
    assert not shares_words("anything", "")


def test_a_sentence_is_planted_at_its_depth() -> None:
    text = "One is here. Two is here. Three is here. Four is here. "
    assert summaries.planted(text, 0.5, "X.") == (
        "One is here. Two is here. X. Three is here. Four is here. "
    )
    assert summaries.planted("no stop", 0.1, "X.") == "no stopX. "


def test_evidence_and_coverage_are_shares_of_statements_and_sections() -> None:
    grounded = summaries._grounded("part", [made("Anna takes lisinopril", "Bob takes 5 mg")])
    assert {score.name: score.value for score in grounded} == {
        "statements with evidence": 0.5,
        "statements without a number, name or drug of their own": 0.5,
    }
    represented = summaries._represented("part", [made("Anna takes lisinopril")])
    assert [score.value for score in represented] == [0.5, 0.5]


def test_what_is_planted_is_shown_or_its_section_reported() -> None:
    amount = summaries.fact(0).split()[4]
    text = "x" * 30 + summaries.fact(0)
    element = Element(ElementKind.TEXT, Span(0, len(text)))
    parsed = ParsedDocument(text, (element,), "text/plain")
    for reported, value in ((True, 1.0), (False, 0.0)):
        section = Section("a", Span(0, len(text)), None, None, represented=not reported)
        summary = Summary(ID, (), 0, 0, sections=(section,))
        result = summaries._planted(None, [Made("0_a.txt", parsed, summary, 0, 0)])  # type: ignore[arg-type]
        assert [score.value for score in result.scores] == [0.0, value]
    assert amount.startswith("$4,")
