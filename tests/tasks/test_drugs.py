from __future__ import annotations

import pytest

from appliance.tasks.drugs import drugs, normalise_medication


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Continue lisinopril 10 mg and Lipitor at night.", ["lisinopril", "Lipitor"]),
        ("Start Xyzzoran 5 mg daily.", ["Xyzzoran"]),
        ("She takes ramipril.", ["ramipril"]),
        ("Take 40 mg daily, with 20 mg at night.", []),
        ("The person had a reason to accept all except the phone.", []),
        ("Triglycerides 145 mg/dL and glucose 90 mg/dL.", []),
    ],
)
def test_drugs_are_known_by_list_stem_and_dose(text: str, names: list[str]) -> None:
    assert [span.of(text) for span in drugs(text)] == names


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Lasix 40 mg  once daily", "lasix; 40 mg; once daily"),
        ("metformin 500 mg, by mouth twice a day.", "metformin; 500 mg; by mouth twice a day"),
        ("Eliquis", "eliquis"),
        ("40 mg daily", None),
    ],
)
def test_a_medication_is_drug_dose_and_schedule(text: str, normal: str | None) -> None:
    assert normalise_medication(text) == normal
