"""How answers out of tables are compared with the annotated ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.documents import ParsedDocument
from appliance.formats.build import DocumentBuilder
from scripts.evaluating import tables_set
from scripts.evaluating.options import Options
from scripts.evaluating.tables_metric import exact, f1, gold, normalised
from scripts.evaluating.tables_set import Filed, Question


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$1.2 billion", "1,200 million"),
        ("(155)", "-155"),
        ("16%", "0.16"),
        ("—", "0"),
        ("The  Data Center, Group.", "data center group"),
        ("18 million dollars", "$18 million"),
        ("2.5%", "2.50 percent"),
    ],
)
def test_the_same_answer_in_other_words(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("18 million", "18"), ("191%", "191"), ("5.12", "5.1")])
def test_scale_and_decimals_count(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_the_annotated_scale_is_multiplied_out() -> None:
    assert gold(18, "million") == [normalised("18 million")]
    assert gold(16.36, "percent") == [normalised("16.36%")]
    assert gold(["$1,310", "$510"], "thousand") == gold(["$510", "$1,310"], "thousand")


def test_answers_are_a_set() -> None:
    assert exact(["2019.0000", "2018.0000"], ["2018.0000", "2019.0000"])
    assert not exact(["2019.0000"], ["2018.0000", "2019.0000"])


def test_words_in_common_count_in_part_and_wrong_numbers_not_at_all() -> None:
    assert f1(["cash at bank"], ["cash bank"]) == pytest.approx(0.8)
    assert f1(["5.0000 years"], ["6.0000 years"]) == 0.0
    assert f1(["land", "buildings"], ["buildings", "land"]) == 1.0
    assert f1(["land"], ["land", "buildings"]) == 0.5
    assert f1([], ["land"]) == 0.0


def report() -> ParsedDocument:
    builder = DocumentBuilder("text/plain")
    table = builder.new_table()
    builder.add_row(["", "2019", "2018"], table=table, heads=True)
    builder.add_row(["Rent (in millions)", "82", "60"], table=table)
    return builder.finish()


def test_questions_are_right_wrong_or_declined() -> None:
    texts = [
        "What was the rent in 2019?",
        "What was the rent in 2018?",
        "What was the tax in 2018?",
    ]
    expected = [("82000000.0000",), ("5.0000",), ("1.0000",)]
    asked = [
        Question(text, "a.md", "span", answers)
        for text, answers in zip(texts, expected, strict=True)
    ]
    outcomes = [tables_set.outcome(question, report()) for question in asked]
    assert [(o.right, o.wrong) for o in outcomes] == [(True, False), (False, True), (False, False)]
    scores = {s.name: s for s in tables_set.result(outcomes).scores}
    assert scores["exact match"].value == pytest.approx(1 / 3)
    assert scores["declined"].value == pytest.approx(1 / 3)
    assert scores["wrong answers for each declined"].met is False


def test_numbers_of_a_filing_count_where_they_are_given() -> None:
    filed = Filed("What was the rent in 2019?", "a.pdf", ("82", "60"))
    held = tables_set.numbers(filed, report())
    assert (held.found, held.text is None) == (1, False)
    declined = tables_set.numbers(Filed("What was the tax in 2019?", "a.pdf", ("1",)), report())
    assert (declined.found, declined.text) == (0, None)
    scores = {s.name: s for s in tables_set.of_filings([held, declined]).scores}
    given = scores["filings: numbers of the reference given"]
    assert given.value == pytest.approx(1 / 3)
    assert given.on == "1 documents, 3"
    assert scores["filings: declined"].value == 0.5


def test_questions_are_read_as_they_are_annotated(tmp_path: Path) -> None:
    folder = tmp_path / "finance_tables"
    folder.mkdir()
    row = {"question": "Q?", "doc": "a.md", "answer_type": "arithmetic", "answer": 4, "scale": ""}
    (folder / "qa.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    assert tables_set.questions(tmp_path) == [Question("Q?", "a.md", "arithmetic", ("4.0000",))]
    assert tables_set.filings(tmp_path) == []
    assert tables_set.score(tmp_path / "nothing", Options()).scores == ()
