"""Counts what a file holds against what was kept of it, by a way that the reader did not take.

A reader that walks a file in one order and a count that walks it in another agree only when
nothing was lost.  Characters are compared as a multiset, so that order, blanks and what a reader
adds (labels of headers, separators of cells) do not matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from appliance.documents import Tally, Unit
from appliance.ingest.build import clean

_BLANK = re.compile(r"\s+")


def characters(seen: Iterable[str], kept: Iterable[str]) -> Tally:
    """How many of the characters in ``seen`` are among those of ``kept``; blanks do not count."""
    found = _counted(seen)
    lost = found - _counted(kept)
    total = found.total()
    return Tally(Unit.CHARACTERS, total, total - lost.total())


def _counted(texts: Iterable[str]) -> Counter[str]:
    counter: Counter[str] = Counter()
    for text in texts:
        counter.update(_BLANK.sub("", clean(text)))
    return counter
