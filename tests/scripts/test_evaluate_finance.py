"""What the parts receipts, filings and invoices of the evaluation count."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from appliance.tasks import calibration
from appliance.tasks.samples import sample
from scripts.evaluating import filings, invoices, receipts
from scripts.evaluating.by_rules import NoEngine
from scripts.evaluating.filings import Figure
from scripts.evaluating.receipts import Row
from scripts.evaluating.result import Result
from scripts.evaluating.split import held_back
from tests.tasks.receipts.slips import slip


def value(result: Result, name: str) -> float:
    return next(score.value for score in result.scores if score.name == name)


# --- receipts -------------------------------------------------------------------------------------


def test_case_blanks_and_punctuation_are_no_errors_and_words_are() -> None:
    assert Row("a", "company", "Blue Door, Ltd.", "BLUE DOOR LTD").right
    assert not Row("a", "company", "Blue Doors Ltd", "BLUE DOOR LTD").right
    assert not Row("a", "company", "", "").right


def test_totals_are_compared_as_numbers_too() -> None:
    row = Row("a", "total", "RM 1,234.50", "1234.50")
    assert row.same_number
    assert not row.right


def test_likeness_is_one_less_the_edit_distance() -> None:
    assert Row("a", "address", "abcd", "abcx").likeness == pytest.approx(0.75)
    assert Row("a", "address", "", "abcd").likeness == 0


def test_the_f1_counts_wrong_and_missing_values_against() -> None:
    rows = [
        Row("a", "company", "x", "x"),
        Row("a", "date", "y", "z"),
        Row("a", "address", "", "w"),
        Row("a", "total", "5", "5"),
    ]
    result = receipts.result(rows)
    assert value(result, "entity F1") == pytest.approx(2 * 2 / (3 + 4))
    assert value(result, "found but wrong") == pytest.approx(1 / 4)
    assert result.details[0].notes == ("date: 'y' for 'z'", "address: '' for 'w'")


def test_a_receipt_is_read_by_the_pack() -> None:
    parsed = slip("GREEN LEAF TRADING SDN BHD", "NO 5, JALAN MAWAR", "TOTAL | 5.50")
    truth = {"company": "Green Leaf Trading Sdn Bhd", "total": "5.50", "date": "1/1/2018"}
    rows = {row.field: row for row in receipts.of_receipt("a", parsed, truth)}
    assert set(rows) == set(receipts.FIELDS)
    assert rows["company"].right
    assert rows["total"].right
    assert rows["date"].found == ""


def test_calibration_is_written_of_the_tuned_half_alone(tmp_path: Path) -> None:
    names = [f"{n}.jpg" for n in range(20)]
    rows = [Row(name, "total", "5", "5", 0.5) for name in names]
    receipts.calibrate(rows, tmp_path)
    data = calibration.load("places-receipts", tmp_path)
    assert len(data.scores) == sum(not held_back(name) for name in names) > 0


# --- filings --------------------------------------------------------------------------------------


def figure(document: str, field: str, amount: int, period: str = "2023-07-01") -> Figure:
    return Figure(document, field, str(amount), "USD", Decimal(amount), period, current=True)


def test_a_balance_sheet_is_even_or_not() -> None:
    sides = [figure("a", "total_assets", 5), figure("a", "total_liabilities", 3)]
    assert filings.balance("a", [*sides, figure("a", "equity", 2)]).share == 1
    assert filings.balance("a", [*sides, figure("a", "equity", 1)]).share == 0
    assert filings.balance("a", sides).share == 0  # not shown to be even


def test_reports_of_one_company_confirm_each_other() -> None:
    found = {
        "2022 Q3 ABC.pdf": [figure("", "revenue", 5, "P3M/2022-07-01")],
        "2023 Q3 ABC.pdf": [figure("", "revenue", 5, "P3M/2022-07-01")],
        "2023 Q3 XYZ.pdf": [figure("", "revenue", 9, "P3M/2022-07-01")],
    }
    counts = {c.document: c.share for c in filings.repeated(found)}
    assert counts == {"2022 Q3 ABC.pdf": 1, "2023 Q3 ABC.pdf": 1}
    found["2023 Q3 ABC.pdf"] = [figure("", "revenue", 6, "P3M/2022-07-01")]
    assert {c.share for c in filings.repeated(found)} == {0}


def test_answers_to_questions_on_a_figure_hold_it(tmp_path: Path) -> None:
    file = tmp_path / "qa.jsonl"
    row = {
        "question": "How did total net sales change?",
        "doc": ["a.pdf"],
        "answer_numbers": ["81,797"],
    }
    file.write_text(json.dumps(row) + "\n", "utf-8")
    asked = list(filings.questions(file))
    assert asked == [("revenue", frozenset({"81797"}), ("a.pdf",))]
    found = {"a.pdf": [figure("a.pdf", "revenue", 81797)]}
    assert [c.share for c in filings.answered(found, asked)] == [1]
    found = {"a.pdf": [figure("a.pdf", "revenue", 5)]}
    assert [c.share for c in filings.answered(found, asked)] == [0]


REPORT = """UNITED STATES SECURITIES AND EXCHANGE COMMISSION

For the quarterly period ended July 1, 2023

(In millions)

| | Three Months Ended July 1, 2023 |
| Total net sales | $ 81 |
| Net income | 19 |
| Diluted earnings per share | 1.26 |

(In millions)

| | July 1, 2023 | September 24, 2022 |
| Total assets | $ 335 | $ 352 |
"""


def test_a_report_gives_figures_with_unit_and_period() -> None:
    figures = {(f.field, f.period): f for f in filings.of_report("a.pdf", sample(REPORT))}
    assert figures["revenue", "P3M/2023-07-01"].value == 81_000_000
    assert figures["eps_diluted", "P3M/2023-07-01"].unit == "USD/share"
    assert figures["total_assets", "2022-09-24"].unit == "USD"


def test_statements_confirm_the_dates_of_the_cover() -> None:
    assert [(f, ok) for f, _, ok in filings.cover("a", sample(REPORT))] == [("period_end", True)]
    other = REPORT.replace("period ended July 1", "period ended June 1")
    assert [ok for *_, ok in filings.cover("a", sample(other))] == [False]


# --- invoices -------------------------------------------------------------------------------------


def test_only_mails_with_an_answer_count(tmp_path: Path) -> None:
    file = tmp_path / "qa.jsonl"
    lines = [
        {"doc": "a.eml", "answer": "$2 099.00", "unanswerable": False},
        {"doc": "b.eml", "answer": "unknown", "unanswerable": True},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    assert invoices.answers(file) == {"a.eml": frozenset({Decimal("2099.00")})}


def test_the_total_of_a_mail_by_rules_alone() -> None:
    expected = frozenset({Decimal("99.00")})
    row = invoices.of_mail("a", sample("Subtotal $90.00\nTax $9.00\nTotal $99.00"), expected)
    assert row.right
    silent = invoices.of_mail("b", sample("Good morning."), expected)
    assert silent.found is None
    result = invoices.result([row, silent])
    assert value(result, "total right") == 0.5
    assert value(result, "total not stated") == 0.5


def test_rules_alone_ask_no_engine() -> None:
    assert NoEngine().complete([]) == ()
