"""Which sentences can stand alone as an answer: no headings, fragments or tables of contents."""

from __future__ import annotations

import re

from appliance.documents import ElementKind, ParsedDocument, Span

LEAST_WORDS = 6  # fewer words are a heading or a fragment
LONGEST_SENTENCE = 1200  # characters
LONGEST_LABEL = 60  # characters of a heading that labels the sentence after it

_NUMBERING = re.compile(r"\(?\w{1,5}[.)]")  # of a clause that was read as a row: "b)", "(iv)"
_LEADERS = re.compile(r"\.{5}|(?:\. ){5}")  # a line of a table of contents


def is_heading(parsed: ParsedDocument, span: Span) -> bool:
    """Whether a span is a heading: by its element, or short and in capitals."""
    element = parsed.element_at(span.begin)
    if element is not None and element.kind is ElementKind.TITLE:
        return True
    return span.end - span.begin <= LONGEST_LABEL and span.of(parsed.text).isupper()


def is_quotable(parsed: ParsedDocument, span: Span, *, labelled: bool) -> bool:
    """Whether a span can be quoted as an answer; after a heading, a few words can."""
    words = span.of(parsed.text)
    if is_heading(parsed, span) or len(words) > LONGEST_SENTENCE or _LEADERS.search(words):
        return False
    element = parsed.element_at(span.begin)
    if element is not None and element.kind is ElementKind.TABLE_ROW:
        cells = [cell.strip() for cell in words.split("|")]
        telling = [cell for n, cell in enumerate(cells) if cell and (n or not _is_number(cell))]
        return len(telling) >= 2 or len(words.split()) > LEAST_WORDS  # a label and its value
    return len(words.split()) >= (2 if labelled else LEAST_WORDS)


def _is_number(cell: str) -> bool:
    return _NUMBERING.fullmatch(cell) is not None
