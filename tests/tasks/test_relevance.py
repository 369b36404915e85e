from __future__ import annotations

import pytest

from appliance.tasks.relevance import asked, coverage, names, naming, weights, without_names
from appliance.tasks.terms import content_terms


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("Consider the lease (Acme); is there a cap on liability?", "is there a cap on liability?"),
        ("Regarding the lease of 2019: what is the rent?", "what is the rent?"),
        ("Aspirin and stroke: is there a link?", "Aspirin and stroke: is there a link?"),
        ("Find the sum paid to Acme? If multiple, record all sums.", "Find the sum paid to Acme?"),
        ("", ""),
    ],
)
def test_the_clause_that_asks(question: str, clause: str) -> None:
    assert asked(question) == clause


def test_a_share_of_the_question() -> None:
    weighted = weights("Who insures the Acme?", ["Acme insures.", "The cook sings."])
    assert sum(weighted.values()) == pytest.approx(1)
    assert coverage(weighted, "Acme insures it.") == pytest.approx(1)
    assert 0 < coverage(weighted, "It is.", around="Acme insures.") < 0.5


def test_names_of_a_settled_document_are_left_out() -> None:
    known = frozenset(content_terms("This lease is between Acme Works and Boreal."))
    assert without_names("When does the lease with Acme end?", known).split() == (
        ["When", "does", "the", "lease", "with", "end?"]
    )
    assert without_names("When does Zanzibar end?", known) == "When does Zanzibar end?"
    assert without_names("What of Acme?", known) == "What of Acme?"


def test_names_must_stand_in_the_document() -> None:
    wanted = names("What did we pay to Acme Works?")
    elsewhere = frozenset(content_terms("Acme Works is far away."))
    assert naming(wanted, "We paid Acme Works.", "", elsewhere) == 1
    assert naming(wanted, "We paid.", "Acme Works", elsewhere) == 0.5
    assert naming(wanted, "We paid.", "", elsewhere) == 0.25
    assert naming(wanted, "We paid.", "", frozenset()) == -1
    assert naming(names("What did we pay?"), "We paid.", "", frozenset()) == 0
