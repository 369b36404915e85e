from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import Span
from appliance.tasks.sparing import joined, spared
from appliance.tasks.support import in_order, negations


def spoken(text: str, answer: bool = False) -> str:
    return joined(text, spared(text, Span(0, len(text)), answer))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("um , so i've been , you know , really tired .", "i've been, really tired."),
        (
            "okay , all right . and your , your blood pressure is fine",
            "your blood pressure is fine",
        ),
        ("it's the the left knee", "it's the left knee"),
        ("i've i've been dizzy", "i've been dizzy"),
        ("you had mild diverticuli- diverticulosis .", "you had mild diverticulosis."),
        ("long- and short-term goals", "long- and short-term goals"),
        ("i do n't have it", "i don't have it"),
        ("i'm gon na order it , okay ?", "i'm gonna order it"),
        ("do you know the dose ?", "do you know the dose?"),
        ("any weight loss , loss of appetite ?", "any weight loss, loss of appetite?"),
        ("well controlled", "well controlled"),
        ("well , it hurts", "it hurts"),
        ("no , no , it is two two five", "no, no, it is two two five"),
        ("um , okay , yeah .", ""),
        ("she went to the er , er , last night", "she went to the er, last night"),
        ("the ER doctor and an er visit", "the ER doctor and an er visit"),
        ("a nodule of 5 mm , mm , in size", "a nodule of 5 mm, in size"),
        ("about five mm wide", "about five mm wide"),
        ("he is a non- smoker , an x- ray shows", "he is a non- smoker, an x- ray shows"),
        ("right knee pain", "right knee pain"),
        ("right , my knee hurts", "my knee hurts"),
    ],
)
def test_words_are_left_out_and_none_is_added(said: str, shown: str) -> None:
    assert spoken(said).strip(".") == shown.strip(".")


def test_an_answer_keeps_the_word_it_begins_with() -> None:
    assert spoken("yeah , a little", answer=True) == "yeah, a little"
    assert spoken("yeah , a little") == "a little"


SAID = "no/not/i/do n't/um/uh/,/./?/okay/so/you/know/the/the/pain/40/mg/mg/is/was/well/yeah"
WORDS = st.lists(
    st.sampled_from(SAID.split("/")),
    max_size=30,
)


@given(WORDS)
def test_what_stays_was_said_in_this_order_and_no_denial_or_number_is_lost(
    words: list[str],
) -> None:
    said = " ".join(words)
    shown = spoken(said)
    assert in_order(shown, [said])
    assert ("40" in shown) is ("40" in words)
    assert bool(negations(shown)) is bool(negations(said))
