from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.quantities import (
    find_percentages,
    find_quantities,
    normalise_count,
    normalise_percentage,
    normalise_quantity,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("12.5 %", "12.5%"),
        ("(6)%", "-6%"),
        ("(6.5%)", "-6.5%"),
        ("50 basis points", "0.5%"),
        ("twelve percent", "12%"),
        ("1,000%", "1000%"),
        ("5 per cent and 6%", None),
        ("12.5", None),
    ],
)
def test_normalise_percentage(text: str, normal: str | None) -> None:
    assert normalise_percentage(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("5 mg", "5 mg"),
        ("10mcg tablet", "10 ug"),
        ("2.5 million barrels", "2500000 [bbl_us]"),
        ("120 square feet", "120 [sft_i]"),
        ("5,000 kg", "5000 kg"),
        ("98 °F", "98 [degF]"),
        ("5 mg and 6 mg", None),
        ("five apples", None),
    ],
)
def test_normalise_quantity(text: str, normal: str | None) -> None:
    assert normalise_quantity(text) == normal


def test_a_count_with_its_scale() -> None:
    assert normalise_count("2.47 billion") == "2470000000"
    assert normalise_count("15,634,232,000") == "15634232000"
    assert normalise_count("5 of 6") is None


@given(st.text())
def test_any_text_is_read_without_failing(text: str) -> None:
    normalise_percentage(text)
    normalise_quantity(text)
    normalise_count(text)
    for span in (*find_percentages(text), *find_quantities(text)):
        assert span.of(text).strip()
