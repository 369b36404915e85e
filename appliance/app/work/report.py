"""One readable Markdown report per document, from the results of its tasks.

Quotes come from documents, and a document may hold Markdown, HTML or links: they are shown as text,
never as markup, so that opening a report fetches nothing and runs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.access.labels import written
from appliance.documents import Citation, Document, Passage
from appliance.results import Answer, FieldValue, Outcome, Status, Summary
from appliance.tasks.brief import Level
from appliance.tasks.outline import coverage_line

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&:])")


@dataclass(frozen=True, slots=True)
class Result:
    """What one task, named by ``title``, gave for one document, or why it failed."""

    title: str
    outcome: Outcome | None
    failure: str = ""


def visible(text: str) -> str:
    """``text`` on one line, without control and format characters."""
    printable = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(printable.split())


def inert(text: str) -> str:
    """``visible`` text with every mark of Markdown and HTML escaped."""
    return _MARKUP.sub(r"\\\1", visible(text))


def place(citation: Citation | Passage) -> str:
    """Where a text stands: page, if the document has pages, and character offsets."""
    page = f"page {citation.page}, " if citation.page else ""
    return f"{page}characters {citation.span.begin}-{citation.span.end}"


def markdown(document: Document, results: Iterable[Result], model: str) -> str:
    """The report of one document, with the labels that it carries."""
    lines = [f"# {inert(document.name)}", ""]
    pages = f"{document.pages} pages, " if document.pages else ""
    lines += [f"{document.media_type}, {pages}{document.characters} characters of text.", ""]
    if document.gaps:
        lines += [f"**Not everything was read: {document.gaps} gap(s).** See `appliance show`.", ""]
    if document.flags:
        lines += [f"**Know before trusting it: {', '.join(document.flags)}.**", ""]
    if document.labels:
        lines += [f"Labels: {inert(written(document.labels))}.", ""]
    for result in results:
        lines += [f"## {inert(result.title)}", "", *_body(result), ""]
    lines += ["---", f"Document {document.id}, version {document.version}; model {model}."]
    lines += ["Quotes are verbatim; places count characters of the document's text.", ""]
    return "\n".join(lines)


def _body(result: Result) -> Iterator[str]:
    if result.outcome is None:
        yield f"**Failed:** {inert(result.failure)}"
    elif isinstance(result.outcome, Summary):
        yield from _summary(result.outcome)
    elif isinstance(result.outcome, Answer):
        yield from _answer(result.outcome)
    else:
        yield from _fields(result.outcome)


def _summary(summary: Summary) -> Iterator[str]:
    section = ""
    for statement in summary.statements:
        if statement.section != section:
            section = statement.section
            yield from ("", f"**{inert(section)}**", "")
        places = "; ".join(map(place, statement.citations))
        yield f"- {inert(statement.text)} ({places})"
    if not summary.statements:
        yield "Nothing could be summarised with evidence."
    yield ""
    yield from (inert(line) for line in about(summary))


def about(summary: Summary) -> Iterator[str]:
    """What was read for a summary, what of it is not represented, and what is not shown."""
    asked = f", {summary.brief}" if summary.brief else ""
    yield f"Template {summary.template}{asked}."
    if Level.PLAIN in summary.brief.split(", "):
        yield "Shorter sentences of more common words were preferred; the words are the document's."
    yield visible(coverage_line(summary.sections))
    if summary.dropped:
        yield f"{summary.dropped} sentence(s) without evidence are not shown."


def _answer(answer: Answer) -> Iterator[str]:
    if answer.status is Status.NOT_STATED:
        yield "The document does not say."
    elif answer.status is Status.CONFLICTING:
        yield "The document says different things:"
        yield ""
    for statement in answer.statements:
        yield f"- {inert(statement.text)}"
        if statement.derivation:
            yield f"  {inert(statement.derivation)}"
        yield from (f"  > {inert(c.quote)} ({place(c)})" for c in statement.citations)


def _fields(fields: tuple[FieldValue, ...]) -> Iterator[str]:
    yield "| field | value | normalised | confidence | where |"
    yield "|---|---|---|---|---|"
    for field in fields:
        mark = " (conflicting)" if field.status is Status.CONFLICTING else ""
        for value in field.values:
            cited = value.citation
            sure = "" if value.confidence is None else f"{value.confidence:.2f}"
            read = inert(value.normalised or "")
            cells = (inert(field.name) + mark, inert(cited.quote), read, sure, place(cited))
            yield "| " + " | ".join(cells) + " |"
        if not field.values:
            yield f"| {inert(field.name)} | *not stated* | | | {inert(field.reason)} |"
