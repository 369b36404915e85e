from __future__ import annotations

from dataclasses import replace

from appliance.documents import Span
from appliance.tasks.brief import Level
from appliance.tasks.choosing import Weighed, taken, weigh
from appliance.tasks.templates import Template, TemplateSection
from appliance.tasks.terms import content_terms
from appliance.tasks.units import Unit

PAY = TemplateSection("pay", "Payment", 0.5, cues=(r"\bpay\b",), strong=(r"\bshall pay\b",))
LAW = TemplateSection("law", "Law", 0.3, cues=(r"\blaw\b",), headings=(r"\bgoverning\b",))
REST = TemplateSection("rest", "Further points", 0.2, rest=True)
TEMPLATE = Template("t", "T", "t", 1, (PAY, LAW, REST), idle=(r"\bcounterparts\b",))


def unit(text: str, begin: int = 0, **more: object) -> Unit:
    made = Unit((Span(begin, begin + len(text)),), text, frozenset(content_terms(text)))
    return replace(made, **more)  # type: ignore[arg-type]


def section_of(one: Unit, template: Template = TEMPLATE) -> str:
    (weighed,) = weigh([one], template, Level.PROFESSIONAL)
    return template.sections[weighed.section].name


def weight_of(one: Unit, *others: Unit) -> float:
    return weigh([one, *others], TEMPLATE, Level.PROFESSIONAL)[0].weight


def test_cues_and_headings_choose_the_section_and_the_rest_takes_the_others() -> None:
    assert section_of(unit("They pay the rent to the owner.")) == "pay"
    assert section_of(unit("Ohio rules all of this.", heading="Governing rules")) == "law"
    assert section_of(unit("The sky is blue over the port.")) == "rest"


def test_a_strong_cue_settles_it() -> None:
    text = "By the law of Ohio the buyer shall pay."
    assert section_of(unit(text)) == "pay"
    weak = replace(TEMPLATE, sections=(replace(PAY, strong=()), LAW, REST))
    assert section_of(unit(text, heading="Governing law"), weak) == "law"


def test_a_section_reaches_no_further_than_its_zone_and_its_speaker() -> None:
    early = replace(LAW, zone=(0.0, 0.5), headings=())
    zoned = replace(TEMPLATE, sections=(replace(PAY, cues=(r"\bOhio\b",)), early, REST))
    text = "The law of Ohio holds."
    assert section_of(unit(text, at=0.9), zoned) == "pay"
    spoken = replace(TEMPLATE, sections=(replace(LAW, speaker="clinician"), REST))
    assert section_of(unit(text, speaker="clinician"), spoken) == "law"
    heavy, light = (
        weigh([unit(text, speaker=who)], spoken, Level.PROFESSIONAL)[0].weight
        for who in ("clinician", "other")
    )
    assert light < heavy


def test_a_title_stands_only_where_a_strong_cue_is() -> None:
    assert weigh([unit("Law of the port", title=True)], TEMPLATE, Level.PROFESSIONAL) == ()
    assert section_of(unit("Who shall pay", title=True)) == "pay"


def test_idle_sentences_weigh_little_and_rare_figures_much() -> None:
    others = [unit(f"Word{at} stands alone here.", 100 * at) for at in range(1, 20)]
    plain = weight_of(unit("The parties sign two copies of it."), *others)
    assert weight_of(unit("The parties sign two counterparts of it."), *others) < plain / 3
    assert weight_of(unit("The parties sign $4,000,000 of it."), *others) > 3 * plain


def test_sections_keep_to_their_share_and_the_rest_goes_where_nothing_stands_yet() -> None:
    names = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta")

    def weighed(at: int, section: int, stretch: int, weight: float) -> Weighed:
        text = f"{names[at]} {names[at]}one {names[at]}two {names[at]}three"
        return Weighed(unit(text, 50 * at, stretch=stretch), section, weight)

    pool = [weighed(at, 0, 0, 10.0 - at) for at in range(6)] + [weighed(6, 2, 1, 3.0)]
    kept = taken(pool, TEMPLATE, 16, cover=True)
    assert [c.unit.stretch for c in kept].count(1) == 1
    assert sum(c.unit.words for c in kept) <= 20
    assert [c.unit.spans for c in kept if c.section == 0] == sorted(
        c.unit.spans for c in kept if c.section == 0
    )
    uncovered = taken(pool, TEMPLATE, 8, cover=False)
    assert uncovered[0].unit.begin == 0


def test_nothing_is_said_twice() -> None:
    one, two = unit("The buyer shall pay the rent."), unit("The buyer shall pay rent.", 90)
    kept = taken(weigh([one, two], TEMPLATE, Level.PROFESSIONAL), TEMPLATE, 100, cover=True)
    assert len(kept) == 1
