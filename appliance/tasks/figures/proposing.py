"""From a question and documents to an answer out of their tables, with a score to calibrate on.

Everything is counted, no model is asked: small models choose cells by place.  What is not clear is
not answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.documents import Citation, DocumentId, ParsedDocument
from appliance.results import Answer, Statement, Status
from appliance.tasks.cite import citation
from appliance.tasks.figures.cells import figures
from appliance.tasks.figures.draft import Draft, Line
from appliance.tasks.figures.drafts import draft
from appliance.tasks.figures.intent import Asked, Kind, asked
from appliance.tasks.figures.match import Matcher
from appliance.tasks.figures.prose import quoted
from appliance.tasks.figures.series import gather
from appliance.tasks.figures.wording import terms

ENOUGH = 0.5  # score from which `answer` answers
CLEAR = 0.12  # margin from which a choice is as good as alone
IN_SENTENCES = 0.95  # of the score of a figure in a sentence: a cell is the surer place
LONG = 20_000  # characters of a document that has a first page
FIRST_PAGE = 3_000  # characters
UNCLEAR = 0.6  # what is left of the score with little margin
TIED = 0.01  # margin below which nothing is chosen
TIE_COUNTS = 0.4  # what is left of the score of such a choice


@dataclass(frozen=True, slots=True)
class Proposed:
    """An answer with how sure it is: ``score`` is between 0 and 1 and means an order, no share."""

    answer: Answer
    score: float


def propose(question: str, texts: Mapping[DocumentId, ParsedDocument]) -> Proposed | None:
    """What the tables of the documents say to a question; None where it is not for tables.

    Each statement is the shortest answer (a value with unit and scale, a label, a year), cites the
    cells it rests on and then what names them, and shows its arithmetic.
    """
    taken = asked(question)
    if taken is None:
        return None
    series = [
        one for document in sorted(texts) for one in gather(figures(document, texts[document]))
    ]
    found = draft(taken, Matcher(series, _names(texts)))
    proposals = [
        Proposed(_from_tables(found, texts), _score(found.score, found.margin)) if found else None,
        _from_sentences(question, taken, texts),
    ]
    known = [proposed for proposed in proposals if proposed]
    return max(known, key=lambda proposed: proposed.score, default=None)


def answer(question: str, texts: Mapping[DocumentId, ParsedDocument]) -> Answer | None:
    """What `propose` proposes, where it is sure enough."""
    proposed = propose(question, texts)
    return proposed.answer if proposed and proposed.score >= ENOUGH else None


def _names(texts: Mapping[DocumentId, ParsedDocument]) -> frozenset[str]:
    """Words of the first page of long documents, which says whose they are."""
    long = [parsed for parsed in texts.values() if len(parsed.text) > LONG]
    return frozenset(term for parsed in long for term in terms(parsed.text[:FIRST_PAGE]))


def _from_tables(found: Draft, texts: Mapping[DocumentId, ParsedDocument]) -> Answer:
    return Answer(Status.FOUND, tuple(_statement(line, texts) for line in found.lines))


def _from_sentences(
    question: str, taken: Asked, texts: Mapping[DocumentId, ParsedDocument]
) -> Proposed | None:
    """A figure that stands in a sentence, where one is asked for as it stands."""
    if taken.kind is not Kind.LOOKUP or taken.latest or taken.paired:
        return None
    found = [q for name in sorted(texts) if (q := quoted(question, taken, name, texts[name]))]
    best = max(found, key=lambda one: one.score, default=None)
    if best is None:
        return None
    parsed = texts[best.document]
    around = citation(parsed, best.document, best.sentence)
    statements = tuple(
        Statement(span.of(parsed.text), (citation(parsed, best.document, span), around))
        for span in best.spans
    )
    score = IN_SENTENCES * _score(best.score, best.margin)
    return Proposed(Answer(Status.FOUND, statements), round(score, 6))


def _score(score: float, margin: float) -> float:
    if margin < TIED:
        return round(score * TIE_COUNTS, 6)
    clear = min(1.0, margin / CLEAR)
    return round(score * (UNCLEAR + (1 - UNCLEAR) * clear), 6)


def _statement(line: Line, texts: Mapping[DocumentId, ParsedDocument]) -> Statement:
    return Statement(line.text, _citations(line, texts), line.derivation)


def _citations(line: Line, texts: Mapping[DocumentId, ParsedDocument]) -> tuple[Citation, ...]:
    """The cells, then what names them, each once."""
    places = [(f.document, f.span) for f in line.cells]
    places += [(f.document, span) for f in line.cells for span in f.naming]
    if line.label:
        places = [*places[len(line.cells) :], *places[: len(line.cells)]]
    return tuple(
        citation(texts[document], document, span) for document, span in dict.fromkeys(places)
    )
