"""The head of a receipt: the company and its address, by legal form, prominence and order.

The company is the line of the head with a legal form or a word of trade, set large, before an
address; the address is what stands between it and the first phone number, tax id, date or title.
Scores add up independent signs; calibration turns them into confidence.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.documents import Span
from appliance.tasks.lines import Line
from appliance.tasks.receipts import words

HEAD_LINES = 16  # of a receipt, in which its sender stands
MOST_ADDRESS_LINES = 7
LEAST_SCORE = 1.5  # of a name: one strong sign, or two
MOST_BETWEEN = 4  # lines between company and address: registration, branch, brand
_NUMBERED = re.compile(
    r"\s*(?:[(\[{][^()\[\]{}]*\d{3,}[^()\[\]{}]*[)\]}]?|(?<=\s)\d{4,}\s?-\s?[A-Z0-9]{1,2}\)?)\W*$"
)
_LEADING = re.compile(r"^[\W_]+")


@dataclass(frozen=True, slots=True)
class Judged:
    """A span with what speaks for it; ``at`` are the first and the last line it stands on."""

    span: Span
    score: float
    at: tuple[int, int]


def company(lines: Sequence[Line]) -> Judged | None:
    """The line that names the sender; None where no line of the head looks like a name."""
    head = lines[:HEAD_LINES]
    usual = _median([line.height for line in lines])
    scores = {at: _name_score(head, at, usual) for at in range(len(head)) if _can_be_name(head[at])}
    if not scores:
        return None
    best = max(scores, key=lambda at: (scores[at], -at))
    if scores[best] < LEAST_SCORE:
        return None
    first, last = _whole_name(head, best)
    span = _trimmed(head[first].span, head[last].span, head[last].text)
    return Judged(span, scores[best], (first, last))


def address(lines: Sequence[Line], after: int) -> Judged | None:
    """The lines of the address below line ``after``; -1 looks from the top."""
    begin = next(
        (
            at
            for at in range(after + 1, min(after + 2 + MOST_BETWEEN, len(lines)))
            if _starts_address(lines, at, after)
        ),
        None,
    )
    if begin is None:
        return None
    if any(not words.may_stand_between(lines[at].text) for at in range(after + 1, begin)):
        return None
    end = begin
    while end + 1 < len(lines) and end - begin + 1 < MOST_ADDRESS_LINES:
        if _ends(lines[end + 1]) or lines[end + 1].span.begin < lines[end].span.end:
            break
        end += 1
    shape = [lines[at].text for at in range(begin, end + 1)]
    score = 2.0 * any(words.POSTCODE.search(text) for text in shape)
    score += any(words.HOUSE.search(text) for text in shape)
    score += any(words.STREET.search(text) for text in shape)
    score += 1 < len(shape) < MOST_ADDRESS_LINES
    return Judged(Span(lines[begin].span.begin, lines[end].span.end), score, (begin, end))


def _can_be_name(line: Line) -> bool:
    letters = sum(char.isalpha() for char in line.text)
    if letters < 3 or letters < 0.4 * len(line.text.replace(" ", "")):
        return False
    if len(line.cells) > 1 or words.NUMBER_ONLY.match(line.text):
        return False
    bare = _NUMBERED.sub("", line.text)
    named = words.LEGAL_FORM.search(bare) is not None
    if words.ends_heading(line.text) and not (named and not words.CONTACT.search(line.text)):
        return False
    named = named or bare != line.text  # a number of registration follows companies, not streets
    registers = words.REGISTRATION.search(bare) is not None
    return (named or not words.is_address(bare)) and not (registers and not named)


def _name_score(head: Sequence[Line], at: int, usual: float) -> float:
    line = head[at]
    bare = _NUMBERED.sub("", line.text)
    score = 4.0 * bool(words.LEGAL_FORM.search(bare)) + 2.0 * bool(words.TRADE.search(bare))
    score += 1.0 * (bare.isupper() or bare.istitle()) - 2.0 * bare.islower()
    score += 1.0 * (usual > 0 and line.height > 1.3 * usual)
    score += 0.5 * (bare != line.text)  # its registration number follows
    below = [x.text for x in head[at + 1 : at + 3]]
    score += 1.5 * any(words.is_address(text) for text in below)
    score -= 2.0 * any(words.ends_heading(x.text) for x in head[:at])
    return score - 0.3 * at


def _whole_name(head: Sequence[Line], at: int) -> tuple[int, int]:
    """The lines of a name that was broken before its legal form."""
    first = last = at
    form = words.LEGAL_FORM.search(head[at].text)
    alone = form is not None and not re.search(r"\w", head[at].text[: form.start()])
    if alone and at and _can_be_name(head[at - 1]):
        first = at - 1
    elif not form and at + 1 < len(head):
        below = words.LEGAL_FORM.search(head[at + 1].text)
        if below and len(head[at + 1].text[: below.start()].split()) <= 1:
            last = at + 1
    return first, last


def _trimmed(first: Span, last: Span, text: str) -> Span:
    """Without the registration number at the end, and without signs before the name."""
    bare = _NUMBERED.sub("", text).rstrip(" ,;:-")
    lead = _LEADING.match(text) if first == last else None
    begin = first.begin + (lead.end() if lead else 0)
    return Span(begin, max(last.begin + len(bare), begin + 1))


def _starts_address(lines: Sequence[Line], at: int, after: int) -> bool:
    line = lines[at]
    if _ends(line) or words.REGISTRATION.search(line.text) or words.NUMBER_ONLY.match(line.text):
        return False
    if words.is_address(line.text):
        return not (line.text.startswith("(") and line.text.endswith(")"))
    return at > after and "," in line.text and any(char.isdigit() for char in line.text)


def _ends(line: Line) -> bool:
    return words.ends_heading(line.text) or len(line.cells) > 1


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0
