"""Puts what was recognised in pictures into the document they belong to.  Pure.

A page of a PDF, or a frame, takes its place in page order.  Where such a page has a text layer as
well, the better of the two is kept (`layer_is_better`).  A picture in an office document comes
after what else stands on its page or slide, or at the end of a document without pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.documents import (
    Cell,
    Element,
    ElementKind,
    Flag,
    Gap,
    Mark,
    ParsedDocument,
    Row,
    Span,
    Tally,
    Unit,
)
from appliance.formats.build import MOST_CHARACTERS
from appliance.formats.reading import Scan

SUPERSEDED = "the text layer of this page was worse than the recognised text, which was taken"
TOO_MUCH = "the document has more text than is kept"
CONTAINED = 0.6  # share of a text's words from which on it is held by another
NOTE_CONTAINED = 0.5  # of an element's words, below which it says something of its own
RICHER = 1.15  # times as many words: holds more
LESS_PLAUSIBLE = 0.1  # by so much less than the recognised text: garbled (shifted codes: 0.4 less)
LONGEST_WORD = 24  # letters; longer runs are mostly words run together, or no words

_FRAMES = ("application/pdf", "image/")
_TOKEN = re.compile(r"\S+")
_EDGES = re.compile(r"^\W+|\W+$")
_WORD = re.compile(r"(?:[^\W\d_]+(?:['’.\-/&@][^\W\d_]+)*|[$€£]?\d[\d.,:/\-%]*[^\W\d_]{0,3})")
_CAPITAL_INSIDE = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ].*[a-zà-ÿ][A-ZÀ-Þ]")
_SINGLE = frozenset("aAiIoOyYeEuU0123456789&")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}", re.I)

Outcome = tuple[Scan, "ParsedDocument | str"]


@dataclass(frozen=True, slots=True)
class _Placed:
    """An element with the text that it points into."""

    element: Element
    text: str


def merge(document: ParsedDocument, outcomes: Sequence[Outcome]) -> ParsedDocument:
    """The document with what was recognised in its pictures.

    Args:
        document: as its reader gave it; it may have no text.
        outcomes: each scan that its reader listed, with the fragment that came of it, or one of
            the caller's fixed reasons why none did.
    """
    unit = Unit.PAGES if document.media_type.startswith(_FRAMES) else Unit.PICTURES
    placed = [_Placed(element, document.text) for element in document.elements]
    gaps = list(document.gaps)
    tallies = {tally.unit: tally for tally in document.tallies}
    tables = _tables(document.elements)
    fragments: list[ParsedDocument] = []
    for scan, result in sorted(outcomes, key=lambda outcome: outcome[0].unit):
        if isinstance(result, str):
            gaps.append(Gap(result, scan.page, unit))
            continue
        fragments.append(result)
        gaps += (replace(gap, page=gap.page or scan.page) for gap in result.gaps)
        _count(tallies, unit, 1)
        found = [_own(element, result, scan, tables) for element in result.elements]
        tables += _tables(result.elements)
        if unit is Unit.PAGES:
            found, placed = _chosen(found, placed, scan.page, gaps, tallies)
        _insert(found, placed, scan.page)
    flags = [*document.flags, *(flag for one in fragments for flag in one.flags)]
    flags += [Flag.RECOGNISED] * bool(fragments)
    placed = _bounded(placed, gaps)
    text, elements = _joined(placed)
    return replace(
        document,
        text=text,
        elements=elements,
        gaps=_added_up(gaps),
        title=document.title or next((one.title for one in fragments if one.title), None),
        tallies=tuple(tallies.values()),
        flags=tuple(dict.fromkeys(flags)),
        hidden=(*document.hidden, *(hidden for one in fragments for hidden in one.hidden)),
    )


def _own(element: Element, fragment: ParsedDocument, scan: Scan, tables: int) -> _Placed:
    """An element of a fragment, with its table's number in the whole document."""
    row = element.row and replace(element.row, table=element.row.table + tables)
    page = element.page if element.page is not None else scan.page
    return _Placed(replace(element, row=row, page=page), fragment.text)


def _tables(elements: Iterable[Element]) -> int:
    """How many numbers of tables are taken."""
    return max((element.row.table + 1 for element in elements if element.row), default=0)


def _count(tallies: dict[Unit, Tally], unit: Unit, amount: int) -> None:
    if unit in tallies:
        tally = tallies[unit]
        stored = min(max(tally.stored + amount, 0), max(tally.seen, tally.stored))
        tallies[unit] = replace(tally, stored=stored)


def _insert(found: list[_Placed], placed: list[_Placed], page: int | None) -> None:
    """After the last element of this page or an earlier one; without a page at the end."""
    at = len(placed)
    if page is not None:
        before = (n for n, one in enumerate(placed) if (one.element.page or 0) <= page)
        at = max(before, default=-1) + 1
    placed[at:at] = found


# --- a text layer, or what was recognised ---------------------------------------------------------


def _chosen(
    found: list[_Placed],
    placed: list[_Placed],
    page: int | None,
    gaps: list[Gap],
    tallies: dict[Unit, Tally],
) -> tuple[list[_Placed], list[_Placed]]:
    """What is kept of a page that has a text layer: of what was recognised, and of all else."""
    layer = [one for one in placed if one.element.page == page]
    if not layer or not found:
        return found, placed
    said, recognised = _text(layer), _text(found)
    if layer_is_better(said, recognised):
        return [], placed
    held = _words(recognised)
    garbled = _is_garbled(said, recognised)
    lost = [one for one in layer if garbled or _share(_text([one]), held) >= NOTE_CONTAINED]
    amount = sum(len(re.sub(r"\s", "", _text([one]))) for one in lost)
    if amount:
        gaps.append(Gap(SUPERSEDED, page, Unit.CHARACTERS, amount))
        _count(tallies, Unit.CHARACTERS, -amount)
    dropped = set(map(id, lost))
    return found, [one for one in placed if id(one) not in dropped]


def layer_is_better(layer: str, recognised: str) -> bool:
    """Whether a page's text layer is to be kept rather than what was recognised on it.

    A layer whose tokens do not look like words is not.  One that holds most of the words that were
    recognised is, as it has no errors of recognition; one that the recognised text holds is only
    where that has hardly more.  A layer that says something else (a stamp, a page number, a note
    put on the scan later) does not make up for the page.
    """
    if _is_garbled(layer, recognised):
        return False
    held = _share(recognised, _words(layer))
    richer = _words(recognised).total() > RICHER * _words(layer).total()
    return held >= CONTAINED and not (richer and _share(layer, _words(recognised)) >= CONTAINED)


def _is_garbled(layer: str, recognised: str) -> bool:
    return plausibility(layer) < plausibility(recognised) - LESS_PLAUSIBLE


def plausibility(text: str) -> float:
    """Share of the characters of a text in tokens that look like words or numbers, 0 to 1.

    No dictionary: runs of letters or digits with the usual signs in them, not too long, without
    capitals scattered inside and without many consonants on end.
    """
    good = total = 0
    for match in _TOKEN.finditer(text):
        word = _EDGES.sub("", match.group())
        total += len(match.group())
        if not word or (len(word) == 1 and word not in _SINGLE):
            continue
        odd = _CAPITAL_INSIDE.search(word) or _CONSONANTS.search(word)
        if _WORD.fullmatch(word) and len(word) <= LONGEST_WORD and not odd:
            good += len(match.group())
    return good / total if total else 0.0


def _words(text: str) -> Counter[str]:
    return Counter(word for word in re.findall(r"\w+", text.casefold()))


def _share(text: str, held: Counter[str]) -> float:
    """Share of a text's words that are among those held."""
    words = _words(text)
    return (words & held).total() / words.total() if words else 1.0


def _text(placed: Sequence[_Placed]) -> str:
    return "\n".join(one.element.span.of(one.text) for one in placed)


# --- one text -----------------------------------------------------------------------------------


def _bounded(placed: list[_Placed], gaps: list[Gap]) -> list[_Placed]:
    """As many elements as the bound on a document's text allows."""
    length = 0
    for at, one in enumerate(placed):
        length += one.element.span.end - one.element.span.begin + 2
        if length > MOST_CHARACTERS:
            gaps.append(Gap(TOO_MUCH, one.element.page))
            return placed[:at]
    return placed


def _joined(placed: Sequence[_Placed]) -> tuple[str, tuple[Element, ...]]:
    """One text with the separators that a builder sets, and the elements moved to their places."""
    pieces: list[str] = []
    elements: list[Element] = []
    at = 0
    for one in placed:
        row = ElementKind.TABLE_ROW
        rows = bool(elements) and elements[-1].kind is row and one.element.kind is row
        pieces.append(("\n" if rows else "\n\n") if elements else "")
        at += len(pieces[-1])
        pieces.append(one.element.span.of(one.text))
        elements.append(_moved(one.element, at - one.element.span.begin))
        at += len(pieces[-1])
    return "".join(pieces), tuple(elements)


def _moved(element: Element, by: int) -> Element:
    if by == 0:
        return element
    marks = tuple(Mark(_shifted(mark.span, by), mark.box) for mark in element.marks)
    row = element.row
    if row:
        cells = (Cell(_shifted(c.span, by), c.column, c.width) for c in row.cells)
        row = Row(row.table, row.heads, tuple(cells))
    return replace(element, span=_shifted(element.span, by), marks=marks, row=row)


def _shifted(span: Span, by: int) -> Span:
    return Span(span.begin + by, span.end + by)


def _added_up(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """One gap for each reason, page and unit."""
    amounts: dict[tuple[str, int | None, Unit | None], int] = {}
    for gap in gaps:
        key = (gap.reason, gap.page, gap.unit)
        amounts[key] = amounts.get(key, 0) + gap.amount if gap.unit else 1
    return tuple(Gap(*key, amount) for key, amount in amounts.items())
