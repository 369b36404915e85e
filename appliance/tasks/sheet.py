"""A document prepared to be looked through for fields: its sentences, each with its heading.

Expressions of packs run over every sentence of a document, and some packs are written by users:
what they run over is bounded here.  A sentence is matched in one line of at most LONGEST_LINE
characters; the text as it stands is matched in windows (`windows`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.documents import ElementKind, ParsedDocument, Span
from appliance.tasks.normalise import collapse
from appliance.tasks.sentences import sentences

LONGEST_LINE = 1500  # characters; what stands beyond in a sentence is not matched
LONGEST_HEADING = 90
WINDOW = 6000  # characters in which matches begin
REACH = 2000  # characters beyond in which they may end

# An item of a list belongs to the words that open the list: "it shall not: (a) ...; (b) ...".
_ITEM = re.compile(r"(?:\(?(?:[a-z]{1,2}|[ivx]{1,5}|\d{1,2})[).]|[•●▪–-])\s")
_LEAD = re.compile(r"^(.{10,400}?)[:—](?=\s*(?:\(?(?:a|i|1)[).]\s|$))")
# "12.3 Assignment. Neither party ..." or "(a) Term: ..." opens with a heading of its own.
_OPENS = re.compile(r"\W{0,3}(?:[\dIVXivx]{1,5}\W{1,2}){0,4}([A-Z][^.:;]{2,60}?)\s?[.:—–]")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence as expressions see it."""

    span: Span
    text: str  # white space collapsed, at most LONGEST_LINE characters
    heading: str  # what names its section: the title above, the short sentence before, its opening
    lead: str = ""  # of an item of a list: the words that open the list

    @property
    def read(self) -> str:
        """The sentence with the words that open its list, as a person reads it."""
        return f"{self.lead} {self.text}" if self.lead else self.text


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document and its lines, in order."""

    parsed: ParsedDocument
    lines: tuple[Line, ...]

    def line_of(self, span: Span) -> Span:
        """The sentence in which a span begins; the span itself where there is none."""
        from bisect import bisect_right

        at = bisect_right(self.lines, span.begin, key=lambda line: line.span.begin) - 1
        held = self.lines[at].span if at >= 0 else span
        return held if held.begin <= span.begin < held.end else span


def sheet(parsed: ParsedDocument) -> Sheet:
    """The document with its sentences."""
    split = sentences(parsed, Span(0, len(parsed.text)))
    return Sheet(parsed, tuple(_lines(parsed, split)))


def windows(length: int, reach: int | None = None) -> Iterator[tuple[Span, int]]:
    """Stretches in which matches begin, each with the place up to which they may go on."""
    end = min(length, length if reach is None else reach)
    for begin in range(0, end, WINDOW):
        yield Span(begin, min(end, begin + WINDOW)), min(end, begin + WINDOW + REACH)


def _lines(parsed: ParsedDocument, split: Sequence[Span]) -> Iterator[Line]:
    titles = [e.span for e in parsed.elements if e.kind is ElementKind.TITLE]
    at = -1
    before = lead = ""
    for span in split:
        while at + 1 < len(titles) and titles[at + 1].begin <= span.begin:
            at += 1
        title = collapse(titles[at].of(parsed.text)[:LONGEST_HEADING]) if at >= 0 else ""
        text = collapse(span.of(parsed.text)[: 2 * LONGEST_LINE])[:LONGEST_LINE]
        opening = _OPENS.match(text)
        parts = (title, before, opening[1] if opening else "")
        item = _ITEM.match(text) is not None
        lead = lead if item else ""
        yield Line(span, text, " | ".join(part for part in parts if part), lead)
        opens = _LEAD.match(text) if not lead else None
        lead = opens[1] if opens else lead
        before = text if len(text) <= LONGEST_HEADING else ""
