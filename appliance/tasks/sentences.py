"""Sentences as spans: what a summary is made of and an answer quotes.

A table row is one sentence, so that a figure keeps its label.  A full stop after an abbreviation,
an initial or a clause number ends nothing.  Headers and footers hold no sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.tasks.cite import trimmed

_END = re.compile(
    r"[.!?;]['\"”’)\]]*(?=\s)"  # a mark before white space
    r"|(?<=[a-z0-9)])[.!?](?=[A-Z][a-z])"  # a line break lost in a mail
    r"|\n[ \t\r\f]*\n(?!\s*[a-z(])"  # an empty line, unless the sentence goes on below it
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:inc|ltd|corp|co|llc|plc|no|nos|art|sec|para|vs|v|dr|mr|mrs|ms|prof|st|jr|sr|approx|"
    r"dept|fig|al|e\.g|i\.e|etc|cf|u\.s|a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
    r"|\b[a-z]|(?:^|\n)\s*\(?(?:\d{1,3}(?:\.\d{1,3})*|[ivxlc]{1,5}|[a-z])\)?)\.$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[•●▪◦‣*–-]\s+")
_CLOSED = re.compile(r"[.!?:;]['\"”’)\]]*\s*$")
_WHOLE = {ElementKind.TABLE_ROW, ElementKind.TITLE}
_SILENT = {ElementKind.HEADER, ElementKind.FOOTER}


def sentences(parsed: ParsedDocument, within: Span) -> tuple[Span, ...]:
    """The sentences that begin inside ``within``, trimmed, in order; none is empty."""
    found: list[Span] = []
    for run, whole in _runs(parsed, within):
        found.extend([trimmed(run, parsed.text)] if whole else _split(parsed.text, run))
    bare = (_without_bullet(parsed.text, span) for span in found)
    return tuple(span for span in bare if span.end > span.begin)


def _without_bullet(text: str, span: Span) -> Span:
    bullet = _BULLET.match(text, span.begin, span.end)
    return Span(bullet.end(), span.end) if bullet else span


def _runs(parsed: ParsedDocument, within: Span) -> Iterator[tuple[Span, bool]]:
    """Stretches that sentences do not cross, clipped to ``within``; true: it is one sentence."""
    run: Span | None = None
    whole = False
    for element in parsed.elements:
        clipped = _clip(element.span, within)
        if clipped is None or element.kind in _SILENT:
            continue
        if run and _continues(parsed.text, run, element):
            run, whole = Span(run.begin, clipped.end), False
            continue
        if run:
            yield run, whole
        run, whole = clipped, element.kind in _WHOLE
    if run:
        yield run, whole


def _continues(text: str, run: Span, element: Element) -> bool:
    """Whether an element goes on with the sentence before it: a line broken by the reader."""
    tail = text[max(run.begin, run.end - 12) : run.end]
    first = text[element.span.begin : element.span.begin + 1]
    return (
        element.kind is ElementKind.TEXT
        and element.span.begin - run.end <= 2
        and (not _CLOSED.search(tail) or _ABBREVIATION.search(tail) is not None)
        and (first.islower() or first == "(")
    )


def _split(text: str, run: Span) -> Iterator[Span]:
    begin = run.begin
    for match in _END.finditer(text, run.begin, run.end):
        before = text[max(begin, match.start() - 12) : match.start() + 1]
        if match[0].startswith(".") and _ABBREVIATION.search(before):
            continue
        yield trimmed(Span(begin, match.end()), text)
        begin = match.end()
    yield trimmed(Span(begin, run.end), text)


def _clip(span: Span, within: Span) -> Span | None:
    begin, end = max(span.begin, within.begin), min(span.end, within.end)
    return Span(begin, end) if begin < end else None
