from __future__ import annotations

import pytest

from appliance.tasks.dialogue import asks, pieces, turns

SPOKEN = """Doctor: Any pain? Since when?
Patient: No.
Doctor: I see. Do you smoke?
Patient: I used to smoke a pack a day, but I stopped when my daughter was born.
"""


def said(text: str) -> list[list[str]]:
    return [[span.of(text) for span in piece.said] for piece in pieces(text, turns(text))]


def test_a_label_before_each_turn_names_who_speaks() -> None:
    found = turns(SPOKEN)
    assert [turn.speaker for turn in found] == ["Doctor", "Patient", "Doctor", "Patient"]
    assert [turn.clinical for turn in found] == [True, False, True, False]
    assert found[1].span.of(SPOKEN) == "No."


@pytest.mark.parametrize(
    "text",
    [
        "The doctor said: rest. The patient agreed.",
        "From: a@b.c\nTo: d@e.f\nSubject: x\nFrom: g@h.i\nTo: j@k.l\n",
        "Name: Berg\nAge: 62\nCity: Oslo\n",
        "",
    ],
)
def test_mails_forms_and_prose_are_no_transcripts(text: str) -> None:
    assert turns(text) == ()


def test_a_label_in_the_middle_of_a_line_begins_a_turn() -> None:
    text = "Doctor: Any fever?\nPatient: No. Doctor: Any cough?\nPatient: Yes."
    assert [turn.speaker for turn in turns(text)] == ["Doctor", "Patient"] * 2


def test_a_short_answer_stays_with_its_question_and_a_long_one_stands_alone() -> None:
    assert said(SPOKEN) == [
        ["Any pain?"],
        ["Since when?", "No."],
        ["I see."],
        ["Do you smoke?"],
        ["I used to smoke a pack a day, but I stopped when my daughter was born."],
    ]


def test_speech_without_marks_is_cut_where_the_speaker_starts_anew() -> None:
    text = (
        "[doctor] your heart rate was fifty eight and that is very good for a man of your age "
        "so i'm gon na order an x-ray of the left knee and we'll see you again in two weeks\n"
        "[patient] okay"
    )
    assert [piece[0] for piece in said(text)][:3] == [
        "your heart rate was fifty eight and that is very good for a man of your age",
        "so i'm gon na order an x-ray of the left knee and",
        "we'll see you again in two weeks",
    ] or said(text)[0][0].endswith("of your age")


@pytest.mark.parametrize(
    ("text", "is_question"),
    [
        ("do you have any chest pain", True),
        ("okay , how long has it hurt", True),
        ("does that hurt ?", True),
        ("i'll take a look at your knee , okay ?", False),
        ("when i run it aches", False),
        ("i do n't have any pain", False),
    ],
)
def test_questions_are_known_without_their_mark(text: str, is_question: bool) -> None:
    assert asks(text) is is_question


def test_a_point_within_a_number_ends_nothing() -> None:
    text = "Doctor: I add aldactone twelve . five milligrams daily . Her value was 8 . 2 today .\n"
    assert said(text + "Patient: Okay .")[:2] == [
        ["I add aldactone twelve . five milligrams daily ."],
        ["Her value was 8 . 2 today ."],
    ]


def test_speech_that_never_pauses_is_cut_in_reasonable_time() -> None:
    text = "Doctor: " + "i am so okay " * 20_000 + "\nPatient: " + "no , " * 20_000
    assert len(turns(text)) == 2
    assert pieces(text, turns(text))
