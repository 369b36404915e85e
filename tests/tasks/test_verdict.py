from __future__ import annotations

from appliance.tasks.relevance import weights
from appliance.tasks.verdict import is_study, verdict
from tests.tasks.scripted import document

ABSTRACT = """AIMS: To see whether tea is associated with sleep.

METHODS: In 40 patients the cups of tea were counted.

RESULTS: {}
"""
QUESTION = "Is tea associated with sleep?"


def said(finding: str) -> str:
    parsed = document(ABSTRACT.format(finding))
    found = verdict(weights(QUESTION, [ABSTRACT]), parsed)
    assert found is not None
    assert all(span.of(parsed.text).strip() for span in found.findings)
    assert found.lead >= 0
    return found.word


def test_findings_say_yes_no_or_maybe() -> None:
    assert said("Tea was significantly associated with sleep (p < 0.01).") == "Yes"
    assert said("Tea did not affect sleep, and no difference was seen.") == "No"
    assert said("However, tea might help only in some; a trend was seen for sleep.") == "Maybe"


def test_a_study_of_something_else_gives_no_verdict() -> None:
    assert verdict(weights("Do vaccines prevent measles?", [ABSTRACT]), document(ABSTRACT)) is None


def test_what_a_study_is() -> None:
    assert is_study(document(ABSTRACT))
    assert not is_study(document("The tenant shall pay the rent on the first day of the month."))
    assert not is_study(document(ABSTRACT + "x" * 20_000))
