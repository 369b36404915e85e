"""ROUGE, from the paper that introduced it (Lin 2004): overlap of a summary with a reference.

F-measures with precision and recall of equal weight.  Words are runs of letters and digits in lower
case; they are neither stemmed nor are common ones left out, so that the figures are lower than
those of tools that do either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Rouge:
    """F-measures of one summary against one reference, 0 to 1."""

    one: float  # single words
    two: float  # pairs of words
    longest: float  # the longest common subsequence (ROUGE-L) of the whole texts


def rouge(summary: str, reference: str) -> Rouge:
    """The three usual measures."""
    made, wanted = words(summary), words(reference)
    common = longest_common(made, wanted)
    return Rouge(grams(made, wanted, 1), grams(made, wanted, 2), _f(common, len(made), len(wanted)))


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def grams(made: Sequence[str], wanted: Sequence[str], size: int) -> float:
    """ROUGE-N: runs of ``size`` words that both texts hold, each as often as in the poorer one."""
    one, two = _grams(made, size), _grams(wanted, size)
    return _f((one & two).total(), one.total(), two.total())


def longest_common(one: Sequence[str], two: Sequence[str]) -> int:
    """Length of the longest common subsequence, by rows of bits (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for at, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << at
    every = (1 << len(one)) - 1
    row = every
    for word in two:
        met = row & places.get(word, 0)
        row = ((row + met) | (row - met)) & every
    return len(one) - row.bit_count()


def _grams(found: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(found[at:] for at in range(size)), strict=False))


def _f(common: int, made: int, wanted: int) -> float:
    return 2 * common / (made + wanted) if made + wanted else 0.0
