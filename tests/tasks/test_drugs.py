from __future__ import annotations

import pytest

from appliance.tasks.drugs import drugs


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
