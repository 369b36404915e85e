"""Words and characters of a text against those of its truth.

Word recall, the rule: both texts in Unicode NFKC and case-folded; a word is a run of letters,
digits and marks (a number keeps the points and commas inside it); recall is the share of the
truth's words, repetitions counted, that the text holds as often, wherever they stand.  Of a truth
in Markdown the marks go first: pictures, targets of links, tags, backslashes, commands of TeX, and
what the converter that wrote it adds of its own (``<!-- image -->``, the kind of a chart, midnight
behind a date).
Markdown repeats a merged cell in each of its columns and rows: a cell that equals its left or
upper neighbour counts once.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter

import numpy as np

from appliance.formats.build import CELL_SEPARATOR

_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:[\u0300-\u036f\u064b-\u065f]+[^\W_]*)*")
_CHART = re.compile(r"(<!-- image -->\s*\n+)\w+ chart[ \t]*$", re.M)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_TARGET = re.compile(r"\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)")
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00\b")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")
_TEX = re.compile(r"\\[a-zA-Z]+")
_MATH = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.S)
_LEADERS = re.compile(r"[._]{3,}")
_RULE = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?$")


def words(text: str) -> Counter[str]:
    """How often each word stands in a text."""
    return Counter(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def found(truth: Counter[str], text: Counter[str]) -> int:
    """How many of the truth's words, repetitions counted, a text holds."""
    return (truth & text).total()


def missing(truth: Counter[str], text: Counter[str], most: int = 12) -> tuple[str, ...]:
    """The words that are missing most often."""
    return tuple(word for word, _ in (truth - text).most_common(most))


def plain(markdown: str) -> str:
    """Markdown without its marks."""
    text = _CHART.sub(r"\1", markdown)
    text = _COMMENT.sub(" ", text)
    text = _MATH.sub(lambda match: _TEX.sub(" ", match.group()), text)
    text = _TAG.sub(" ", _TARGET.sub("]", text))
    text = _MIDNIGHT.sub(r"\1", html.unescape(text))
    return _without_repeats(text.replace("\\", ""))


def rows_of(markdown: str) -> list[list[str] | None]:
    """The lines of a text: the cells of a table row, None for a line outside tables."""
    rows: list[list[str] | None] = []
    for line in markdown.splitlines():
        bare = line.strip()
        is_row = bare.startswith("|") and bare.endswith("|") and len(bare) > 1
        rows.append([cell.strip() for cell in bare[1:-1].split("|")] if is_row else None)
    return rows


def is_rule(line: str) -> bool:
    """Whether a line parts the head of a table from its body."""
    return _RULE.match(line) is not None


def _without_repeats(text: str) -> str:
    kept = []
    above: list[str] = []
    for line, cells in zip(text.splitlines(), rows_of(text), strict=True):
        if cells is None or is_rule(line):
            kept.append("" if cells else line)
            above = above if cells else []
            continue
        once = [
            cell
            for at, cell in enumerate(cells)
            if not (at and cells[at - 1] == cell) and not (at < len(above) and above[at] == cell)
        ]
        kept.append(" | ".join(once))
        above = cells
    return "\n".join(kept)


def characters(text: str) -> str:
    """What character errors are counted on: NFKC and case-folded, without blanks and leaders, and
    without the mark that we put between cells.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace(CELL_SEPARATOR, " ")
    return _LEADERS.sub("", "".join(plain.split()))


def distance(truth: str, text: str, *, within: bool = False) -> int:
    """Insertions, deletions and replacements that turn one into the other (Levenshtein).

    Args:
        truth: what should have been read.
        text: what was read.
        within: compare with the part of ``text`` that fits best (Sellers), not with all of it.
    """
    letters = np.array([ord(letter) for letter in text], dtype=np.int64)
    places = np.arange(len(text) + 1, dtype=np.int64)
    row = np.zeros_like(places) if within else places.copy()
    for letter in truth:
        following = np.empty_like(row)
        following[0] = row[0] + 1
        following[1:] = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        row = np.minimum.accumulate(following - places) + places
    return int(row.min() if within else row[-1])
