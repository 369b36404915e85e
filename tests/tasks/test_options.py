from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.options import chosen_index, openings

SENTENCES = st.text(st.sampled_from("ab ."), min_size=1, max_size=30).map(str.strip).filter(bool)


@given(st.lists(SENTENCES, min_size=1, max_size=6, unique=True), st.integers(1, 6))
def test_openings_are_verbatim_and_name_one_text_unless_one_begins_another(
    texts: list[str], least: int
) -> None:
    shown = openings(texts, least)
    for text, opening in zip(texts, shown, strict=True):
        assert opening
        assert text.startswith(opening)
        holders = [other for other in texts if other.startswith(opening)]
        assert holders == [text] or opening == text


def test_only_an_option_on_offer_is_a_choice() -> None:
    assert chosen_index("two", ("one", "two")) == 1
    for said in ("not stated", "", "tw", "two "):
        assert chosen_index(said, ("one", "two")) is None
