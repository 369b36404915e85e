"""From words to lines: words, fragments on one baseline, and the rows that fragments make.  Pure.

A *fragment* is a run of words that follow each other on one baseline without a wide gap: a line of
prose, a cell of a table.  A *row* is the fragments on one baseline.

Coordinates are points on an upright page, origin top left.  The order of words within a fragment
is the order given (a PDF's logical order), so right-to-left script stays readable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from appliance.documents import Box

WIDE_GAP = 1.0  # times the line height: a gap at least this wide parts two cells
SAME_LINE = 0.5  # share of the smaller height that must overlap
SMALL_SIGN = 0.8  # times the line's height: lower than that, and short, is a raised or lowered sign
LONGEST_SIGN = 4  # characters of such a sign, unless it refers to notes
SIGN_WIDTH = 0.6  # times the line height: about the width of a currency sign

_GLUE_NEXT = frozenset({"$", "€", "£", "¥", "(", "US$", "$(", "C$", "A$", "HK$", "R$", "CHF"})
_NOTES = re.compile(r"(?:\(\w{1,3}\)[,\s]*)+|[\d,\s]{1,8}|[*†‡§]+")
_SIGN_OF_NEXT = (" $", " €", " £", " ¥")
_GLUE_BEFORE = frozenset({")", "%", ")%", "%)", ".", ",", "pts", "bps"})


class Word(NamedTuple):
    """One word as the page gives it."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool = False
    broken: bool = False  # the next line continues it; the text ends with `hyphens.MARK`


class Fragment(NamedTuple):
    """Words on one baseline without a wide gap."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool
    broken: bool
    top: float  # of its first word: a tall sign further on must not part a paragraph
    size: float  # height of its first word
    first: int = -1  # numbers of its words on the page; -1: it was put together from others
    last: int = -1


Row = list[Fragment]
WordAt = Callable[[int], Word]  # the word with this number on the page


def fragments(words: Sequence[Word]) -> Iterator[Fragment]:
    """Join words that follow each other, in the order given."""
    begin = 0
    x0 = x1 = 0.0
    for at, word in enumerate(words):
        if at > begin and _follows(words[at - 1], word, x0, x1):
            x0, x1 = min(x0, word.x0), max(x1, word.x1)
            continue
        if at > begin:
            yield fragment(words, begin, at - 1)
        begin, x0, x1 = at, word.x0, word.x1
    if words:
        yield fragment(words, begin, len(words) - 1)


def fragment(words: Sequence[Word], first: int, last: int) -> Fragment:
    """The words from ``first`` to ``last`` as one fragment."""
    inside = words[first : last + 1]
    head = inside[0]
    return Fragment(
        " ".join(word.text for word in inside),
        min(word.x0 for word in inside),
        min(word.y0 for word in inside),
        max(word.x1 for word in inside),
        max(word.y1 for word in inside),
        head.bold,
        inside[-1].broken,
        head.y0,
        head.y1 - head.y0,
        first,
        last,
    )


def _follows(last: Word, word: Word, x0: float, x1: float) -> bool:
    """Whether ``word`` goes on where ``last`` ends: same baseline, next to what spans x0 to x1."""
    height, new_height = last.y1 - last.y0, word.y1 - word.y0
    overlap = min(last.y1, word.y1) - max(last.y0, word.y0)
    if overlap < SAME_LINE * min(height, new_height) or last.broken:
        return False
    reach = WIDE_GAP * max(height, new_height)
    if -reach < word.x0 - x1 < reach:
        return True
    if not -reach < x0 - word.x1 < reach:
        return False
    return right_to_left(word.text) or right_to_left(last.text)


def right_to_left(text: str) -> bool:
    """Whether a text begins or ends in a script that is written from right to left."""
    ends = text[:3] + text[-3:]
    if ends.isascii():
        return False
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in ends)


def rows_of(found: Sequence[Fragment]) -> list[Row]:
    """Fragments on one baseline together, from top to bottom, each row from left to right."""
    rows: list[Row] = []
    top = bottom = 0.0
    for piece in sorted(found, key=lambda f: (2 * f.top + f.size, f.x0)):
        foot = piece.top + piece.size
        overlap = min(bottom, foot) - max(top, piece.top)
        if rows and overlap >= SAME_LINE * min(bottom - top, piece.size):
            rows[-1].append(piece)
        else:
            rows.append([piece])
            top, bottom = piece.top, foot
    return [glued(_ordered(row)) if len(row) > 1 else row for row in rows]


def _ordered(row: Row) -> Row:
    mirrored = sum(right_to_left(f.text) for f in row) * 2 > len(row)
    return sorted(row, key=lambda f: f.x0, reverse=mirrored)


def glued(row: Row) -> Row:
    """Join what belongs to one cell: a lone currency or per cent sign, a raised or lowered sign."""
    result: Row = []
    height = max(f.size for f in row)
    for given in row:
        piece = given
        if result and result[-1].text.endswith(_SIGN_OF_NEXT):
            result[-1], piece = _handed_on(result[-1], piece)
        if result and _is_glued(result[-1], piece, height):
            result[-1] = _joined(result[-1], piece)
        else:
            result.append(piece)
    return result


def _is_glued(last: Fragment, piece: Fragment, height: float) -> bool:
    if piece.text in _GLUE_BEFORE or last.text in _GLUE_NEXT:
        return True
    if piece.size >= SMALL_SIGN * height:
        return False
    if len(piece.text) > LONGEST_SIGN and not _NOTES.fullmatch(piece.text):
        return False
    return piece.x0 - last.x1 < WIDE_GAP * height  # also where it stands in a hole left for it


def _handed_on(last: Fragment, piece: Fragment) -> tuple[Fragment, Fragment]:
    """The currency sign at the end of a cell belongs to the figure in the next."""
    text, _, sign = last.text.rpartition(" ")
    width = SIGN_WIDTH * last.size
    return (
        last._replace(text=text, x1=last.x1 - 2 * width, first=-1, last=-1),
        piece._replace(text=f"{sign} {piece.text}", x0=last.x1 - width, first=-1, last=-1),
    )


def _joined(last: Fragment, piece: Fragment) -> Fragment:
    separator = "" if piece.text in _GLUE_BEFORE else " "
    return last._replace(
        text=last.text + separator + piece.text,
        x0=min(last.x0, piece.x0),
        y0=min(last.y0, piece.y0),
        x1=max(last.x1, piece.x1),
        y1=max(last.y1, piece.y1),
        broken=piece.broken,
        first=-1,
        last=-1,
    )


def box_of(pieces: Sequence[Fragment]) -> Box:
    """The rectangle around fragments."""
    if len(pieces) == 1:
        return Box(*pieces[0][1:5])
    x0, y0, x1, y1 = zip(*(piece[1:5] for piece in pieces), strict=True)
    return Box(min(x0), min(y0), max(x1), max(y1))
