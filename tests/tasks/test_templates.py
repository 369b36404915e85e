from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import PackError
from appliance.tasks import templates
from tests.tasks.scripted import document

NAMES = (
    "clinical_note",
    "contract",
    "encounter",
    "filing",
    "general",
    "judgment",
    "mail_thread",
)
SAMPLES = {
    "contract": "This Lease Agreement is made between Oak Ltd (the Landlord) and Elm Ltd (the "
    "Tenant). The parties agree that the Tenant shall pay rent.",
    "clinical_note": "CHIEF COMPLAINT\n\nCough.\n\nThe patient denies fever. PHYSICAL EXAM: clear. "
    "Assessment: bronchitis. Medications: none. Allergies: penicillin.",
    "encounter": "Doctor: Any pain?\nPatient: Yes, my knee hurts.\nDoctor: Since when?\n"
    "Patient: Monday.",
    "filing": "FORM 10-Q. Securities and Exchange Commission. Quarterly report for the three "
    "months ended June 30. Net sales of the registrant rose.",
    "judgment": "SUPREME COURT\n\nSmith v. Jones\n\nThe plaintiff appeals the order of the judge. "
    "The motion is denied and the defendant's claim dismissed.",
    "mail_thread": "From: a@b.c\nTo: d@e.f\nDate: today\nSubject: lunch\n\nShall we meet at noon?",
    "general": "Bees make honey. A hive holds many bees, and one queen.",
}


def test_the_shipped_templates_load_and_their_shares_fill_a_summary() -> None:
    assert templates.available() == NAMES
    for name in NAMES:
        template = templates.load(name)
        assert 0.9 <= sum(section.share for section in template.sections) <= 1.1, name
        assert template.title
        assert template.description


@pytest.mark.parametrize("name", NAMES)
def test_a_document_of_each_kind_is_recognised_with_evidence(name: str) -> None:
    parsed = document(SAMPLES[name])
    choice = templates.choose(parsed)
    assert choice.template.name == name
    assert bool(choice.evidence) is (name != "general")
    for span in choice.evidence:
        assert span.of(parsed.text).strip()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('name = "x"', 'name = "y"'), "as the file is"),
        (("rest = true", "rest = false"), "exactly one section"),
        (("share = 1.0", "share = 1.5"), "parts of 1"),
        (('cues = ["a"]', 'cues = ["("]'), "missing"),
        (('cues = ["a"]', 'clues = ["a"]'), "unknown keys: clues"),
        (('cues = ["a"]', 'speaker = "queen"'), "speaker is"),
        (("version = 1", "version ="), "Invalid value"),
    ],
)
def test_a_template_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    right = (
        'name = "x"\ntitle = "X"\ndescription = "x"\nversion = 1\n[[section]]\nname = "s"\n'
        'title = "S"\nshare = 1.0\nrest = true\ncues = ["a"]\n'
    )
    (tmp_path / "x.toml").write_text(right)
    assert templates.load("x", tmp_path).sections[0].cues == ("a",)
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "x.toml").write_text(right.replace(*change))
    with pytest.raises(PackError, match=complaint):
        templates.load("x", folder)


def test_an_unknown_template_names_the_known_ones() -> None:
    with pytest.raises(PackError) as error:
        templates.load("novel")
    assert "judgment" in error.value.remedy
