"""What one cell says, and the notes that scale it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from appliance.tasks.figures.numbers import currency_note, read_number, scale_note


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,204", "1204"),
        ("$ 1,460,116", "1460116"),
        ("$(304,397)", "-304397"),
        ("(0.4)", "-0.4"),
        ("-12.5", "-12.5"),
        ("− 7", "-7"),
        ("(155", "-155"),
        ("1 234 567", "1234567"),
        ("12 (a)", "12"),
        ("US$18", "18"),
        (".58", "0.58"),
    ],
)
def test_cells_are_numbers_with_their_sign(cell: str, value: str) -> None:
    number = read_number(cell)
    assert number is not None
    assert number.value == Decimal(value)


@pytest.mark.parametrize("cell", ["n/a", "Level 2", "1,2", "12,34", "5 - 7", "5)", "", "2019 note"])
def test_what_is_no_number_or_an_unclear_one_is_not_read(cell: str) -> None:
    assert read_number(cell) is None


def test_percent_and_currency_are_kept() -> None:
    percent = read_number("(38)%")
    assert percent is not None
    assert (percent.value, percent.percent, percent.currency) == (Decimal(-38), True, "")
    money = read_number("€2.2 billion")
    assert money is not None
    assert (money.value, money.currency, money.scale) == (Decimal("2.2"), "euros", 10**9)


def test_a_dash_is_nil() -> None:
    for dash in ("—", "$—", "-", "–%"):
        number = read_number(dash)
        assert number is not None
        assert number.nil
        assert number.value == 0


@pytest.mark.parametrize(
    ("note", "scale"),
    [
        ("(in thousands)", 10**3),
        ("($ in millions, except per share amounts)", 10**6),
        ("US$’000", 10**3),
        ("(Dollars in Millions)", 10**6),
        ("$M", 10**6),
        ("Millions", 10**6),
        ("in thousand NT dollars", 10**3),
        ("2019", None),
        ("a million reasons", None),
    ],
)
def test_notes_scale_the_figures(note: str, scale: int | None) -> None:
    assert scale_note(note) == scale


def test_notes_name_the_currency() -> None:
    assert currency_note("($ in millions)") == "dollars"
    assert currency_note("in thousands of euros") == "euros"
    assert currency_note("EUR") == "euros"
    assert currency_note("European premises, firm of RMs") == ""
