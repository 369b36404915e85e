"""What the evaluation of clinical notes counts, on one small note."""

from __future__ import annotations

from appliance.documents import ParsedDocument
from scripts.evaluating import clinical
from tests.tasks.scripted import document

NOTE = (
    "CHIEF COMPLAINT\n\nBack pain.\n\nMs. Anna Lindqvist is a 49-year-old female who presents "
    "today. She has a past medical history significant for asthma.\n\n"
    "We will start Lasix 40 mg once daily. She takes aspirin."
)


def note() -> ParsedDocument:
    return document(NOTE)


def test_only_values_that_stand_in_the_note_are_expected() -> None:
    row = {
        "fields": {"patient_age": "49", "cc": "back pain", "patient_gender": None, "other": "x"},
        "literally_in_note": ["patient_age", "patient_gender", "other"],
    }
    assert clinical.expected(row) == {"patient_age": "49"}


def test_values_are_compared_by_their_words_and_ages_by_their_number() -> None:
    fields = clinical.found_in(note())
    wanted = {
        "patient_firstname": "anna",
        "patient_familyname": "Berg",
        "patient_age": "49.0",
        "patient_gender": "female",
        "cc": "low back pain",
        "2nd_complaints": "asthma;gout",
    }
    assert clinical.compared(fields, wanted) == {
        "patient_firstname": True,
        "patient_familyname": False,
        "patient_age": True,
        "patient_gender": True,
        "cc": True,
        "2nd_complaints": False,
    }


def test_medications_are_counted_by_form() -> None:
    counts = clinical.medications("a", clinical.found_in(note()))
    assert (counts["formed"].found, counts["formed"].total) == (2, 2)
    assert (counts["dosed"].found, counts["dosed"].total) == (1, 2)


def test_a_found_value_that_differs_is_false_and_one_not_found_is_not() -> None:
    fields = clinical.found_in(note())
    count = clinical.false_found("a", fields, {"patient_age": False, "cc": True})
    assert (count.found, count.total) == (1, 2)
    assert clinical.false_found("a", {}, {"patient_age": False}).total == 0
