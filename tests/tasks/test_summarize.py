from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.documents import Citation, Span
from appliance.engine.client import Prompt
from appliance.errors import EngineUnavailable, PackError
from appliance.results import Statement, Summary
from appliance.tasks.brief import Brief, Length, Level
from appliance.tasks.summarize import MOST_ASKED, MOST_SHOWN, stands, summarize
from tests.tasks.scripted import DOCUMENT, ScriptedEngine, document, saying

ENCOUNTER = """[doctor] hi anna . um , how are you doing today ?
[patient] i'm okay , you know , but my my left knee has been hurting for three weeks .
[doctor] okay . do you have any fever or chills ?
[patient] no , none .
[doctor] all right . so your blood pressure is 130 over 80 and there is mild swelling of the knee .
[doctor] i think you have a knee sprain . i'm gon na start you on ibuprofen 400 milligrams daily .
[patient] okay ."""


def long_contract(sections: int) -> str:
    return "\n\n".join(
        f"SECTION {n}\n\nThe Supplier shall deliver part number {n} to the Buyer by day {n} of "
        f"the term. The Buyer shall pay the Supplier ${n},000 for part number {n}. "
        f"This paragraph about colours is here to fill the page with other words {n}."
        for n in range(1, sections + 1)
    )


def varied(sentences: int) -> str:
    """Sentences that share few words."""
    syllables = ("ba", "ke", "lo", "mi", "nu", "ra", "so", "ti", "vu", "ze")

    def word(seed: int) -> str:
        return "".join(syllables[(seed // 10**place + place * seed) % 10] for place in range(4))

    return " ".join(
        "The " + " ".join(word(7 * at + 31 * n) for at in range(9)) + " agrees to the buyer."
        for n in range(1, sentences + 1)
    )


def summary_of(text: str, brief: Brief | None = None, said: str = "") -> Summary:
    brief = brief or Brief()
    return summarize(document(text), DOCUMENT, replace(brief, vote=bool(said)), saying(said))


@pytest.mark.parametrize("sections", [1, 3, 40, 400])
def test_every_sentence_stands_in_the_document_and_every_part_of_it_is_accounted_for(
    sections: int,
) -> None:
    text = long_contract(sections)
    summary = summary_of(text)
    assert summary.statements
    for statement in summary.statements:
        (cited,) = statement.citations
        assert cited.span.of(text) == cited.quote
        assert statement.text == " ".join(cited.quote.split())
    assert summary.sections[0].span.begin == 0
    assert summary.sections[-1].span.end == len(text)
    for one, next_one in zip(summary.sections, summary.sections[1:], strict=False):
        assert one.span.end == next_one.span.begin
    for section in summary.sections:
        stands = any(s.citations[0].span.overlaps(section.span) for s in summary.statements)
        assert section.represented is stands


def test_the_model_is_asked_in_one_batch_about_a_bounded_part_however_long_the_document() -> None:
    engine = saying("")
    summary = summarize(document(long_contract(2000)), DOCUMENT, Brief(vote=True), engine)
    assert summary.windows == len(engine.asked) == MOST_ASKED
    assert len(engine.batches) == 1
    assert max(len(prompt.document) for prompt in engine.asked) < 4 * MOST_SHOWN


def test_without_a_vote_nobody_is_asked() -> None:
    engine = saying("")
    assert summarize(document(ENCOUNTER), DOCUMENT, Brief(), engine).statements
    assert engine.asked == []
    assert summarize(document(ENCOUNTER), DOCUMENT, Brief(vote=True)).windows == 0


def test_the_models_choice_weighs() -> None:
    lines = varied(24).removesuffix(".").split(". ")
    parts = [". ".join(lines[at : at + 6]) + "." for at in range(0, 24, 6)]
    text = "\n\n".join(f"PART {n}\n\n{part}" for n, part in enumerate(parts))
    short = Brief(Length.SHORT)
    usual = {s.text for s in summary_of(text, short).statements}
    others = [f"{line}." for line in lines]
    brought_in = [
        sentence
        for sentence in others
        if sentence not in usual
        and sentence
        in {s.text for s in summary_of(text, short, said=" ".join(sentence.split()[:5])).statements}
    ]
    assert 0 < len(usual) < len(others)
    assert brought_in


def test_statements_stand_under_the_sections_of_the_template_in_order() -> None:
    text = (
        "This Agreement is entered into between Oak Ltd and Elm Ltd for the hire of cranes.\n\n"
        "The Buyer shall pay $4,000 each month within thirty days of the invoice.\n\n"
        "This Agreement shall be governed by the laws of the State of Ohio and its courts."
    )
    summary = summary_of(text, Brief(Length.LONG, template="contract"))
    assert [s.section for s in summary.statements] == [
        "Parties and purpose",
        "Payment",
        "Law and disputes",
    ]
    assert summary.template == "contract"


def test_speech_is_shown_without_fillers_and_an_answer_with_its_question() -> None:
    summary = summary_of(ENCOUNTER, Brief(Length.LONG))
    shown = {s.text: s for s in summary.statements}
    assert summary.template == "encounter"
    assert summary.evidence[0].quote == "doctor]"
    assert "my left knee has been hurting for three weeks." in " ".join(shown)
    assert "Q: do you have any fever or chills? A: no, none." in shown
    assert "i'm gonna start you on ibuprofen 400 milligrams daily." in shown
    two = shown["Q: do you have any fever or chills? A: no, none."]
    assert [c.quote for c in two.citations] == [
        "do you have any fever or chills ?",
        "no , none .",
    ]
    sections = {s.text: s.section for s in summary.statements}
    assert sections["i'm gonna start you on ibuprofen 400 milligrams daily."] == "Plan"


def test_length_and_level_change_the_choice() -> None:
    text = varied(200)
    sizes = [
        sum(len(s.text.split()) for s in summary_of(text, Brief(length)).statements)
        for length in Length
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


def test_for_plain_reading_short_sentences_of_short_words_come_first() -> None:
    hard = [
        "Notwithstanding aforementioned indemnification, the undersigned counterparty irrevocably "
        "relinquishes consequential remuneration attributable to miscellaneous arrangements.",
        "Jurisdictional considerations necessitate contemporaneous documentation, predicated upon "
        "comprehensive administrative correspondence concerning environmental authorisations.",
        "Supplementary infrastructure commitments incorporate proportionate reimbursement, "
        "superseding contractual entitlements previously communicated throughout negotiations.",
    ]
    easy = [
        "The buyer must pay the rent each month to the owner of the shop.",
        "Keys go back to the desk on the last day of the stay.",
        "No dogs may be kept in any room at any time of year.",
    ]
    text = " ".join(line for pair in zip(hard, easy, strict=True) for line in pair)
    plain = {s.text for s in summary_of(text, Brief(Length.SHORT, Level.PLAIN)).statements}
    usual = {s.text for s in summary_of(text, Brief(Length.SHORT)).statements}
    assert plain >= set(easy)
    assert usual & set(hard)


def test_an_unknown_template_is_an_error() -> None:
    with pytest.raises(PackError):
        summary_of("Some text.", Brief(template="novel"))


def test_a_summary_does_not_repeat_itself() -> None:
    shown = summary_of(long_contract(30) + "\n\n" + long_contract(30)).statements
    assert len({statement.text for statement in shown}) == len(shown)


def test_an_empty_document_has_an_empty_summary() -> None:
    summary = summary_of("  \n", said="x")
    assert (summary.statements, summary.windows, summary.sections) == ((), 0, ())


@settings(max_examples=30)
@given(st.text())
def test_whatever_the_model_says_only_quotes_are_shown(said: str) -> None:
    text = long_contract(5)
    for statement in summary_of(text, said=said).statements:
        cited = statement.citations[0]
        assert text[cited.span.begin : cited.span.end] == cited.quote
        assert cited.span.overlaps(Span(0, len(text)))


def test_the_same_document_gives_the_same_summary() -> None:
    assert summary_of(ENCOUNTER) == summary_of(ENCOUNTER)


def test_an_engine_that_fails_is_not_hidden() -> None:
    def fail(_: Prompt) -> str:
        raise EngineUnavailable("it went away")

    with pytest.raises(EngineUnavailable):
        summarize(document(long_contract(5)), DOCUMENT, Brief(vote=True), ScriptedEngine(fail))


@pytest.mark.parametrize(
    ("shown", "quotes", "right"),
    [
        ("she has no pain.", ["so she has , um , no pain ."], True),
        ("Q: any pain? A: no.", ["any pain ?", "no ."], True),
        ("she has pain.", ["so she has no pain ."], False),
        ("she has no fever.", ["so she has no pain ."], False),
        ("pain she has no.", ["so she has no pain ."], False),
        ("take 20 mg.", ["take 10 mg ."], False),
    ],
)
def test_what_its_evidence_does_not_hold_is_not_shown(
    shown: str, quotes: list[str], right: bool
) -> None:
    cited = tuple(Citation(DOCUMENT, Span(0, len(quote)), quote) for quote in quotes)
    assert stands(Statement(shown, cited)) is right
