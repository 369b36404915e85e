"""How extraction is measured: places across two readings, values, decisions, weights."""

from __future__ import annotations

import pytest

from appliance.documents import Citation, DocumentId, ParsedDocument, Span
from appliance.results import FieldValue, Found, Status
from scripts.evaluating.contract_fit import Case, fitted
from scripts.evaluating.contract_scores import false_found, reliability, scores
from scripts.evaluating.contracts import (
    CATEGORIES,
    Annotated,
    Compact,
    Row,
    annotated,
    compared,
    normalise_american,
)

TEXT = "THIS AGREEMENT is made on May 5, 2011.\nIt is governed  by the laws\nof Ohio (USA)."
PARSED = ParsedDocument(TEXT, (), "text/plain")
ID = DocumentId("d" * 32)
DATE = ("agreement_date", "May 5, 2011", "2011-05-05")
LAW = ("governing_law", "Ohio", "Ohio")


def found(name: str, quote: str, normalised: str | None = None) -> dict[str, FieldValue]:
    begin = TEXT.index(quote)
    value = Found(Citation(ID, Span(begin, begin + len(quote)), quote), normalised, 0.8)
    return {name: FieldValue(name, Status.FOUND, (value,))}


def row(category: str, *, present: bool, stated: bool, document: str = "a") -> Row:
    return Row(
        document,
        category,
        present,
        stated,
        stated,
        None,
        None,
        0,
        0,
        0,
        0.8 if stated else None,
        True,
    )


def test_every_category_has_a_field_of_the_pack() -> None:
    from appliance.tasks import packs

    fields = {field.name for field in packs.load("legal/contract").fields}
    assert len(CATEGORIES) == 41
    assert {name for names in CATEGORIES.values() for name in names} <= fields


def test_an_annotation_is_found_whatever_the_white_space_and_marks() -> None:
    reading = Compact(TEXT)
    (place,) = reading.places("governed by the laws of Ohio, USA")
    assert reading.text[slice(*place)] == "governedbythelawsofohiousa"
    assert reading.places("not there") == []
    assert len(reading.places("governed by<omitted>of Ohio")) == 2


def test_a_long_annotation_is_found_in_pieces_where_the_readings_differ() -> None:
    words = " ".join(f"word{n}" for n in range(40))
    assert Compact(words.replace("word20", "page 7 word20")).places(words)


@pytest.mark.parametrize(
    ("category", "value", "texts", "given", "exact", "normalised"),
    [
        ("Agreement Date", "5/5/11", ("May 5, 2011",), DATE, 1, 1),
        ("Agreement Date", "5/6/11", ("May 5, 2011",), DATE, 1, 0),
        ("Governing Law", "Ohio", ("laws of Ohio",), LAW, 1, 1),
        ("Governing Law", "Utah", ("laws of Utah",), LAW, 0, 0),
    ],
)  # fmt: skip
def test_values_are_compared_as_they_stand_and_as_they_are_read(
    category: str,
    value: str,
    texts: tuple[str, ...],
    given: tuple[str, str, str],
    exact: float,
    normalised: float,
) -> None:
    result = compared("a", Annotated(category, value, texts), found(*given), PARSED)
    assert (result.exact, result.normalised) == (exact, normalised)
    assert result.grounded


def test_a_quote_that_does_not_stand_at_its_place_is_not_grounded() -> None:
    moved = Found(Citation(ID, Span(0, 4), "that"), None)
    fields = {"insurance": FieldValue("insurance", Status.FOUND, (moved,))}
    assert not compared("a", Annotated("Insurance", "No", ()), fields, PARSED).grounded


def test_dates_of_the_annotation_become_iso() -> None:
    assert normalise_american("2/19/07") == "2007-02-19"
    assert normalise_american("8/9/99") == "1999-08-09"
    assert normalise_american("[]/[]/2007") is None


def test_a_line_of_the_data_gives_all_categories() -> None:
    line = {"fields": {"Insurance": "Yes"}, "evidence": {"Insurance": [{"text": "insured"}]}}
    by_name = {a.category: a for a in annotated(line)}
    assert len(by_name) == 41
    assert by_name["Insurance"].present
    assert not by_name["Exclusivity"].present


def test_false_findings_are_counted_of_what_is_absent() -> None:
    rows = [
        row("Insurance", present=False, stated=True),
        row("Exclusivity", present=False, stated=False),
        row("Audit Rights", present=True, stated=True),
    ]
    assert [sum(part) for part in zip(*map(false_found, rows), strict=True)] == [1, 2]
    table = {score.name: score for score in scores(rows, [])}
    assert table["F1 of present or absent"].value == pytest.approx(2 / 3)
    assert table["absent, yet found"].met is False


def test_the_reliability_shows_held_back_contracts_only() -> None:
    rows = [row("Insurance", present=True, stated=True, document=f"{n}") for n in range(40)]
    (bin_,) = reliability(rows)
    assert 0 < int(bin_.on.split()[0]) < 40


def test_weights_follow_what_was_right() -> None:
    cases = [
        Case(f"{n % 4}", f"f{n}", {"pattern": float(n % 2), "cues": 1.0}, bool(n % 2))
        for n in range(40)
    ]
    made = fitted("x", "made up", cases, ("constant", "pattern", "cues"))
    assert dict(made.weights)["pattern"] > 1.5
    assert len(made.scores) == 40
