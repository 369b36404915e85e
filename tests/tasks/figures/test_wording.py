"""Labels as terms."""

from __future__ import annotations

from appliance.tasks.figures.wording import ALIKE, terms


def test_other_net_and_total_are_words_of_a_label() -> None:
    assert terms("Total other income, net (1)") == ("total", "other", "incom", "net")


def test_abbreviations_are_written_out() -> None:
    assert terms("R&D") == terms("research and development")
    assert terms("U.S. treasuries") == terms("United States treasuries")
    assert terms("EPS") == terms("Earnings per share")


def test_words_of_one_meaning() -> None:
    assert "sale" in ALIKE["revenu"]
    assert terms("taxes") == terms("tax")


def test_notes_are_no_words() -> None:
    assert terms("Leases (ab) (12)") == ("leas", "ab")
