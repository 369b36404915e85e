from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UsageError
from appliance.tasks.brief import Brief, Length, Level


@given(
    st.sampled_from(Length),
    st.sampled_from(Level),
    st.sampled_from(["", "contract"]),
    st.booleans(),
)
def test_a_brief_is_written_and_read(
    length: Length, level: Level, template: str, vote: bool
) -> None:
    brief = Brief(length, level, template, vote)
    assert Brief.parse(str(brief)) == brief


def test_the_usual_brief_has_no_words() -> None:
    assert str(Brief()) == ""
    assert str(Brief(Length.SHORT, Level.PLAIN, "contract")) == "short, plain, contract"


@pytest.mark.parametrize("text", ["Contract!", "contract, lease", "../x"])
def test_no_other_option_is_read(text: str) -> None:
    with pytest.raises(UsageError):
        Brief.parse(text)


def test_longer_documents_have_longer_summaries_but_not_in_proportion() -> None:
    sizes = [Brief().words(of) for of in (50, 500, 2000, 20_000, 200_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 45
    assert sizes[2] == 400
    assert sizes[4] < 1300
    for of in (500, 20_000):
        assert Brief(Length.SHORT).words(of) < Brief().words(of) < Brief(Length.LONG).words(of)
