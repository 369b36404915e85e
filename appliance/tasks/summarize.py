"""Summaries of documents of any length: the sentences that carry a document, with their places.

The kind of document chooses a template (templates.py).  All of the text is read by counting; every
sentence is weighed and finds its section (choosing.py); each section takes its share, repetition
counts against a sentence, and what is left goes to stretches that are not represented yet.  Where
the brief asks for it, the model has a vote: of the stretches in which most is at stake it is asked,
all at once, which of their best sentences matters most.  A model of 135 million parameters gained
nothing so, and took most of the time; a larger one may.  A statement is shown only as its evidence
holds it (support.py), and the summary says of every stretch of the document whether a statement
stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.documents import DocumentId, ParsedDocument, Span
from appliance.engine.client import Engine
from appliance.results import Statement, Summary
from appliance.tasks import choosing, prompts, templates
from appliance.tasks.brief import Brief
from appliance.tasks.choosing import Weighed
from appliance.tasks.cite import citation
from appliance.tasks.options import chosen_index, openings
from appliance.tasks.outline import Stretch, outline, sections
from appliance.tasks.support import in_order, negations, unsupported
from appliance.tasks.templates import Choice, Template
from appliance.tasks.units import Unit, units

MOST_ASKED = 16  # stretches that the model is asked about, however long the document
MOST_OPTIONS = 4  # sentences of a stretch that it chooses among
MOST_SHOWN = 1200  # characters of a stretch that it is shown; about 300 tokens


def summarize(
    parsed: ParsedDocument,
    document: DocumentId,
    brief: Brief | None = None,
    engine: Engine | None = None,
) -> Summary:
    """The summary of one document; every sentence of it has been weighed.

    Args:
        engine: for a brief with a vote; without it, nobody is asked.

    Raises:
        EngineError: the engine could not answer.
        PackError: the template that the brief names does not exist.
    """
    brief = brief or Brief()
    choice = _choice(parsed, brief)
    template = choice.template
    stretches = outline(parsed)
    candidates = units(parsed, stretches)
    weighed, asked = choosing.weigh(candidates, template, brief.level), 0
    if brief.vote and engine is not None:
        weighed, asked = _voted(parsed, weighed, stretches, engine)
    words = brief.words(len(parsed.text.split()))
    cover = not template.spoken
    statements, dropped = [], 0
    for candidate in choosing.taken(weighed, template, words, cover):
        statement = _statement(parsed, document, candidate.unit, template, candidate.section)
        if stands(statement):
            statements.append(statement)
        else:
            dropped += 1
    shown = [cited.span for statement in statements for cited in statement.citations]
    return Summary(
        document,
        tuple(statements),
        dropped,
        windows=asked,
        template=template.name,
        sections=sections(stretches, shown),
        brief=str(brief),
        evidence=tuple(citation(parsed, document, span) for span in choice.evidence),
    )


def _choice(parsed: ParsedDocument, brief: Brief) -> Choice:
    if brief.template:
        return Choice(templates.load(brief.template), ())
    return templates.choose(parsed)


def _voted(
    parsed: ParsedDocument,
    weighed: Sequence[Weighed],
    stretches: Sequence[Stretch],
    engine: Engine,
) -> tuple[tuple[Weighed, ...], int]:
    """The candidates, with those heavier that the model chose; and how many stretches it saw."""
    by_stretch: dict[int, list[Weighed]] = {}
    for candidate in sorted(weighed, key=lambda c: (-c.weight, c.unit.spans)):
        options = by_stretch.setdefault(candidate.unit.stretch, [])
        if len(options) < MOST_OPTIONS:
            options.append(candidate)
    contested = [options for options in by_stretch.values() if len(options) > 1][:MOST_ASKED]
    texts = [[option.unit.spans[0].of(parsed.text) for option in options] for options in contested]
    offered = [openings(options) for options in texts]
    requests = [
        prompts.choose_sentence(_shown(parsed, options, stretches), offer)
        for options, offer in zip(contested, offered, strict=True)
    ]
    chosen: set[Weighed] = set()
    for options, offer, answer in zip(contested, offered, engine.complete(requests), strict=True):
        at = chosen_index(answer.untrusted_text, offer)
        if at is not None:
            chosen.add(options[at])
    return tuple(
        replace(c, weight=c.weight * choosing.CHOSEN) if c in chosen else c for c in weighed
    ), len(requests)


def _shown(parsed: ParsedDocument, options: Sequence[Weighed], stretches: Sequence[Stretch]) -> str:
    """The sentences on offer in their order, with what stands between them while it is short."""
    spans = sorted(option.unit.spans[0] for option in options)
    whole = Span(spans[0].begin, spans[-1].end)
    stretch = stretches[options[0].unit.stretch].span
    if stretch.end - stretch.begin <= MOST_SHOWN:
        return stretch.of(parsed.text)
    if whole.end - whole.begin <= MOST_SHOWN:
        return whole.of(parsed.text)
    return "\n".join(span.of(parsed.text) for span in spans)


def _statement(
    parsed: ParsedDocument, document: DocumentId, unit: Unit, template: Template, section: int
) -> Statement:
    cited = tuple(citation(parsed, document, span) for span in unit.spans)
    return Statement(unit.text, cited, section=template.sections[section].title)


def stands(statement: Statement) -> bool:
    """Whether nothing but what the evidence says is said, and no denial was left out."""
    quotes = [cited.quote for cited in statement.citations]
    said = statement.text
    if len(quotes) > 1:  # a question and its answer
        said = said.removeprefix("Q: ").replace(" A: ", " ", 1)
    denied = negations(" ".join(quotes))
    return (
        not unsupported(said, quotes)
        and in_order(said, quotes)
        and (negations(said) == denied or min(negations(said), denied) > 0)
    )
