"""Questions about one table, from the words to the answer with its cells and its arithmetic."""

from __future__ import annotations

import pytest

from appliance.documents import DocumentId
from appliance.formats.build import DocumentBuilder
from appliance.results import Status
from appliance.tasks.figures import ENOUGH, answer, propose
from tests.tasks.figures.small import INCOME, ONE, derived, document, proposal, said


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What was the total revenue in 2019?", ["1,600 thousand"]),
        ("What was the cost of licences in 2018?", ["90 thousand"]),
        ("What was the licences revenue in 2019?", ["$1,204 thousand"]),
        ("What was the SG&A in 2017?", ["100 thousand"]),
        ("What were the turnover in total in 2019?", ["1,600 thousand"]),
        ("What was the effective tax rate in 2018?", ["25.5%"]),
        ("What were the effective tax rates in 2019 and 2018 respectively?", ["21.0%", "25.5%"]),
        ("What was the total cost of revenue in 2019?", ["304 thousand"]),
    ],
)
def test_cells(question: str, expected: list[str]) -> None:
    assert said(question) == expected


@pytest.mark.parametrize(
    ("question", "text", "derivation"),
    [
        (
            "What was the change in total revenue from 2018 to 2019?",
            "210 thousand",
            "1,600 - 1,390 = 210 (thousands)",
        ),
        (
            "What was the change in total revenue between 2019 and 2018?",
            "210 thousand",
            "1,600 - 1,390 = 210 (thousands)",
        ),
        (
            "What was the decrease in services revenue from 2018 to 2019?",
            "14 thousand",
            "410 - 396 = 14 (thousands)",
        ),
        (
            "What was the increase / (decrease) in services revenue from 2018 to 2019?",
            "-14 thousand",
            "396 - 410 = -14 (thousands)",
        ),
        (
            "What is the difference in services revenue between 2018 and 2019?",
            "14 thousand",
            "410 - 396 = 14 (thousands)",
        ),
        (
            "What is the percentage change in total revenue from 2018 to 2019?",
            "15.11%",
            "(1,600 - 1,390) / 1,390 = 15.11%",
        ),
        (
            "By how much did total revenue increase in 2019?",
            "210 thousand",
            "1,600 - 1,390 = 210 (thousands)",
        ),
        (
            "What is the average selling, general and administrative?",
            "183.33 thousand",
            "(250 + 200 + 100) / 3 = 183.33 (thousands)",
        ),
        (
            "What is the average total revenue between 2017-2019?",
            "1,330 thousand",
            "(1,600 + 1,390 + 1,000) / 3 = 1,330 (thousands)",
        ),
        (
            "What is the average total revenue for 2018 and 2019?",
            "1,495 thousand",
            "(1,390 + 1,600) / 2 = 1,495 (thousands)",
        ),
        (
            "What is the sum of total revenue and total cost of revenue in 2019?",
            "1,904 thousand",
            "1,600 + 304 = 1,904 (thousands)",
        ),
        (
            "What was the total selling, general and administrative for 2018 and 2019?",
            "450 thousand",
            "200 + 250 = 450 (thousands)",
        ),
        (
            "What percentage of total revenue is services revenue in 2019?",
            "24.75%",
            "396 / 1,600 = 24.75%",
        ),
        (
            "What is selling, general and administrative as a percentage of total revenue in 2019?",
            "15.63%",
            "250 / 1,600 = 15.63%",
        ),
        (
            "What is the ratio of total cost of revenue to total revenue in 2018?",
            "0.22",
            "300 / 1,390 = 0.22",
        ),
        (
            "What is the difference between total revenue and total cost of revenue in 2017?",
            "770 thousand",
            "1,000 - 230 = 770 (thousands)",
        ),
        (
            "How many years did total revenue exceed $1.2 million?",
            "2",
            "2019: 1,600, 2018: 1,390",
        ),
    ],
)
def test_calculations_are_shown(question: str, text: str, derivation: str) -> None:
    assert said(question) == [text]
    assert derived(question) == derivation


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("In which year was total revenue the highest?", ["2019"]),
        ("In which year was the services revenue larger, 2018 or 2019?", ["2018"]),
        ("In which years was the total revenue less than 1,500 thousand?", ["2018", "2017"]),
        ("What was the lowest total revenue?", ["1,000 thousand"]),
        ("Which years does the table provide information for total revenue?",
         ["2019", "2018", "2017"]),
        ("What are the components under Cost of revenue?", ["Licences", "Services"]),
        ("How has total revenue changed over the years?",
         ["1,000 thousand", "1,390 thousand", "1,600 thousand"]),
    ],
)  # fmt: skip
def test_choices_and_lists(question: str, expected: list[str]) -> None:
    assert said(question) == expected


def test_figures_in_sentences() -> None:
    assert said("What was the rent expense in 2018?") == ["$2.2 million"]
    three = said("What was the rent expense in 2019, 2018 and 2017 respectively?")
    assert three == ["$2.5 million", "$2.2 million", "$1.9 million"]
    years = said("Over how many years is the unrecognized compensation to be recognized?")
    assert years == ["3.5 years"]


@pytest.mark.parametrize(
    "question",
    [
        "What was the total revenue in 2014?",  # no such period
        "What is the percentage change in the effective tax rate from 2017 to 2018?",  # from nil
        "What was the change in the flight hours from 2018 to 2019?",  # no such row
        "What is the average total revenue for 2014 and 2019?",
        "Why did total revenue increase?",
    ],
)
def test_what_the_table_does_not_say_is_not_answered(question: str) -> None:
    assert answer(question, {ONE: INCOME}) is None


def test_two_rows_of_one_name_are_not_chosen_between() -> None:
    parsed = document([["", "2019", "2018"], ["Other", "1", "2"], ["Other", "3", "4"]])
    assert answer("What was the amount of other in 2019?", {ONE: parsed}) is None
    same = document([["", "2019", "2018"], ["Other", "1", "2"], ["Other", "1", "5"]])
    assert answer("What was the amount of other in 2019?", {ONE: same}) is not None


def test_words_of_tables_answer_when_they_are_named_well() -> None:
    parsed = document([["", "Signature of"], ["Service contract", "J. Smith"], ["Fees", "5"]])
    signed = proposal("What is the term of the contract for the service of the fee?", parsed)
    assert signed is None or signed.score < ENOUGH
    life = document([["", "Useful life"], ["Buildings", "10 to 40 years"], ["Land", "n/a"]])
    assert said("What is the useful life of buildings?", life) == ["10 to 40 years"]
    words = proposal("What is the useful life of buildings?", life)
    assert words is not None
    assert words.score < 0.8


def test_years_of_the_only_table_are_listed_and_nothing_else() -> None:
    assert said("Which years are shown for the fleet?") == ["2019", "2018", "2017"]
    assert said("Which periods are shown for the fleet?") is None


def test_a_narrow_choice_scores_less_than_a_clear_one() -> None:
    rows = [["", "2019"], ["Cost:"], ["Rent", "1"], ["Cost of stores:"], ["Rent", "2"]]
    narrow = proposal("What was the rent cost in 2019?", document(rows))
    alone = proposal("What was the rent cost in 2019?", document(rows[:3]))
    assert narrow is not None
    assert alone is not None
    assert narrow.answer.statements[0].text == "1"
    assert narrow.score < alone.score - 0.1


def test_an_answer_cites_its_cells_and_what_names_them() -> None:
    found = answer("What was the change in total revenue from 2018 to 2019?", {ONE: INCOME})
    assert found is not None
    assert found.status is Status.FOUND
    (statement,) = found.statements
    quotes = [citation.quote for citation in statement.citations]
    assert quotes == ["1,600", "1,390", "Total revenue", "2019", "2018"]
    for citation in statement.citations:
        assert citation.span.of(INCOME.text) == citation.quote


def test_a_year_is_cited_where_it_stands() -> None:
    found = answer("In which year was total revenue the highest?", {ONE: INCOME})
    assert found is not None
    quotes = [citation.quote for citation in found.statements[0].citations]
    assert quotes == ["Total revenue", "2019", "1,600"]


def test_a_change_that_the_table_gives_is_quoted() -> None:
    parsed = document(
        [
            ["(Dollars in thousands)", "2019", "2018", "2017", "2019 over 2018", ""],
            ["Modules", "$30", "$20", "$10", "$10", "49.9%"],
            ["Systems", "$35", "$25", "$10", "$10", "40%"],
        ]
    )
    question = "What was the percentage increase in modules from {} to 2019?"
    assert said(question.format(2018), parsed) == ["49.9%"]
    assert said(question.format(2017), parsed) == ["200%"]


def test_a_row_named_for_a_change_is_looked_up() -> None:
    parsed = document(
        [["", "2019", "2018"], ["Net increase in cash", "41", "30"], ["Cash", "70", "30"]]
    )
    assert said("What was the net increase in cash in 2019?", parsed) == ["41"]
    assert said("What was the change in cash from 2018 to 2019?", parsed) == ["40"]


def test_rows_are_compared_within_their_section() -> None:
    parsed = document(
        [
            ["", "2019", "2018"],
            ["Sales by region:"],
            ["Europe", "40", "30"],
            ["Asia", "70", "30"],
            ["Africa", "10", "30"],
            ["Total sales", "120", "90"],
        ]
    )
    assert said("Which region had the highest sales in 2019?", parsed) == ["Asia"]
    assert said("Which region had the highest sales in 2018?", parsed) is None


def test_the_last_period_stands_first() -> None:
    parsed = document(
        [
            ["", "Three months ended June 30, 2023", "Three months ended June 30, 2022",
             "Nine months ended June 30, 2023"],
            ["Gross margin", "36,413", "35,885", "128,721"],
        ]
    )  # fmt: skip
    assert said("What was the gross margin in the latest 10-Q?", parsed) == ["36,413"]
    assert said("What was the gross margin in Q3 2023?", parsed) == ["36,413"]
    assert said("What was the gross margin in 2023?", parsed) is None


def test_a_fiscal_quarter_is_the_last_of_its_filing() -> None:
    head = "Three months ended December {}"
    rows = [["", head.format("31, 2022"), head.format("25, 2021")], ["Net sales", "117", "123"]]
    assert said("What were the net sales in Q1 2023?", document(rows)) == ["117"]
    assert said("What were the net sales in 2023?", document(rows)) is None


def test_several_documents_are_set_in_order_of_time() -> None:
    texts = {
        DocumentId(str(year) * 8): document([["", f"March 31, {year}"], ["Net sales", f"{year}0"]])
        for year in (2023, 2021, 2022)
    }
    proposed = propose("How have net sales changed over time?", texts)
    assert proposed is not None
    assert [s.text for s in proposed.answer.statements] == ["20210", "20220", "20230"]
    assert [s.citations[0].document for s in proposed.answer.statements] == sorted(texts)
    change = propose("What was the change in net sales from 2021 to 2023?", texts)
    assert change is None or change.score < ENOUGH or change.answer.statements[0].text == "20"


def test_scores_order_answers_by_how_sure_they_are() -> None:
    clear = proposal("What was the total revenue in 2019?")
    vague = proposal("What was the total of something like revenue from abroad in 2019?")
    assert clear is not None
    assert clear.score > 0.8
    assert vague is None or vague.score < clear.score
    for proposed in (clear, vague):
        assert proposed is None or 0 <= proposed.score <= 1


def test_two_operands_like_to_stand_together() -> None:
    parsed = document(
        [
            ["", "2019"],
            ["Diluted earnings", "900"],
            ["Diluted earnings per share (cents per share):"],
            ["Continuing operations", "100"],
            ["Discontinued operations", "50"],
            ["", "150"],
        ]
    )
    question = "What percentage of diluted earnings per share is continuing operations in 2019?"
    assert derived(question, parsed) == "100 / 150 = 66.67%"


def test_amounts_come_before_percentages_of_them() -> None:
    parsed = document(
        [["", "2019"], ["Percentage of total sales", "47%"], ["Sales, net", "2,280"]],
    )
    assert said("What were the total sales in 2019?", parsed) == ["2,280"]
    assert said("What was the percentage of total sales in 2019?", parsed) == ["47%"]


def test_levels_come_before_changes() -> None:
    parsed = document(
        [["", "Change in 2019", "2019", "2018"], ["Sales", "10", "30", "20"]],
    )
    assert said("What were the sales in 2019?", parsed) == ["30"]


def test_operands_stand_in_one_column() -> None:
    parsed = document(
        [
            ["", "Cost at December 31, 2019", "Gains at December 31, 2019"],
            ["Bonds", "70", "4"],
            ["Total", "90", "16"],
        ]
    )
    question = "What percentage of the total gains is from bonds in 2019?"
    assert derived(question, parsed) == "4 / 16 = 25%"


def test_operands_stand_in_one_table() -> None:
    builder = DocumentBuilder("text/plain")
    for rows in (["Bonds", "7"], ["Cash", "2"]), (["Bonds", "4"], ["Total gains", "16"]):
        table = builder.new_table()
        builder.add_row(["", "2019"], table=table, heads=True)
        for row in rows:
            builder.add_row(row, table=table)
    question = "What percentage of the total gains is from bonds in 2019?"
    assert derived(question, builder.finish()) == "4 / 16 = 25%"


def test_sentences_answer_for_one_measure_and_a_period_that_is_named() -> None:
    parsed = document(
        [["", "2019", "2018"], ["Rent", "3", "2"]],
        after=["Storage cost and rent were $9 million in 2019.", "Postage was $7 million."],
    )
    assert said("How did the rent compare to the storage cost in 2019?", parsed) is None
    assert said("What was the postage in the latest quarter?", parsed) is None
    assert said("What was the postage?", parsed) == ["$7 million"]


def test_a_word_that_stands_only_beside_the_table_finds_nothing() -> None:
    parsed = document([["", "2019"], ["Rent", "30"]], before=["Goodwill is not impaired."])
    assert said("What was the goodwill in 2019?", parsed) is None


def test_several_measures_are_listed_where_one_fits_worse() -> None:
    parsed = document([["", "2019"], ["Land", "1"], ["Buildings", "2"], ["Land rights", "3"]])
    assert said("What were the land and the buildings in 2019?", parsed) == ["1", "2"]
    assert said("What was the total land and buildings in 2019?", parsed) == ["3"]
    question = "What percentage of land rights are land and buildings in 2019?"
    assert derived(question, parsed) == "(1 + 2) / 3 = 100%"


def test_rows_beyond_a_limit_are_counted() -> None:
    parsed = document([["", "2019"], ["Europe", "40"], ["Asia", "70"], ["Africa", "10"]])
    found = proposal("How many regions exceeded 30 in 2019?", parsed)
    assert found is not None
    assert found.answer.statements[0].text == "2"
    assert found.score < ENOUGH  # no label says what is counted


def test_a_mean_that_stands_in_the_table_is_quoted() -> None:
    parsed = document([["", "2019", "2018"], ["Average price", "40", "30"], ["Price", "1", "2"]])
    assert said("What was the average price in 2019?", parsed) == ["40"]


def test_differences_of_measures() -> None:
    parsed = document([["", "2019"], ["Gross rent", "40"], ["Net rent", "70"]])
    assert said("What is the gross rent excluding net rent in 2019?", parsed) == ["30"]
    assert said("How much more is the net rent than the gross rent in 2019?", parsed) == ["30"]
    assert said("What is the change from gross rent to net rent in 2019?", parsed) is None
    assert said("What is the change between gross rent and net rent in 2019?", parsed) == ["30"]


def test_a_series_without_the_period_is_passed_over() -> None:
    parsed = document(
        [["", "2019", "2018"], ["Rent", "", "20"], ["Rent and fees", "30", "25"]],
    )
    assert said("What was the rent in 2019?", parsed) == ["30"]


def test_a_change_since_a_period_goes_to_the_last() -> None:
    assert derived("What was the change in total revenue from 2017?") == (
        "1,600 - 1,000 = 600 (thousands)"
    )


def test_sentences_of_another_year_and_numbers_of_notes_are_no_answers() -> None:
    parsed = document(
        [["", "2019"], ["Cash", "1"]],
        after=["Rent expense was $5 million in 2017.", "See Note 7 for storage fees in 2019."],
    )
    assert said("What was the rent expense in 2019?", parsed) is None
    assert said("How many storage fees were there in 2019?", parsed) is None
