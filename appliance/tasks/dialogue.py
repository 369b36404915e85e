"""Who says what in a transcript: turns, and pieces of them that stand for themselves.  Pure.

A transcript names a speaker before each turn ("Doctor:", "[patient]").  Machines that write down
speech often leave out every mark; there a long turn is cut where a speaker starts anew ("so",
"and then", "okay").  A question and a short answer to it belong together: "no" alone says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.documents import Span
from appliance.tasks.cite import trimmed
from appliance.tasks.sparing import NUMBERS

LEAST_TURNS = 4
MOST_SPEAKERS = 8
LEAST_SHARE = 0.5  # of the lines that begin with a speaker
SHORT_ANSWER = 12  # words; a longer answer speaks for itself
LONG_PIECE = 28  # words without a mark; a longer piece is cut where the speaker starts anew
LEAST_PIECE = 6  # words of a piece that was cut so
_NEAR = 200  # characters that hold so many words

_LABEL = re.compile(
    r"(?:(?m:^)|(?<=[.?!] ))[ \t]*"
    r"(?:\[(?P<bracketed>[A-Za-z][\w .-]{0,24})\]|(?P<plain>[A-Z][\w.]*(?: [\w.]+){0,2}):)"
)
_ROLE = re.compile(
    r"(?:doctor|dr|physician|clinician|nurse|provider|therapist|patient|guest|family|mother|father"
    r"|interviewe[re]|speaker|caller|agent|customer|counsel|witness)(?:[ _].*)?",
    re.IGNORECASE,
)
_HEADERS = {"from", "to", "cc", "bcc", "subject", "date", "sent", "reply-to", "attachments"}
_END = re.compile(r"(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)[.?!](?=[\s\"”']|$)|\n", re.IGNORECASE)
_ANEW = re.compile(
    r"(?P<before>\S+)\s(?=(?:so|okay|ok|alright|all right|now|and then|but|also|hey"
    r"|(?:and )?(?:i'm|i am|i've|i'll|i'd|i (?:do|did|have|had|will|would|think|want|know|just)"
    r"|we'll|we're|we've|we (?:will|can|do)|you're|you've|you'll|you (?:have|had|can|do)"
    r"|your (?:\w+ ){1,3}(?:is|are|was|were|looks?)|it's|that's|there's|there is|there are"
    r"|do you|are you|have you|did you|let's))\b)",
    re.IGNORECASE,
)
# A word after which nobody starts anew: what follows completes it.
_OPEN_WORDS = """
a an the to of at on in with for from by and or but that which who if when where while until
till because than as is are was were be been do does did have has had see think know said say
tell told so what how why just not n't i you we it he she they my your
"""
_OPEN_ENDED = frozenset(_OPEN_WORDS.split())
_OPENERS = (
    r"(?:(?:okay|ok|alright|all right|so|and|now|well|um|uh|but|then|great|good|right)[ ,.]+)*"
)
_ASKS = re.compile(
    rf"^\s*{_OPENERS}(?:do|does|did|are|is|was|were|have|has|had|can|could|would|any|anything"
    r"|tell me|what brings|what kind"
    r"|(?:what|when|where|how|who|which|why)(?:['’]s| (?:is|are|was|were|do|does|did|has|have|had"
    r"|can|about|long|often|many|much|would|will|else)))\b"
    r"|\byou (?:do ?n['’]t|have ?n['’]t) (?:have|had) any\b"
    r"|\b(?:have|do|are|did|can|were) you\b|\bany(?:thing)? (?:other|else)\b"
    r"|\b(?:does|is|do) (?:that|it|this|they) (?:hurt|feel|help|correct|right|sound)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"[ ,]+(?:okay|ok|all right|alright|right)\s*\?\s*$", re.IGNORECASE)
_CLINICIAN = re.compile(r"doctor|^dr\b|clinician|physician|nurse|provider|therapist", re.I)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says until another speaks, without the label."""

    speaker: str
    span: Span

    @property
    def clinical(self) -> bool:
        """Whether the label says that a doctor or a nurse speaks."""
        return _CLINICIAN.search(self.speaker) is not None


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of a turn, or a question and the short answer that completes it."""

    speaker: str
    said: tuple[Span, ...]  # one span; two where a question was answered
    clinical: bool = False

    @property
    def answered(self) -> bool:
        """Whether this is a question with its answer."""
        return len(self.said) > 1


def turns(text: str) -> tuple[Turn, ...]:
    """The turns of a transcript in order; none when the text is no transcript."""
    labels = [match for match in _LABEL.finditer(text) if _name(match).lower() not in _HEADERS]
    counts = Counter(map(_name, labels))
    known = {name for name, count in counts.items() if count > 1 or _ROLE.fullmatch(name)}
    labels = [match for match in labels if _name(match) in known]
    least = 2 if all(map(_ROLE.fullmatch, known)) else LEAST_TURNS
    lines = sum(bool(line.strip()) for line in text.splitlines())
    if not 2 <= len(known) <= MOST_SPEAKERS or len(labels) < max(least, LEAST_SHARE * lines):
        return ()
    places = [(match.start(), match.end(), _name(match)) for match in labels]
    ends = [begin for begin, _, _ in places[1:]] + [len(text)]
    found = [
        Turn(name, trimmed(Span(begin, end), text))
        for (_, begin, name), end in zip(places, ends, strict=True)
    ]
    return tuple(turn for turn in found if turn.span.end > turn.span.begin)


def pieces(text: str, said: Sequence[Turn]) -> tuple[Piece, ...]:
    """The pieces of a transcript; a question that gets a short answer is one piece with it."""
    found: list[Piece] = []
    before: Turn | None = None
    for turn in said:
        spoken = list(_pieces(text, turn.span))
        if not spoken:
            continue
        last = found[-1] if found else None
        another = before is not None and before.speaker != turn.speaker
        if last and another and asks(last.said[0].of(text)) and not last.answered:
            answer, spoken = _answer(text, spoken)
            if answer is not None:
                found[-1] = Piece(last.speaker, (last.said[0], answer), last.clinical)
        found += [Piece(turn.speaker, (span,), turn.clinical) for span in spoken]
        before = turn
    return tuple(found)


def asks(piece: str) -> bool:
    """Whether a piece is a question, with or without its mark; ", okay?" alone asks nothing."""
    bare = _TAG.sub("", piece)
    return bare.rstrip().endswith("?") or _ASKS.search(bare) is not None


def _answer(text: str, spoken: list[Span]) -> tuple[Span | None, list[Span]]:
    """The short answer at the beginning of a turn, and what the turn says besides."""
    answer: Span | None = None
    for at, span in enumerate(spoken):
        whole = Span(spoken[0].begin, span.end)
        if len(whole.of(text).split()) > SHORT_ANSWER:
            return answer, spoken[at:]
        if at + 1 == len(spoken) or whole.of(text)[-1] in ".?!":
            answer = whole
    return answer, []


def _pieces(text: str, turn: Span) -> Iterator[Span]:
    begin = turn.begin
    for match in _END.finditer(text, turn.begin, turn.end):
        if _within_number(text, match.start()):
            continue
        yield from _cut(text, trimmed(Span(begin, match.end()), text))
        begin = match.end()
    yield from _cut(text, trimmed(Span(begin, turn.end), text))


def _within_number(text: str, at: int) -> bool:
    """Whether a point parts the halves of one number: "twelve . five milligrams"."""
    before = re.search(r"(\w+)\s*$", text[max(0, at - 20) : at])
    behind = re.match(r"\.\s*(\w+)", text[at : at + 20])
    return bool(before and behind) and all(
        found is not None and (found[1].isdigit() or found[1].casefold() in NUMBERS)
        for found in (before, behind)
    )


def _cut(text: str, span: Span) -> Iterator[Span]:
    """A piece whole, or cut where the speaker starts anew when it runs on without a mark."""
    if not any(char.isalnum() for char in span.of(text)):
        return
    if len(span.of(text).split()) <= LONG_PIECE:
        yield span
        return
    begin = span.begin
    for match in _ANEW.finditer(text, span.begin, span.end):
        if match["before"].casefold() in _OPEN_ENDED:
            continue
        ahead = text[max(begin, match.end() - _NEAR) : match.end()]
        behind = text[match.end() : min(span.end, match.end() + _NEAR)]
        if min(len(ahead.split()), len(behind.split())) >= LEAST_PIECE:
            yield trimmed(Span(begin, match.end()), text)
            begin = match.end()
    yield trimmed(Span(begin, span.end), text)


def _name(match: re.Match[str]) -> str:
    return match["bracketed"] or match["plain"]
