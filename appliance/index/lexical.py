"""BM25 over the chunks the searcher may read, and nothing else.

The number of chunks, the document frequencies and the average length are those of the permitted
chunks.  Taken over everything, they would tell through the scores that hidden documents exist and
what they hold (promise P3).  Every sum is either of integers or in a fixed order, so that scores
are the same to the last bit with and without hidden documents.

BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), with the
inverse document frequency ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.index.terms import Postings

K1 = 1.2  # how soon more of the same word stops counting
B = 0.75  # how much a long chunk is held back


@dataclass(frozen=True, slots=True, eq=False)
class Permitted:
    """The chunks one search may see, and what BM25 needs to know of them."""

    mask: NDArray[np.bool_]  # [n] over all slots
    count: int
    everything: bool  # no slot is hidden: nothing has to be left out
    norms: NDArray[np.float64]  # [n], K1 * (1 - B + B * length / average length)

    @classmethod
    def of(cls, mask: NDArray[np.bool_], lengths: NDArray[np.uint32]) -> Permitted:
        """Statistics over the slots that ``mask`` admits."""
        count = int(np.count_nonzero(mask))
        total = int(lengths[mask].sum(dtype=np.int64))  # of integers: the order does not matter
        average = total / count if total else 1.0
        norms = K1 * (1.0 - B + (B / average) * lengths.astype(np.float64))
        return cls(mask, count, count == len(mask), norms)


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    """Postings of some documents: as ``Postings``, with slots of the whole index."""

    terms: NDArray[np.uint64]
    starts: NDArray[np.int64]
    slots: NDArray[np.int32]
    counts: NDArray[np.uint16]

    def of(self, term: np.uint64) -> slice:
        """Where the postings of a term lie."""
        at = int(np.searchsorted(self.terms, term))
        if at == len(self.terms) or self.terms[at] != term:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))

    def without(self, begin: int, end: int) -> _Segment:
        """The same without the slots [begin, end); later ones move down to close the gap."""
        kept = (self.slots < begin) | (self.slots >= end)
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        slots = self.slots[kept]
        slots = np.where(slots >= end, slots - np.int32(end - begin), slots)
        live = np.diff(starts) > 0  # a term that stands nowhere any more is forgotten
        return _Segment(
            self.terms[live], np.append(starts[:-1][live], starts[-1]), slots, self.counts[kept]
        )


class LexicalIndex:
    """Postings of all documents in memory. Slots number the chunks, as in the dense index."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []

    def add(self, base: int, postings: Postings) -> None:
        """Take in one document whose first chunk has slot ``base``."""
        self._segments.append(
            _Segment(
                postings.terms,
                postings.starts.astype(np.int64),
                postings.chunks.astype(np.int32) + np.int32(base),
                postings.counts,
            )
        )

    def remove(self, begin: int, end: int) -> None:
        """Forget the slots [begin, end); later ones move down to close the gap."""
        cut = [segment.without(begin, end) for segment in self._segments]
        self._segments = [segment for segment in cut if len(segment.terms)]

    def scores(
        self,
        terms: NDArray[np.uint64],
        permitted: Permitted,
        weights: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Permitted slots that hold any of the terms, ascending, and their BM25 scores.

        ``weights``: what each term counts, above 0; None: 1 each.
        """
        self._fold()
        scores = np.zeros(len(permitted.mask))
        for at, term in enumerate(terms):
            found = [self._postings(segment, term, permitted) for segment in self._segments]
            frequency = sum(len(slots) for slots, _ in found)
            rarity = math.log1p((permitted.count - frequency + 0.5) / (frequency + 0.5))
            if weights is not None:
                rarity *= float(weights[at])
            for slots, counts in found:
                # A slot stands at most once here, so that one plain addition per slot is enough.
                scores[slots] += (rarity * (K1 + 1.0)) * counts / (counts + permitted.norms[slots])
        held = np.flatnonzero(scores).astype(np.int64)
        return held, scores[held]

    @staticmethod
    def _postings(
        segment: _Segment, term: np.uint64, permitted: Permitted
    ) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        where = segment.of(term)
        slots, counts = segment.slots[where], segment.counts[where]
        if permitted.everything:
            return slots, counts
        admitted = permitted.mask[slots]
        return slots[admitted], counts[admitted]

    def _fold(self) -> None:
        """Merge the small segments at the end, so that there are never more than a few.

        A segment stays apart while it is more than twice what follows it: each posting is moved
        about log2(n) times in all, and opening a store of many documents merges once.
        """
        sizes = [len(segment.slots) for segment in self._segments]
        at = max(len(sizes) - 1, 0)
        after = sum(sizes[at:])
        while at and sizes[at - 1] <= 2 * after:
            at -= 1
            after += sizes[at]
        if len(sizes) - at > 1:
            self._segments[at:] = [_merged(self._segments[at:])]


def _merged(segments: Sequence[_Segment]) -> _Segment:
    """One segment of many; within a term, slots keep the order of the segments."""
    terms = np.concatenate([segment.terms for segment in segments])
    sizes = np.concatenate([np.diff(segment.starts) for segment in segments])
    slots = np.concatenate([segment.slots for segment in segments])
    counts = np.concatenate([segment.counts for segment in segments])
    order = np.argsort(terms, kind="stable")
    begins = (np.cumsum(sizes) - sizes)[order]  # where each run of postings lies now
    sizes = sizes[order]
    ends = np.cumsum(sizes)
    moved = np.repeat(begins - (ends - sizes), sizes) + np.arange(len(slots))
    firsts = np.flatnonzero(np.diff(terms[order], prepend=~terms[order][:1]))
    starts = np.append((ends - sizes)[firsts], len(slots))
    return _Segment(terms[order][firsts], starts, slots[moved], counts[moved])
