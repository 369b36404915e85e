"""What the appliance found in documents: fields, answers, summaries.

Whatever is shown as found is a citation: verbatim text with its place (promise P5).  The nouns
here hold no more than what a person can check against the document.  All types are frozen: they
pass between rooms, and are sealed as they stand (plain.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.documents import Citation, DocumentId, Span


class Status(StrEnum):
    """What became of a question or a field."""

    FOUND = "found"
    NOT_STATED = "not stated"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class Found:
    """One value of a field, verbatim in its citation."""

    citation: Citation
    normalised: str | None = None  # ISO date, amount with currency, ...; None where no rule applies
    confidence: float | None = None  # share of such values that were right on held-back documents
    record: int | None = None  # values of one line item, or of one period, share a number
    heads: tuple[Citation, ...] = ()  # of a table cell: what names its row and its columns


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the cascade that a field went through, and its cost."""

    name: str  # "pattern", "search", "model", ...
    settled: bool  # false: it was passed on to the next step
    tokens: int = 0  # read and written by the model
    seconds: float = 0.0  # never compared when a result is repeated


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One extracted field. ``values`` is empty exactly when ``status`` is NOT_STATED."""

    name: str
    status: Status
    values: tuple[Found, ...] = ()
    reason: str = ""  # why nothing is stated, or what conflicts
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if (self.status is Status.NOT_STATED) is bool(self.values):
            raise ValueError("a field has values exactly when something is stated")

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Where its values stand."""
        return tuple(value.citation for value in self.values)

    @property
    def normalised(self) -> str | None:
        """The distinct normalised values in order; None of a conflict, or where no rule applies."""
        if self.status is Status.CONFLICTING:
            return None
        return "; ".join(dict.fromkeys(v.normalised for v in self.values if v.normalised)) or None


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a summary or an answer, with the spans that carry it."""

    text: str
    citations: tuple[Citation, ...]
    derivation: str = ""  # arithmetic over the quoted figures, as done by code: "1,204 - 980 = 224"
    section: str = ""  # heading of the group that it stands in, in a summary


@dataclass(frozen=True, slots=True)
class Answer:
    """What the documents say to a question; no statements when they do not say it."""

    status: Status
    statements: tuple[Statement, ...]
    reason: str = ""
    risk: float | None = None  # share of such answers that were wrong on held-back questions


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document that a summary read."""

    heading: str
    span: Span
    first_page: int | None
    last_page: int | None
    represented: bool  # whether a statement of the summary stands in it


@dataclass(frozen=True, slots=True)
class Summary:
    """A document's summary; ``dropped`` counts statements whose evidence did not hold them."""

    document: DocumentId
    statements: tuple[Statement, ...]
    dropped: int
    windows: int  # how many parts the model was asked about, if it was; all of it was weighed
    template: str = "general"
    sections: tuple[Section, ...] = ()  # all of the document, in reading order
    brief: str = ""  # what was asked for beyond the usual: "short, plain"
    evidence: tuple[Citation, ...] = ()  # where the document says that the template fits


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, whole: the same request on the same basis gives the same result."""

    kind: str  # ask | summarize | extract
    argument: str = ""  # the question, or the name of the pack
    options: tuple[tuple[str, str], ...] = ()  # in the order of their names

    def option(self, name: str, default: str = "") -> str:
        """The value of one option."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a result rests on, apart from its request."""

    software: str  # version of the appliance
    rules: str  # SHA-256 of the code, packs, templates and prompts that make results
    model: str
    model_digest: str
    embedding_digest: str
    settings: tuple[tuple[str, str], ...]  # those that results depend on, seed included
    scope: tuple[tuple[DocumentId, int], ...]  # what the search could see, with versions
    passages: tuple[tuple[DocumentId, Span], ...] = ()  # what was put before the task
    adapter: str = ""  # SHA-256 of an adapter on the model; empty: none


@dataclass(frozen=True, slots=True)
class Kept:
    """A result as it is sealed, with all that repeats it; one of the three outcomes is there."""

    request: Request
    basis: Basis
    answer: Answer | None = None
    summary: Summary | None = None
    fields: tuple[FieldValue, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What was found."""
        return self.answer or self.summary or self.fields


Outcome = Answer | Summary | tuple[FieldValue, ...]


def cited(outcome: Outcome) -> frozenset[DocumentId]:
    """Every document that an outcome quotes or is about."""
    if isinstance(outcome, tuple):
        found = [f.citations + tuple(h for v in f.values for h in v.heads) for f in outcome]
        return frozenset(c.document for citations in found for c in citations)
    about = [outcome.document] if isinstance(outcome, Summary) else []
    shown = [c for statement in outcome.statements for c in statement.citations]
    evidence = outcome.evidence if isinstance(outcome, Summary) else ()
    return frozenset([*about, *(c.document for c in (*shown, *evidence))])
