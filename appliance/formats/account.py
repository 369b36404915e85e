"""Counts what a file holds against what was kept of it, by a way that the reader did not take.

A reader that walks a file in one order and a count that walks it in another agree only when
nothing was lost.  Characters are compared as a multiset, so that order, blanks and what a reader
adds (labels of headers, separators of cells) do not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from appliance.documents import Tally, Unit
from appliance.formats.build import clean

AT_ONCE = 1 << 20  # characters


def characters(seen: Iterable[str], kept: Iterable[str]) -> Tally:
    """How many of the characters in ``seen`` are among those of ``kept``; blanks do not count."""
    found = _counted(seen)
    lost = found - _counted(kept)
    total = found.total()
    return Tally(Unit.CHARACTERS, total, total - lost.total())


def _counted(texts: Iterable[str]) -> Counter[str]:
    """How often each character occurs; what `clean` takes away does not count."""
    text = "".join(texts)
    counts = np.zeros(0, np.int64)
    for begin in range(0, len(text), AT_ONCE):
        codes = text[begin : begin + AT_ONCE].encode("utf-32-le", "surrogatepass")
        found = np.bincount(np.frombuffer(codes, np.uint32))
        if len(found) > len(counts):
            found, counts = counts, found
        counts[: len(found)] += found
    different = ((chr(code), int(counts[code])) for code in np.flatnonzero(counts).tolist())
    return Counter({character: count for character, count in different if clean(character)})
