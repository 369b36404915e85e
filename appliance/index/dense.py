"""Exact nearest chunks by inner product, among the permitted ones only.

FAISS reads every permitted vector (half-precision codes, no training, no graph, no clusters): what
one person finds cannot depend on vectors that another put there (promise P3), and a narrow scope
loses no recall.  The permitted slots go into the search as a bitmap; FAISS 1.15.1 has a path that
ignores its selector, so every result is held against the bitmap again.

The index lives in memory only; it is never written to a file nor read from one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from appliance.errors import InvariantBroken

if TYPE_CHECKING:
    import faiss

_SPARE = 16  # asked for beyond the limit, so that equal scores at the edge are seen at once


class DenseIndex:
    """Vectors of all chunks; slot ``i`` is the i-th vector added that is still there."""

    def __init__(self, dimensions: int) -> None:
        import faiss

        # Half precision, as the vectors are stored: the same scores as single precision gives on
        # them, in half the memory and (measured) half the time.
        self._index: faiss.IndexScalarQuantizer = faiss.IndexScalarQuantizer(
            dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self.dimensions = dimensions

    def __len__(self) -> int:
        """How many slots there are."""
        return int(self._index.ntotal)

    def add(self, vectors: NDArray[np.float16]) -> None:
        """Append vectors [n, dimensions]; they take the next n slots.

        Raises:
            ValueError: wrong shape.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dimensions:
            raise ValueError(f"vectors of {self.dimensions} dimensions are kept here")
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def remove(self, begin: int, end: int) -> None:
        """Forget the slots [begin, end); later ones move down to close the gap."""
        import faiss

        self._index.remove_ids(faiss.IDSelectorRange(begin, end))

    def nearest(
        self, vector: NDArray[np.float32], permitted: NDArray[np.bool_], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The permitted slots with the highest inner products, best first.

        All slots that tie with the last one within the limit come too: which of them to keep is
        decided by the caller, by names rather than by the order in which they were added.

        Args:
            vector: [dimensions], float32.
            permitted: [slots]; chosen before the search.
            limit: at least 1.

        Raises:
            ValueError: wrong shapes, or numbers that are not finite.
            InvariantBroken: FAISS returned what the bitmap does not admit.
        """
        if vector.shape != (self.dimensions,) or not np.isfinite(vector).all():
            raise ValueError(f"a query is {self.dimensions} finite numbers")
        if permitted.shape != (len(self),) or limit < 1:
            raise ValueError("one bit per slot and a positive limit are needed")
        available = int(np.count_nonzero(permitted))
        wanted = min(limit + _SPARE, available)
        while wanted:
            slots, scores = self._search(vector, permitted, wanted)
            _check(slots, scores, permitted)
            if wanted == available or scores[-1] < scores[limit - 1]:
                break
            wanted = min(4 * wanted, available)
        else:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        kept = int(np.count_nonzero(scores >= scores[min(limit, len(scores)) - 1]))
        return slots[:kept], scores[:kept]

    def _search(
        self, vector: NDArray[np.float32], permitted: NDArray[np.bool_], count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import faiss

        bitmap = np.packbits(permitted, bitorder="little")
        # The stubs of FAISS describe its C++ constructors, not the Python ones over them.
        selector = faiss.IDSelectorBitmap(bitmap)  # type: ignore[call-arg, arg-type]
        chosen = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        query = np.ascontiguousarray(vector[np.newaxis, :], dtype=np.float32)
        # One query is read by one thread anyway, and waking the others costs milliseconds on a busy
        # machine.  FAISS and torch share this number, so it is put back.
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            scores, slots = self._index.search(query, count, params=chosen)
        finally:
            faiss.omp_set_num_threads(threads)
        return slots[0], scores[0]


def _check(
    slots: NDArray[np.int64], scores: NDArray[np.float32], permitted: NDArray[np.bool_]
) -> None:
    inside = (slots >= 0) & (slots < len(permitted))
    if not inside.all() or not permitted[slots].all() or (np.diff(scores) > 0).any():
        raise InvariantBroken(
            "the vector search returned a passage outside the permitted ones, or too few",
            remedy="stop using this installation and report it; no result was released",
        )
