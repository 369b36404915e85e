"""From an untrusted quote back to its place in a document (promise P5).

What a model wrote becomes a value only here: the characters must stand in the document's text,
unchanged, and what is shown afterwards is the document's own span, never the model's string.
"""

from __future__ import annotations

from appliance.documents import Citation, DocumentId, ParsedDocument, Span
from appliance.errors import EngineRefused, InvariantBroken


def locate(untrusted_quote: str, text: str, within: Span) -> Span:
    """First place of the quote inside ``within``; white space must match exactly.

    Raises:
        EngineRefused: the quote is empty or does not stand there.
    """
    begin = text.find(untrusted_quote, within.begin, within.end) if untrusted_quote else -1
    if begin < 0:
        raise EngineRefused(
            "the model gave a quote that is not in the text it was shown",
            remedy="check that the engine runs with the guidance backend (appliance doctor)",
        )
    return Span(begin, begin + len(untrusted_quote))


def citation(parsed: ParsedDocument, document: DocumentId, span: Span) -> Citation:
    """The citation of one span, with the page and box of the element it begins in.

    Raises:
        InvariantBroken: the span reaches past the end of the text, or covers no character of it.
    """
    quote = span.of(parsed.text)
    if not quote.strip() or span.end > len(parsed.text):
        raise InvariantBroken("a citation must cover text of its document")
    element = parsed.element_at(span.begin)
    return Citation(
        document=document,
        span=span,
        quote=quote,
        page=element.page if element else None,
        box=element.box if element else None,
    )


def trimmed(span: Span, text: str) -> Span:
    """The span without white space at its ends."""
    quote = span.of(text)
    begin = span.begin + len(quote) - len(quote.lstrip())
    return Span(begin, max(begin, span.begin + len(quote.rstrip())))
