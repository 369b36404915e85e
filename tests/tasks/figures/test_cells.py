"""Cells with what names them, and the series they make."""

from __future__ import annotations

import time
from decimal import Decimal

from appliance.documents import ParsedDocument
from appliance.formats.build import DocumentBuilder, Entry
from appliance.tasks.figures.cells import Figure, figures
from appliance.tasks.figures.periods import Period
from appliance.tasks.figures.series import Series, gather
from tests.tasks.figures.small import INCOME, ONE, document


def cell(parsed: ParsedDocument, quote: str) -> Figure:
    """The first cell with this text."""
    return next(f for f in figures(ONE, parsed) if f.quote == quote)


def series(parsed: ParsedDocument) -> tuple[Series, ...]:
    return gather(figures(ONE, parsed))


def test_a_cell_knows_its_row_section_period_and_scale() -> None:
    figure = cell(INCOME, "104")
    assert (figure.label, figure.section) == ("Licences", "Cost of revenue:")
    assert figure.period == Period(2019)
    assert figure.scale == 1000
    assert figure.number is not None
    assert figure.number.value == Decimal(104)
    named = [span.of(INCOME.text) for span in figure.naming]
    assert named == ["Licences", "2019"]


def test_a_total_ends_its_section() -> None:
    assert cell(INCOME, "250").section == ""
    assert cell(INCOME, "396").section == "Revenue:"


def test_a_row_without_a_label_is_the_total_of_its_section() -> None:
    found = next(s for s in series(INCOME) if s.points[0].quote == "304")
    assert found.total
    assert found.row == {"cost", "revenu", "total"}


def test_percentages_take_no_scale() -> None:
    assert (cell(INCOME, "21.0%").scale, cell(INCOME, "21.0%").percent) == (1, True)


def test_a_column_of_percentages_may_carry_few_signs() -> None:
    parsed = document([["", "2019"], ["Statutory", "21.0%"], ["State", "3.7"], ["Total", "24.7%"]])
    assert cell(parsed, "3.7").percent


def test_a_margin_above_a_hundred_is_an_amount() -> None:
    parsed = document(
        [["(in millions)", "2019"], ["Gross margin", "36,413"], ["Operating margin", "30.1"]]
    )
    assert not cell(parsed, "36,413").percent
    assert cell(parsed, "30.1").percent


def test_figures_per_share_take_no_scale() -> None:
    parsed = document(
        [["", "2019"], ["Earnings per share", "1.25"], ["Net income", "700"]],
        before=["(in thousands, except per share amounts)"],
    )
    assert (cell(parsed, "1.25").scale, cell(parsed, "700").scale) == (1, 1000)


def test_a_scale_in_the_head_of_a_column_is_its_own() -> None:
    parsed = document(
        [["", "Sales ($ in millions)", "Dividend (dollars)"], ["North", "5", "0.75"]],
    )
    assert (cell(parsed, "5").scale, cell(parsed, "5").currency) == (10**6, "dollars")
    assert cell(parsed, "0.75").scale == 1


def test_a_sentence_about_millions_scales_no_table() -> None:
    parsed = document([["", "2019"], ["Units", "7"]], after=["We sold several million units."])
    assert cell(parsed, "7").scale == 1


def test_rows_may_hold_the_periods() -> None:
    parsed = document([["Year", "Payments"], ["2020", "$12"], ["2021", "9"], ["After", "30"]])
    payments = series(parsed)[0]
    assert [(f.quote, f.period) for f in payments.points] == [
        ("$12", Period(2020)),
        ("9", Period(2021)),
    ]
    assert payments.column == {"payment"}


def test_a_table_that_begins_anew_goes_on_with_the_same_series() -> None:
    builder = DocumentBuilder("text/plain")
    table = builder.new_table()
    for year, value in (("2019", "129"), ("2018", "73")):
        heads = [Entry(f"As of December 31, {year}", 1, 2)]
        builder.add_row(heads, table=table, heads=True)
        builder.add_row([Entry("Cost", 1), Entry("Gain", 2)], table=table, heads=True)
        builder.add_row(["Bonds", value, "1"], table=table)
    cost = series(builder.finish())[0]
    assert [(f.quote, f.period) for f in cost.points] == [
        ("129", Period(2019, 12, 31)),
        ("73", Period(2018, 12, 31)),
    ]


def test_columns_of_change_are_told_from_columns_of_periods() -> None:
    parsed = document(
        [
            ["(Dollars in thousands)", "2019", "2018", "2019 over 2018", ""],
            ["Modules", "$30", "$20", "$10", "50%"],
        ]
    )
    change, percent = cell(parsed, "$10"), cell(parsed, "50%")
    assert (change.change, change.period, change.since) == (True, Period(2019), Period(2018))
    assert (percent.change, percent.since, percent.percent) == (True, Period(2018), True)
    assert not cell(parsed, "$30").change
    assert [len(s.points) for s in series(parsed)] == [2, 1, 1]


def test_quarters_take_their_year_from_elsewhere() -> None:
    parsed = document(
        [["", "First quarter", "Second quarter"], ["2019", "", ""], ["Sales", "5", "6"]],
    )
    assert cell(parsed, "6").period == Period(2019, quarter=2)


def test_a_line_above_dates_a_table_that_names_no_period() -> None:
    rows = [["", "Shares"], ["Granted", "40"]]
    assert cell(document(rows, before=["Awards in 2019"]), "40").period == Period(2019)
    assert cell(document(rows, before=["Awards in 2019 and 2018"]), "40").period is None


def test_two_rows_of_one_name_are_two_series() -> None:
    parsed = document([["", "2019", "2018"], ["Other", "1", "2"], ["Other", "3", "4"]])
    assert [[f.quote for f in s.points] for s in series(parsed)] == [["1", "2"], ["3", "4"]]


def test_titles_that_follow_each_other_are_one_section() -> None:
    parsed = document([["", "2019"], ["Shares used in"], ["earnings per share:"], ["Basic", "7"]])
    figure = cell(parsed, "7")
    assert figure.section == "Shares used in earnings per share:"
    assert figure.inner == "earnings per share:"


def test_changes_of_two_periods_are_one_series() -> None:
    parsed = document(
        [
            ["", "2019", "2018", "2017", "2019 over 2018", "2018 vs. 2017"],
            ["Sales", "30", "20", "10", "9", "8"],
        ]
    )
    assert [[f.quote for f in s.points] for s in series(parsed)] == [["30", "20", "10"], ["9", "8"]]


def test_lines_far_from_the_point_scale_nothing() -> None:
    line = "We lost money in thousands of small ways; sales in millions were never a goal of ours."
    parsed = document([["", "2019"], ["Units", "7"]], before=[line])
    assert cell(parsed, "7").scale == 1


def test_a_title_below_rows_begins_another_section() -> None:
    parsed = document([["", "2019"], ["Assets:"], ["Cash", "1"], ["Debts:"], ["Loans", "2"]])
    assert (cell(parsed, "1").section, cell(parsed, "2").section) == ("Assets:", "Debts:")


def test_a_table_that_repeats_itself_takes_no_minutes() -> None:
    parsed = document([["", "year"], *[["Revenue", "1"]] * 3000], before=["in thousands"])
    begun = time.thread_time()
    assert len(series(parsed)) == 3000
    assert time.thread_time() - begun < 10
