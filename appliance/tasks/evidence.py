"""Sentences that may answer a question, each with what speaks for it.

The signals are as independent of each other as can be had: words, meaning, place, kind of value,
what the field packs know of the matter, and the model's choice.  `score` adds them up with weights
fitted on development documents (a logistic regression, kept with the calibration data).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from appliance.documents import DocumentId, ParsedDocument, Passage, Span
from appliance.index.cues import said
from appliance.index.payload import Embeds
from appliance.tasks import kinds, matters
from appliance.tasks.calibration import Calibration, logistic
from appliance.tasks.packs import PackField
from appliance.tasks.payments import agreement
from appliance.tasks.quotable import is_heading, is_quotable
from appliance.tasks.relevance import coverage, names, naming, weights
from appliance.tasks.sentences import sentences
from appliance.tasks.terms import content_terms

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for a sentence, mostly 0 to 1, and against it, below 0."""

    coverage: float = 0.0  # share of the question's weight that the sentence holds
    similarity: float = 0.0  # cosine of question and sentence
    section: float = 0.0  # cosine of question and the sentence under its heading
    kind: float = 0.0  # 1: holds the kind of value asked for, 1/2: a stand-in; -1: does not
    naming: float = 0.0  # holds the names of the question; -1: none of them
    role: float = 0.0  # 1: gives the one asked for his role in a payment; -1: the other role
    matter: float = 0.0  # 1: of the matter, as a heading or a field pack knows; -1: of another
    wording: float = 0.0  # closest phrase with which documents state the subject, cosine
    worded: float = 0.0  # 1: such phrases are known of the question's subject
    rank: float = 0.0  # 1 for the first passage, 1/2 for the second, ...
    vote: float = 0.0  # 1: the model copied its answer from it
    declined: float = 0.0  # 1: the model found no answer in any sentence it was shown
    margin: float = 0.0  # how sure the model was of its copy, 0 to 1


SIGNALS = tuple(field.name for field in fields(Signals))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence that may be quoted."""

    document: DocumentId
    span: Span
    signals: Signals


@dataclass(frozen=True, slots=True)
class _Place:
    """A sentence, and what travels with it."""

    document: DocumentId
    span: Span
    words: str
    heading: str
    label: str  # the heading right above it
    around: str  # heading and neighbours
    rank: int


def score(signals: Signals, calibration: Calibration) -> float:
    """Log-odds that a sentence with these signals answers the question."""
    return logistic({name: getattr(signals, name) for name in SIGNALS}, calibration)


def titles(label: str, question: str) -> bool:
    """Whether a heading names what a question asks for, but for names and one word more."""
    asked = set(content_terms(question)) - names(question)
    heading = set(content_terms(label))
    left = asked - heading
    return bool(heading) and heading <= asked and len(left) <= (len(heading) > 1)


def gather(
    question: str,
    passages: Sequence[Passage],
    texts: Mapping[DocumentId, ParsedDocument],
    embeds: Embeds,
) -> list[Evidence]:
    """The sentences of the passages that can be quoted, with every signal but the model's.

    Args:
        question: the clause that asks (relevance.asked).
        texts: every document that a passage is from.
    """
    places = _places(passages, texts)
    if not places:
        return []
    under = [f"{place.heading}. {place.words}" if place.heading else "" for place in places]
    phrases = said(question)
    known = (question, *phrases)
    vectors = embeds.embed([*known, *(p.words for p in places), *(text for text in under if text)])
    asking, of_phrases, of_places = vectors[0], vectors[1 : len(known)], vectors[len(known) :]
    alike = [float(cosine) for cosine in of_places @ asking]
    worded = (of_places[: len(places)] @ of_phrases.T).tolist()
    of_sections = iter(alike[len(places) :])
    meant = matters.asked_for(question, asking, matters.wordings(embeds))
    wanted = names(question)
    held = {d: frozenset(content_terms(texts[d].text)) for d in texts} if wanted else {}
    weighted = weights(question, [place.words for place in places])
    found = []
    for place, similarity, text, cosines in zip(places, alike, under, worded, strict=False):
        signals = Signals(
            coverage=coverage(weighted, f"{place.label} {place.words}", place.around),
            similarity=similarity,
            section=next(of_sections) if text else similarity,
            kind=kinds.held(question, place.words),
            naming=naming(wanted, place.words, place.around, held.get(place.document, _NOTHING)),
            role=agreement(question, place.words),
            matter=_matter(meant, place, question),
            wording=max(cosines, default=0.0),
            worded=float(bool(phrases)),
            rank=1 / (1 + place.rank),
        )
        found.append(Evidence(place.document, place.span, signals))
    return found


def _matter(meant: PackField | None, place: _Place, question: str) -> float:
    """Whether a sentence speaks of the matter: a note's own heading knows better than a pack."""
    if titles(place.label, question):
        return 1.0
    return (matters.speaks(meant, place.words, place.heading) or -1.0) if meant else 0.0


def _places(
    passages: Sequence[Passage], texts: Mapping[DocumentId, ParsedDocument]
) -> list[_Place]:
    """The quotable sentences of all passages, each once, in the order of the documents."""
    best: dict[tuple[DocumentId, Span], tuple[int, str]] = {}
    for rank, passage in enumerate(passages):
        for span in sentences(texts[passage.document], passage.span):
            travels = f"{passage.heading} {passage.table}".strip()
            best.setdefault((passage.document, span), (rank, travels))
    ordered = sorted(best)
    places = []
    for at, (document, span) in enumerate(ordered):
        parsed = texts[document]
        rank, heading = best[document, span]
        near = [other for other in ordered[max(0, at - 1) : at + 2] if other[0] == document]
        before = near[0][1] if near[0][1] != span else None
        labelled = before is not None and is_heading(parsed, before)
        if not is_quotable(parsed, span, labelled=labelled):
            continue
        label = before.of(parsed.text) if labelled and before is not None else ""
        around = " ".join([heading, *(other.of(parsed.text) for _, other in near)])
        words = span.of(parsed.text)
        places.append(_Place(document, span, words, heading, label, around, rank))
    return places
