"""Arithmetic over cells: exact, shown, and refused where cells do not go together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from appliance.tasks.figures import compute
from appliance.tasks.figures.cells import Figure, figures
from tests.tasks.figures.small import ONE, document


def cells(values: Sequence[str], note: str = "(in millions)") -> tuple[Figure, ...]:
    rows = [["", "2019"], *([f"Row {at}", value] for at, value in enumerate(values))]
    return figures(ONE, document(rows, before=[note]))


def test_a_difference_carries_unit_and_scale() -> None:
    computed = compute.difference(*cells(["$1,204", "980"]))
    assert computed is not None
    assert computed.text == "224 million dollars"
    assert computed.derivation == "$1,204 - 980 = 224 (millions)"


def test_a_mean_is_rounded_to_two_decimals_half_up() -> None:
    computed = compute.average(cells(["1", "1", "0.125"]))
    assert computed is not None
    assert computed.text == "0.71 million"
    half = compute.average(cells(["0.01", "0.02"]))
    assert half is not None
    assert half.value == Decimal("0.02")


def test_a_dash_counts_as_nil() -> None:
    computed = compute.total(cells(["—", "(7)", "10"]))
    assert computed is not None
    assert (computed.text, computed.derivation) == ("3 million", "— + (7) + 10 = 3 (millions)")


def test_a_percentage_change_keeps_its_sign_and_needs_a_base() -> None:
    grown = compute.percent_change(*cells(["2,370", "2,929"]))
    assert grown is not None
    assert grown.text == "-19.09%"
    assert grown.derivation == "(2,370 - 2,929) / 2,929 = -19.09%"
    assert compute.percent_change(*cells(["5", "—"])) is None
    assert compute.percent_change(*cells(["5", "(5)"])) is None
    loss = compute.percent_change(*cells(["(6)", "(4)"]))
    assert loss is not None
    assert loss.text == "50%"


def test_percentages_stay_percentages() -> None:
    computed = compute.difference(*cells(["21.0%", "18.5%"]))
    assert computed is not None
    assert computed.text == "2.5%"


def test_shares_of_one_or_of_a_sum() -> None:
    one, two, whole = cells(["1", "2", "9"])
    share = compute.share([one], whole)
    assert share is not None
    assert (share.text, share.derivation) == ("11.11%", "1 / 9 = 11.11%")
    both = compute.ratio([one, two], whole)
    assert both is not None
    assert both.derivation == "(1 + 2) / 9 = 0.33"
    assert compute.share([one], cells(["0"])[0]) is None


def test_cells_that_do_not_go_together_are_refused() -> None:
    assert compute.difference(*cells(["$5", "€5"])) is None
    assert compute.difference(*cells(["5%", "5"])) is None
    assert compute.difference(*cells(["n/a", "5"])) is None
    assert compute.average(cells(["5"])) is None


def test_scales_are_brought_together() -> None:
    small, large = cells(["5"])[0], cells(["1"], "(in thousands)")[0]
    computed = compute.difference(small, large)
    assert computed is not None
    assert computed.value == 4999


def test_a_cell_is_shown_as_it_stands() -> None:
    parsed = document([["", "Rate (%)", "2019"], ["Tax", "3.7", "$ 5"]], before=["(in thousands)"])
    rate, amount = figures(ONE, parsed)
    assert compute.shown(rate) == "3.7%"
    assert compute.shown(amount) == "$ 5 thousand"


def test_no_number_is_too_long_to_be_added_exactly() -> None:
    assert compute.difference(*cells(["9" * 28, "1"])) is None
    added = compute.total(cells(["9" * 15, "0.01"], note="(in billions)"))
    assert added is not None
    assert added.text == "999,999,999,999,999.01 billion"
    grown = compute.percent_change(*cells(["9" * 15, "0.0000000000001"]))
    assert grown is not None
    assert grown.value > 10**28
