"""What results say of one document, as a numbered list with the places that carry it.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from appliance.documents import Citation, DocumentId
from appliance.results import Answer, FieldValue, Kept, Statement, Status, Summary


@dataclass(frozen=True, slots=True)
class Finding:
    """One value or statement, or the word that there is none."""

    label: str  # of a field, or of a part of a summary; may be empty
    text: str
    note: str = ""  # normalised value, arithmetic, confidence, or why nothing is stated
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one result."""

    title: str
    result: str  # its id
    model: str
    findings: tuple[Finding, ...] = field(default=())


def group(id: str, kept: Kept, document: DocumentId) -> Group:
    """What one result says of one document; of other documents, nothing."""
    request = kept.request
    title = f"{request.kind}: {request.argument}" if request.argument else request.kind
    model = f"{kept.basis.model}, sha256:{kept.basis.model_digest.removeprefix('sha256:')[:16]}"
    return Group(title, id, model, tuple(_findings(kept, document)))


def _findings(kept: Kept, document: DocumentId) -> Iterator[Finding]:
    if kept.answer is not None:
        yield from _answer(kept.answer, document)
    elif kept.summary is not None:
        yield from _statements(kept.summary.statements, document)
        yield from _unread(kept.summary)
    else:
        for found in kept.fields:
            yield from _field(found, document)


def _answer(answer: Answer, document: DocumentId) -> Iterator[Finding]:
    if answer.status is Status.NOT_STATED:
        yield Finding("", "The documents do not say.", answer.reason)
    if answer.status is Status.CONFLICTING:
        yield Finding("", "The documents say different things.", answer.reason)
    yield from _statements(answer.statements, document)


def _statements(statements: Iterable[Statement], document: DocumentId) -> Iterator[Finding]:
    for statement in statements:
        cited = _of(statement.citations, document)
        if cited:
            label = getattr(statement, "section", "")
            yield Finding(label, statement.text, statement.derivation, cited)


def _unread(summary: Summary) -> Iterator[Finding]:
    missing = [section.heading for section in summary.sections if not section.represented]
    if summary.dropped:
        yield Finding("", f"{summary.dropped} sentence(s) without evidence are not shown.")
    if missing:
        yield Finding("not represented", "; ".join(heading or "a part" for heading in missing))


def _field(found: FieldValue, document: DocumentId) -> Iterator[Finding]:
    if found.status is Status.NOT_STATED:
        yield Finding(found.name, "not stated", found.reason)
    for value in found.values:
        notes = [f"= {value.normalised}"] if value.normalised else []
        if value.confidence is not None:
            notes.append(f"confidence {value.confidence:.2f}")
        if found.status is Status.CONFLICTING:
            notes.append("conflicting")
        cited = _of((value.citation, *value.heads), document)
        if cited:
            yield Finding(found.name, value.citation.quote, ", ".join(notes), cited)


def _of(citations: Iterable[Citation], document: DocumentId) -> tuple[Citation, ...]:
    return tuple(citation for citation in citations if citation.document == document)
