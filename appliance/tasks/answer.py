"""Answers from passages: whole sentences of the documents, or "the documents do not say".

Each sentence of the passages gets a score from independent signals (evidence.py, voting.py).  The
best one is quoted when its score passes the threshold that the operator's risk sets on shipped
calibration data (calibration.py).  Where the model's vote could change nothing, it is not asked.
Questions for figures go to the tables first (figures/), questions that a study answers by yes, no
or maybe are read by its findings (verdict.py).  An answer is quotes (promise P5).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from appliance.documents import DocumentId, ParsedDocument, Passage
from appliance.engine.client import Engine
from appliance.index.payload import Embeds
from appliance.results import Answer, Statement, Status
from appliance.tasks import calibration, figures, kinds, relevance
from appliance.tasks.calibration import Calibration
from appliance.tasks.cite import citation
from appliance.tasks.conflict import disagreeing
from appliance.tasks.evidence import Evidence
from appliance.tasks.normalise import collapse
from appliance.tasks.sentences import sentences
from appliance.tasks.terms import content_terms
from appliance.tasks.verdict import is_study, verdict
from appliance.tasks.voting import Scored, admitted, ordered, reach, voted

MAX_RISK = 0.4  # where the operator says nothing; measured, see the table of the evaluation
SENTENCES, TABLES, VERDICTS = "answers", "answers-tables", "answers-studies"  # calibration data
MOST_QUOTED = 2
MOST_LISTED = 8  # where the question wants everything of a kind
SPREAD = 1.0  # log-odds that a further quote may lie below the first
AS_MUCH = 0.8  # share of what the first holds of the question that a further quote must hold
OPENING = 2000  # characters in which a document names its parties

_Texts = Mapping[DocumentId, ParsedDocument]


@dataclass(frozen=True, slots=True)
class Asking:
    """How a question is answered.

    ``max_risk`` bounds the share of wrong answers among those given; None: MAX_RISK for sentences,
    and a figure or the verdict of a study is given whatever its risk, which stands beside it.
    ``text`` is what is asked, without the names of documents; empty: the question as it is.
    ``documents``, where there are two or more, are named by the question: each is asked by itself.
    ``data`` are other calibration data of sentences than those that ship.
    """

    max_risk: float | None = None
    text: str = ""
    documents: tuple[DocumentId, ...] = ()
    data: Calibration | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question and what answers it."""

    question: str
    texts: _Texts
    engine: Engine | None
    embeds: Embeds
    data: Calibration


def asks_model(data: Calibration | None = None) -> bool:
    """Whether the model's choice has a weight: where it has none, no engine is needed."""
    return reach(data or data_of(SENTENCES)) != (0.0, 0.0)


def answer(
    question: str,
    passages: Sequence[Passage],
    texts: _Texts,
    engine: Engine | None,
    embeds: Embeds,
    asking: Asking = Asking(),  # noqa: B008 - frozen
) -> Answer:
    """What the passages say to a question.

    ``texts`` holds every document that a passage is from.  The answer's ``risk`` is the share of
    such answers that were wrong on development documents; of one that is withheld, the risk that
    would have let it pass.

    Raises:
        EngineError: the engine could not answer.
        ConfigError: the calibration data are missing.
    """
    if not passages:
        return Answer(Status.NOT_STATED, (), "no passage was found")
    clause = relevance.asked(asking.text or question)
    of_tables = _of_tables(question, texts, asking.max_risk)
    if of_tables is not None:
        return of_tables
    of_study = _of_study(question, passages, texts, asking.max_risk)
    if of_study is not None:
        return of_study
    compared = [d for d in asking.documents if any(p.document == d for p in passages)]
    if compared:
        passages = [passage for passage in passages if passage.document in compared]
        clause = relevance.without_names(clause, _openings(compared, texts))
    asked = _Asked(clause, texts, engine, embeds, asking.data or data_of(SENTENCES))
    least = calibration.threshold(asked.data, _risk(asking))
    if len(compared) < 2:
        return _of_sentences(asked, passages, least)
    each = []
    for document in compared:
        own = [passage for passage in passages if passage.document == document]
        each.append(_of_sentences(asked, own, least))
    return _together(each)


def _openings(documents: Sequence[DocumentId], texts: _Texts) -> frozenset[str]:
    """Stems of the words by which the documents introduce themselves."""
    return frozenset(t for d in documents for t in content_terms(texts[d].text[:OPENING]))


@cache
def data_of(name: str) -> Calibration:
    """The calibration data of one way to answer.

    Raises:
        ConfigError: they are missing or damaged.
    """
    return calibration.load(name)


def _risk(asking: Asking) -> float:
    return MAX_RISK if asking.max_risk is None else asking.max_risk


def _of_tables(question: str, texts: _Texts, max_risk: float | None) -> Answer | None:
    """What the tables say; None where they are not asked, or what they say is not sure enough."""
    tables = {document: parsed for document, parsed in texts.items() if _has_table(parsed)}
    if not tables or kinds.asks_whether_there_is(question):
        return None
    proposed = figures.propose(question, tables)
    if proposed is None:
        return None
    data = data_of(TABLES)
    least = 0.0 if max_risk is None else calibration.threshold(data, max_risk)
    if proposed.score < max(least, figures.ENOUGH):  # other documents than reports have tables too
        return None
    found = proposed.answer
    return Answer(found.status, found.statements, found.reason, _wrong(proposed.score, data))


def _has_table(parsed: ParsedDocument) -> bool:
    return any(element.row is not None for element in parsed.elements)


def _of_study(
    question: str, passages: Sequence[Passage], texts: _Texts, max_risk: float | None
) -> Answer | None:
    """Yes, no or maybe with the findings; None where no study is asked such a question."""
    document = passages[0].document
    if not kinds.is_polar(question) or not is_study(texts[document]):
        return None
    around = [
        span.of(texts[passage.document].text)
        for passage in passages
        for span in sentences(texts[passage.document], passage.span)
    ]
    said = verdict(relevance.weights(question, around), texts[document])
    if said is None:
        return None
    data = data_of(VERDICTS)
    if max_risk is not None and said.lead < calibration.threshold(data, max_risk):
        reason = "the findings are not clear enough"
        return Answer(Status.NOT_STATED, (), reason, _needed(said.lead, data))
    cited = tuple(citation(texts[document], document, span) for span in said.findings)
    return Answer(
        Status.FOUND,
        (Statement(said.word, cited, "read from these findings"),),
        "",
        _wrong(said.lead, data),
    )


def _of_sentences(asked: _Asked, passages: Sequence[Passage], least: float) -> Answer:
    data = asked.data
    scored = ordered(admitted(asked.question, passages, asked.texts, asked.embeds), data)
    lowers, lifts = reach(data)
    if not scored or scored[0][0] + lifts < least:
        best = scored[0][0] if scored else -math.inf
        return _silent("no sentence holds what the question asks for", best, data)
    second = scored[1][0] if len(scored) > 1 else -math.inf
    if asked.engine is not None and scored[0][0] + lowers < max(least, second + lifts):
        scored = voted(asked.question, scored, asked.texts, asked.engine, data)
    if scored[0][0] < least:
        return _silent("no sentence is sure enough to answer the question", scored[0][0], data)
    return _spoken(asked, [item for item in scored if item[0] >= least])


def _silent(reason: str, best: float, data: Calibration) -> Answer:
    return Answer(Status.NOT_STATED, (), reason, _needed(best, data))


def _spoken(asked: _Asked, kept: Sequence[Scored]) -> Answer:
    question, texts = asked.question, asked.texts
    risk = _wrong(kept[0][0], asked.data)
    least = AS_MUCH * kept[0][1].signals.coverage
    near = [
        item for at, item in kept if at >= kept[0][0] - SPREAD and item.signals.coverage >= least
    ]
    several = kinds.asks_for_several(question)
    differing = () if several else disagreeing(question, near, texts)
    if differing:
        statements = tuple(_statement(question, item, texts) for item in differing)
        return Answer(Status.CONFLICTING, statements, "the documents give different values", risk)
    shown = near[: MOST_LISTED if several else MOST_QUOTED]
    return Answer(Status.FOUND, tuple(_statement(question, i, texts) for i in shown), "", risk)


def _needed(score: float, data: Calibration) -> float:
    """The risk that lets a score pass, rounded up, so that it does."""
    return math.ceil(calibration.least_risk(score, data) * 10_000) / 10_000


def _wrong(score: float, data: Calibration) -> float:
    return round(1 - calibration.confidence(score, data), 4)


def _together(each: Sequence[Answer]) -> Answer:
    """One answer of several documents: what each of them says, in the order of the question."""
    spoken = [answer for answer in each if answer.statements]
    if not spoken:
        return each[0]
    silent = len(each) - len(spoken)
    return Answer(
        Status.FOUND,
        tuple(answer.statements[0] for answer in spoken),
        f"{silent} of {len(each)} documents do not say it" if silent else "",
        max(answer.risk or 0.0 for answer in spoken),
    )


def _statement(question: str, item: Evidence, texts: _Texts) -> Statement:
    """The sentence as evidence; in front the value it was asked for, or the yes, if it is one."""
    cited = citation(texts[item.document], item.document, item.span)
    if kinds.asks_whether_there_is(question):
        return Statement("Yes", (cited,), "a sentence says so")
    value = kinds.value(question, cited.quote)
    return Statement(collapse(value.of(cited.quote) if value else cited.quote), (cited,))
