"""What competes for a place in a summary: sentences, or pieces of a conversation.  Pure.

A sentence is shown as it stands.  Of speech, what is shown is what stays when fillers are left
out; a question with its answer is shown as "Q: ... A: ...".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.tasks import dialogue
from appliance.tasks.normalise import collapse
from appliance.tasks.outline import Stretch
from appliance.tasks.sentences import sentences
from appliance.tasks.sparing import joined, spared
from appliance.tasks.terms import content_terms

SHORTEST, LONGEST = 40, 700  # characters of a sentence that may stand in a summary
LONGEST_LEADING = 1000  # of a leading one: it may name parties, date and purpose at once
LEADING = 3  # the first sentences of prose of a document
LONGEST_LABEL = 80
OPENING, LEAST_TITLE = 6000, 8  # characters in which titles count, and of a title
LEAST_TERMS, LEAST_TERMS_OF_BRIEF = 5, 2  # content words of a sentence
BRIEF = 8000  # characters; in a shorter document a line without a full stop counts as well
SHORTEST_OF_BRIEF = 12
LONGEST_SAID = 3000  # characters of a piece of a conversation
LEAST_SAID = 2  # content words of a piece of a conversation

_NOT_PROSE = {ElementKind.TITLE, ElementKind.TABLE_ROW}
_MAIL_HEADER = re.compile(r"(?:subject|from|date)\s*:\s*\S", re.IGNORECASE)
# Not what is left of a sentence behind a page number: "12 months after", "(10) days after".
_OPENS = re.compile(
    r"[\"'“(\[]*(?:[A-Z]|\d+(?:[.,]\d+)*[%.)]*\s+[A-Z$]|[a-z]{1,4}\)|[$€£]|\d+(?:\.\d+)*[.)]\s)"
)
_ITEM = re.compile(r"\(?(?:[ivxlc]{1,5}|[a-z]|\d{1,2})[.)]\s", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:shall|will|may|must|can|could|should|would|is|are|was|were|has|have|had|agrees?|grants?"
    r"|pays?|acknowledges?|warrants?|represents?)\b",
    re.IGNORECASE,
)
_FORM = re.compile(r"\b[A-Z]\w+:\s")
_CLOSED = re.compile(r"[.;!?]['\"”’)\]]*$")
# Words of which conversations are made, whatever they are about.
_SMALL = frozenset(
    content_terms(
        """get got gets getting go goes going gone gonna gon wanna wan gotta know knows knew think
        thinks thought want wants wanted just really kind thing things lot little bit good great
        okay ok right back yeah yes nope sure well look looking looks see seeing seen saw say says
        saying said talk talked talking tell telling told come comes came let lets make makes made
        take takes took put like way day today time something anything everything nothing else much
        maybe actually probably guess feel feeling hear hey hi hello thank thanks bye nice meet
        meeting done try trying mean means stuff guys people need sounds sound better call question
        questions give gave us sir ma'am doctor document ahead quick one two now then still even
        always ever whole pretty though gotcha cool awesome absolutely definitely alright hope
        understand problem next first last couple keep big happen happens happened work works
        started start uh um oh wow sorry please don't i'm i've i'll i'd it's that's you're you've
        you'll we're we'll we've he's she's they're there's let's what's can't won't didn't doesn't
        isn't haven't hasn't wasn't couldn't wouldn't weren't aren't nurse check"""
    )
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One candidate of a summary."""

    spans: tuple[Span, ...]  # its evidence, in order
    text: str  # as it is shown
    terms: frozenset[str]  # content words
    stretch: int = 0  # of the outline
    at: float = 0.0  # where it begins, as a share of the document's length
    heading: str = ""
    speaker: str = ""  # "clinician" or "other"; empty: written, not spoken
    leads: bool = False  # among the first sentences of the document
    title: bool = False  # a heading near the beginning: only a strong cue brings it in

    @property
    def begin(self) -> int:
        """Where its evidence begins."""
        return self.spans[0].begin

    @property
    def words(self) -> int:
        """Words as shown."""
        return len(self.text.split())


def units(parsed: ParsedDocument, stretches: Sequence[Stretch]) -> tuple[Unit, ...]:
    """Everything in a document that may stand in a summary of it, in order."""
    turns = dialogue.turns(parsed.text)
    made = _spoken(parsed.text, turns) if turns else _written(parsed)
    begins = [stretch.span.begin for stretch in stretches]
    titles = [e.span for e in parsed.elements if e.kind is ElementKind.TITLE]
    above = [title.begin for title in titles]
    found = []
    for unit in made:
        title = bisect_right(above, unit.begin) - 1
        heading = collapse(titles[title].of(parsed.text)) if title >= 0 else ""
        stretch = max(0, bisect_right(begins, unit.begin) - 1)
        at = unit.begin / max(1, len(parsed.text))
        found.append(replace(unit, stretch=stretch, at=at, heading=heading))
    return tuple(found)


def _spoken(text: str, turns: Sequence[dialogue.Turn]) -> Iterator[Unit]:
    for piece in dialogue.pieces(text, turns):
        if any(span.end - span.begin > LONGEST_SAID for span in piece.said):
            continue
        words = [spared(text, span, answer=at > 0) for at, span in enumerate(piece.said)]
        kept = [(said, joined(text, said)) for said in words if said]
        if not kept:
            continue
        answered = piece.answered and len(kept) > 1
        shown = f"Q: {kept[0][1]} A: {kept[1][1]}" if answered else kept[0][1]
        terms = frozenset(content_terms(" ".join(line for _, line in kept))) - _SMALL
        asked = not answered and dialogue.asks(piece.said[0].of(text))
        if len(terms) < LEAST_SAID or asked:  # a question without its answer says nothing
            continue
        spans = tuple(Span(said[0].begin, said[-1].end) for said, _ in kept)
        speaker = "clinician" if piece.clinical else "other"
        yield Unit(spans, shown, terms, speaker=speaker)


def _written(parsed: ParsedDocument) -> Iterator[Unit]:
    brief = len(parsed.text) < BRIEF
    leading = 0
    for title in _titles(parsed):
        text = collapse(title.span.of(parsed.text))
        yield Unit((title.span,), text, frozenset(content_terms(text)), title=True)
    for span in _sentences(parsed):
        leads = leading < LEADING
        element = parsed.element_at(span.begin)
        header = element is not None and element.kind is ElementKind.HEADER
        longest = LONGEST_LEADING if leads else LONGEST
        if not header and not _may_stand(parsed, element, span, longest, brief=brief):
            continue
        leading += 1
        text = collapse(span.of(parsed.text))
        terms = frozenset(content_terms(text))
        if header or len(terms) >= (LEAST_TERMS_OF_BRIEF if brief else LEAST_TERMS):
            yield Unit((span,), text, terms, leads=leads)


def _titles(parsed: ParsedDocument) -> list[Element]:
    """Headings near the beginning, which may say what the document is."""
    return [
        element
        for element in parsed.elements
        if element.kind is ElementKind.TITLE
        and element.span.begin < OPENING
        and LEAST_TITLE <= element.span.end - element.span.begin <= LONGEST
    ]


def _sentences(parsed: ParsedDocument) -> list[Span]:
    """Sentences, and of a mail who wrote it, when and about what."""
    split = list(sentences(parsed, Span(0, len(parsed.text))))
    if parsed.media_type.startswith("message/") or "outlook" in parsed.media_type:
        split += [
            element.span
            for element in parsed.elements
            if element.kind is ElementKind.HEADER
            and _MAIL_HEADER.match(element.span.of(parsed.text))
        ]
    return sorted(split)


def _may_stand(
    parsed: ParsedDocument, element: Element | None, span: Span, longest: int, *, brief: bool
) -> bool:
    """Prose of a size a reader can take: no headings, rows, fragments or filled-in lines."""
    if element is not None and element.kind in _NOT_PROSE and span.end <= element.span.end:
        return False
    quote = span.of(parsed.text)
    letters = sum(char.isalpha() for char in quote)
    shortest = SHORTEST_OF_BRIEF if brief else SHORTEST
    if not shortest <= len(quote) <= longest or letters <= (0.45 if brief else 0.6) * len(quote):
        return False
    whole = _OPENS.match(quote) is not None and _CLOSED.search(quote) is not None
    return brief or (whole and not _is_label(quote))


def _is_label(quote: str) -> bool:
    """A heading read as prose, or a form: "6. Notice and Cure.", "Name: ... Title: ..."."""
    if len(_FORM.findall(quote)) > 1 or (_ITEM.match(quote) and not _VERB.search(quote)):
        return True
    words = [word for word in re.findall(r"[^\W\d_]{4,}", quote)]
    capitals = sum(word[0].isupper() for word in words)
    return len(quote) < LONGEST_LABEL and capitals >= 0.8 * len(words)
