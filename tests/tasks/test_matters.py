from __future__ import annotations

from appliance.tasks import matters
from appliance.tasks.packs import FieldType, PackField
from tests.index.doubles import WordVectors

EMBEDS = WordVectors()
FIELD = PackField(
    name="cap",
    title="Cap",
    description="",
    type=FieldType.CLAUSE,
    question="?",
    cues=(r"\bliab\w+\b.{0,80}\bexceed",),
    patterns=(r"(?P<value>in no event shall .{0,80} exceed)",),
    unless=(r"\binsurance\b",),
    headings=("limit of liability",),
)


def meant(question: str) -> str:
    field = matters.asked_for(question, EMBEDS.embed_query(question), matters.wordings(EMBEDS))
    return field.name if field else ""


def test_a_question_by_the_title_of_a_field() -> None:
    assert meant("Is there a cap on liability in this contract?") == "liability_cap"
    assert meant("What is the governing law for this contract?") == "governing_law"
    assert meant("Who sang in the kitchen yesterday?") == ""


def test_a_sentence_speaks_of_a_field_by_its_expressions() -> None:
    assert matters.speaks(FIELD, "We say: in no event shall it exceed $5.", "") == 1
    cue = matters.speaks(FIELD, "The liability may not exceed $5.", "")
    heading = matters.speaks(FIELD, "It is $5.", "Limit of Liability")
    assert 0 < heading < cue < 1
    assert matters.speaks(FIELD, "The liability under insurance may not exceed $5.", "") == 0
    assert matters.speaks(FIELD, "The cook sings.", "") == 0
