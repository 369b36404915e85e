"""Labels of whole documents: given for signs in the text, or not at all."""

from __future__ import annotations

from appliance.tasks import packs
from appliance.tasks.labels import HEAD, judge
from appliance.tasks.packs import Label, PackField
from appliance.tasks.places import read
from appliance.tasks.samples import sample
from tests.tasks.scripted import DOCUMENT

SHIP = Label("ship", (r"\bkeel\b", r"\bmast\b", r"\bhull\b"))
TREE = Label("tree", (r"\bbranch\b", r"\bleaf\b"))


def test_one_sign_at_the_head_is_enough() -> None:
    judged = judge(sample("The keel was laid.\n\nIt rained."), [SHIP, TREE])
    assert judged is not None
    assert judged.value == "ship"
    assert [span.begin for span in judged.evidence] == [0]


def test_one_sign_further_down_is_not() -> None:
    far = "words " * (HEAD // 5) + "\n\nThe keel was laid."
    assert judge(sample(far), [SHIP, TREE]) is None
    three = far + "\n\nThe mast and the hull came later."
    judged = judge(sample(three), [SHIP, TREE])
    assert judged is not None
    assert len(judged.evidence) == 2, "each place once"


def test_nothing_is_given_without_a_sign_or_between_two() -> None:
    assert judge(sample("It rained."), [SHIP, TREE]) is None
    assert judge(sample("A branch lay on the keel."), [SHIP, TREE]) is None


def test_a_label_that_includes_another_has_no_rival_in_it() -> None:
    text = sample("A branch lay on the keel.")
    wide = Label("harbour", SHIP.cues, over=("tree",))
    judged = judge(text, [TREE, wide])
    assert judged is None, "the first of two equals is the tree, which includes nothing"
    judged = judge(sample("A branch lay on the keel and the mast."), [TREE, wide])
    assert judged is not None
    assert judged.value == "harbour"


def test_a_sign_in_other_words_does_not_count() -> None:
    text = sample("They split the keel of the argument.")
    assert judge(text, [SHIP, TREE]) is not None
    assert judge(text, [SHIP, TREE], unless=(r"of the argument",)) is None


def labelled(name: str, text: str) -> PackField | None:
    field = next(f for f in packs.load("general/labels").fields if f.name == name)
    found = read(sample(text), DOCUMENT, field)
    return None if not found else field if found[0].normalised else None


def test_every_label_is_shown_by_words_of_the_text() -> None:
    field = next(f for f in packs.load("general/labels").fields if f.name == "kind")
    text = "TAX INVOICE\n\nInvoice no. 9. Amount due: 12.00. Bill to: Alder Works."
    (value,) = read(sample(text), DOCUMENT, field)
    assert value.normalised == "invoice"
    assert all(c.quote in text for c in value.citations)


def test_what_needs_care_is_not_seen_in_plain_medicine() -> None:
    for text in (
        "The overdose of iron was unintended.",
        "Mortality was 4 %. Patients died of heart failure.",
        "The court heard the assault case.",
    ):
        assert labelled("moderation", text) is None
