"""When an answer is right.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.documents import Citation, DocumentId, ParsedDocument, Span
from appliance.results import Answer
from appliance.tasks.amounts import find_amounts
from appliance.tasks.dates import find_dates, normalise_date
from appliance.tasks.kinds import comparable
from scripts.evaluating.contracts import compact
from scripts.evaluating.ranking import Annotation

RECALLED = 0.5  # share of an annotated clause that the cited spans must hold
LEAST_VALUE = 4  # letters and digits of a value that is found by itself
WORDS = ("yes", "no", "maybe")


@dataclass(frozen=True, slots=True)
class Question:
    """One annotated question; ``documents`` are file names, the first is its own."""

    part: str
    text: str
    documents: tuple[str, ...]
    answer: str = ""
    clauses: tuple[str, ...] = ()
    answerable: bool = True

    @property
    def document(self) -> str:
        """The document that the question is counted with."""
        return self.documents[0]


def holds_a_clause(cited: Sequence[Span], parsed: ParsedDocument, clauses: Iterable[str]) -> bool:
    """Whether the cited spans hold at least half of one annotated clause."""
    return any(Annotation(parsed, [clause]).within(cited) >= RECALLED for clause in clauses)


def holds_the_value(quotes: Iterable[str], value: str) -> bool:
    """Whether a quote contains the value: its characters, or the date that it is."""
    wanted, day = compact(value), normalise_date(value)
    for quote in quotes:
        if len(wanted) >= LEAST_VALUE and wanted in compact(quote):
            return True
        if day and day in {normalise_date(span.of(quote)) for span in find_dates(quote)}:
            return True
    return False


def same_amounts(shown: Iterable[str], value: str) -> bool:
    """Whether the amounts shown are those of the value, and no others."""
    return _amounts(shown) == _amounts([value]) != frozenset()


def _amounts(texts: Iterable[str]) -> frozenset[str | None]:
    # "$2 657.81": a thin blank of another reader, between groups of three
    joined = [re.sub(r"(?<=\d) (?=\d{3}\b)", ",", text) for text in texts]
    return frozenset(comparable(span.of(t)) for t in joined for span in find_amounts(t))


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean F1 of yes, no and maybe over (expected, given) pairs."""
    return sum(_f1(pairs, word) for word in WORDS) / len(WORDS)


def _f1(pairs: Sequence[tuple[str, str]], word: str) -> float:
    both = sum(expected == given == word for expected, given in pairs)
    either = sum((expected == word) + (given == word) for expected, given in pairs)
    return 2 * both / either if either else 0.0


def is_right(
    question: Question,
    answer: Answer,
    texts: Mapping[DocumentId, ParsedDocument],
    names: Mapping[DocumentId, str],
) -> bool:
    """Whether an answer that was given says what is annotated, and cites the right document."""
    cited = [c for statement in answer.statements for c in statement.citations]
    own = [c for c in cited if names[c.document] in question.documents]
    if not own or not question.answerable:
        return False
    if question.part == "abstracts":
        return answer.statements[0].text.lower() == question.answer
    if question.part == "mails":
        return same_amounts([statement.text for statement in answer.statements], question.answer)
    if question.part == "filings":
        return names[cited[0].document] in question.documents
    return _clause_cited(question, own, texts)


def _clause_cited(
    question: Question, own: Sequence[Citation], texts: Mapping[DocumentId, ParsedDocument]
) -> bool:
    parsed = texts[own[0].document]
    spans = [citation.span for citation in own]
    if holds_a_clause(spans, parsed, question.clauses):
        return True
    return holds_the_value([citation.quote for citation in own], question.answer)
