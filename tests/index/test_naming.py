"""Which documents a question names, and what it asks of them."""

from __future__ import annotations

import pytest

from appliance.documents import DocumentId
from appliance.index.naming import Label, Names
from appliance.index.opening import CHARACTERS, UNDATED, Opening, name_words
from appliance.index.query import Query, asked
from tests.index.doubles import document_id

LEASE, SERVICE, SPONSOR = document_id(1), document_id(2), document_id(3)
CONTRACTS = {
    LEASE: ("scan_001.pdf", "Lease Agreement between Ida Holm and Birch Homes Ltd, effective 2019"),
    SERVICE: ("BIRCHHOMES-SERVICE_AGREEMENT.pdf", "This Service Agreement is made by Birch Homes"),
    SPONSOR: ("EX-10.1.pdf", "Sponsorship Agreement, Effective Date 1 May 2020, of Northwind Inc."),
}
REPORTS = {
    document_id(10 * year + quarter): (
        f"{year} Q{quarter} {ticker}.pdf",
        f"Form 10-Q {company} for the quarter ended {3 * quarter}/30/{year}",
    )
    for year, quarter in ((2022, 3), (2023, 1), (2023, 3))
    for ticker, company in (("ACM", "Acme Corp."),)
} | {
    document_id(7): ("2023 Q3 BOLT.pdf", "Form 10-Q Bolt Inc. we apply, for July 1, 2023"),
    document_id(8): ("2023 Q1 BOLT.pdf", "Form 10-Q Bolt Inc. we apply, for April 1, 2023"),
}


def names(labels: dict[DocumentId, tuple[str, str]]) -> Names:
    return Names({d: Label(name, Opening.of(None, text)) for d, (name, text) in labels.items()})


IN_CONTRACTS, IN_REPORTS = names(CONTRACTS), names(REPORTS)


@pytest.mark.parametrize(
    ("preamble", "document"),
    [
        ("Consider the Lease Agreement between Ida Holm and Birch Homes Ltd for Flats; ", LEASE),
        ('Consider the LEASE AGREEMENT (Ida Holm ("Tenant"); Birch Homes ("Landlord")); ', LEASE),
        ("Regarding the sponsorship agreement of northwind: ", SPONSOR),
        ("According to the Birch Homes service agreement; ", SERVICE),
    ],
)
def test_a_preamble_names_with_all_its_words_and_falls_away(
    preamble: str, document: DocumentId
) -> None:
    asks = "What is the rent?"
    assert asked(preamble + asks, IN_CONTRACTS) == Query(asks, (document,), sure=True)


def test_a_preamble_before_nothing_is_the_question() -> None:
    question = "Consider the Lease of Ida Holm; what is it?"
    assert asked(question, IN_CONTRACTS) == Query(question, (LEASE,))


def test_a_preamble_that_names_nothing_here_is_kept() -> None:
    question = "Consider the Merger between Foo and Bar; What is the fee?"
    assert asked(question, IN_CONTRACTS) == Query(question)


def test_a_name_in_the_question_names_its_document() -> None:
    question = "What does Northwind pay in May?"
    assert asked(question, IN_CONTRACTS) == Query(question, (SPONSOR,), sure=False)


def test_words_that_contracts_write_with_a_capital_are_not_names() -> None:
    """ "Effective" stands in small letters as often: it names nothing."""
    question = "What is the Effective rent of the flat?"
    assert asked(question, IN_CONTRACTS) == Query(question)


def test_a_word_of_every_label_names_none() -> None:
    question = "What does the Agreement say on rent?"
    assert asked(question, IN_CONTRACTS) == Query(question)


def test_nothing_but_a_name_stays_a_search_for_it() -> None:
    assert asked("Northwind", IN_CONTRACTS) == Query("Northwind")
    assert asked("What of the Northwind?", IN_CONTRACTS) == Query("What of the Northwind?")


def test_a_short_number_names_nothing_beside_a_name() -> None:
    here = names(CONTRACTS | {document_id(5): ("mail_38.eml", "To whom it may concern")})
    query = asked("What did the firm Northwind pay for 38 flats?", here)
    assert query.documents == (SPONSOR,)


def test_a_possessive_may_begin_a_sentence() -> None:
    query = asked("Acme's sales in the USA were what?", IN_REPORTS)
    assert len(query.documents) == 3


def test_a_capital_that_begins_a_sentence_is_none() -> None:
    here = names(CONTRACTS | {document_id(5): ("y.pdf", "Find Ltd of Oslo")})
    question = "Find the rent of the USA flats."
    assert asked(question, here) == Query(question)


def files(query: Query, labels: dict[DocumentId, tuple[str, str]]) -> list[str]:
    return [labels[document][0] for document in query.documents]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What were the sales of Acme in Q3 2023?", ["2023 Q3 ACM.pdf"]),
        ("What were Acme's sales in the first quarter of 2023?", ["2023 Q1 ACM.pdf"]),
        ("What sales does the latest 10-Q of Bolt report?", ["2023 Q3 BOLT.pdf"]),
        ("What were sales in Q1 2023?", ["2023 Q1 BOLT.pdf", "2023 Q1 ACM.pdf"]),
        ("What were sales in Q1 2019?", []),
        ("What did Acme sell in 2019?", []),
        (
            "How did Acme's latest sales compare to previous quarters?",
            ["2023 Q3 ACM.pdf", "2023 Q1 ACM.pdf", "2022 Q3 ACM.pdf"],
        ),
    ],
)
def test_company_and_period_tell_one_report_from_the_next(question: str, found: list[str]) -> None:
    assert files(asked(question, IN_REPORTS), REPORTS) == found


def test_a_clause_with_all_names_is_like_a_preamble() -> None:
    for clause in (
        "In the Birch Homes Service Agreement, ",
        "From Birch, Homes and Service Ltd., ",
    ):
        assert asked(clause + "what is the fee?", IN_CONTRACTS).text == "what is the fee?"
    # "effective" stands in one opening only, but is not written like a name
    question = "In effective terms and for the sake of argument, what is the fee?"
    assert asked(question, IN_CONTRACTS) == Query(question)
    query = asked("In Q3 2023, what did Acme sell?", IN_REPORTS)
    assert files(query, REPORTS) == ["2023 Q3 ACM.pdf"]


def test_without_capitals_only_file_names_decide() -> None:
    assert asked("what is the fee in the birch homes service agreement?", IN_CONTRACTS) == Query(
        "what is the fee in the ?", (SERVICE,), sure=True
    )
    question = "what does northwind pay?"
    assert asked(question, IN_CONTRACTS) == Query(question)


def test_an_address_says_nothing_about_capitals() -> None:
    here = names(CONTRACTS | {document_id(5): ("y.pdf", "Zeta Ltd, zeta.com, info@zeta.com")})
    assert asked("What does Zeta pay?", here).documents == (document_id(5),)


def test_other_names_must_weigh_something_to_name_other_documents() -> None:
    """ "Flats" in a lease's title must not drag in another that begins with flats."""
    here = names(CONTRACTS | {document_id(5): ("y.pdf", "Flats of the town")})
    question = "What does Ida Holm pay to Birch Homes for the Flats?"
    assert asked(question, here).documents == (LEASE,)


def test_documents_that_fit_nearly_as_well_are_named_too() -> None:
    labels = {document_id(n): (f"{n}.pdf", "Filler") for n in range(8)} | {
        document_id(20): ("a.pdf", "Alpha Beta Gamma"),
        document_id(21): ("b.pdf", "Alpha Beta Delta"),
        document_id(22): ("c.pdf", "Delta"),
    }
    query = asked("Consider Alpha, Beta, Gamma and Delta; what is due?", names(labels))
    assert query.documents == (document_id(20), document_id(21))


def test_several_named_documents_are_all_found() -> None:
    query = asked("How do the sales of Acme and Bolt differ?", IN_REPORTS)
    assert len(query.documents) == len(REPORTS)


def test_the_latest_of_several_is_meant() -> None:
    assert asked("What is the latest rate of Acme?", IN_REPORTS).sure
    assert not asked("What is the rate of Acme?", IN_REPORTS).sure


def test_what_a_file_name_says_leaves_the_question() -> None:
    query = asked("What were the sales of Acme in Q3 2023?", IN_REPORTS)
    assert (query.text, query.sure) == ("What were the sales of ?", True)


@pytest.mark.parametrize("when", ["in 2022 or later", "on 1 July 2023"])
def test_a_lone_number_names_nothing(when: str) -> None:
    question = f"Which of the 10 flats were sold {when}?"
    assert asked(question, IN_REPORTS) == Query(question)


def test_a_number_of_an_opening_names_nothing() -> None:
    """The year 2020 stands in the opening of one contract, and may mean anything there."""
    assert asked("Consider 2020; what is the fee?", IN_CONTRACTS).documents == ()


def test_a_name_is_not_its_stem() -> None:
    """ "Acme" is in no opening that says "apply", nor is "Apply" a company."""
    question = "What taxes Apply to the flats?"
    assert asked(question, IN_REPORTS) == Query(question)


def test_documents_out_of_scope_have_no_say() -> None:
    """A second Northwind contract would make the name common to both; hidden, it does nothing."""
    more = CONTRACTS | {document_id(4): ("x.pdf", "Licence of Northwind Inc.")}
    question = "What does Northwind pay?"
    assert asked(question, names(CONTRACTS)).documents == (SPONSOR,)
    assert asked(question, names(more)).documents == (SPONSOR, document_id(4))


def test_an_empty_scope_and_a_single_document() -> None:
    assert asked("What does Northwind pay?", Names({})) == Query("What does Northwind pay?")
    alone = names({SPONSOR: CONTRACTS[SPONSOR]})
    assert asked("What does Northwind pay?", alone) == Query("What does Northwind pay?")


def test_words_of_file_names() -> None:
    assert list(name_words("2023Q3_AcmeCorp.pdf")) == [
        "q3",
        "2023",
        "acmecorp",
        "acme",
        "corp",
        "pdf",
    ]


def test_an_opening_is_what_the_first_characters_say() -> None:
    opening = Opening.of("Lease", "of 3 May 2020 " + CHARACTERS * "x" + " Later 4 June 2021")
    assert opening.date == (2020, 5, 3)
    assert Opening().date == UNDATED
    held = {*opening.small.tolist(), *opening.capital.tolist()}
    assert len(held) == 6
