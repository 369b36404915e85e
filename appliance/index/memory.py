"""The index of the documents in use: in memory only, and searched only under a scope.

Two rankings, by meaning (vectors) and by words (BM25), are fused by rank.  What a search returns,
to the last bit of a score, depends on the permitted documents alone (promise P3): each part sees
only permitted chunks, and equal scores are ordered by document id and chunk number, never by the
order in which documents came in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.access.scope import Scope
from appliance.documents import Chunk, DocumentId
from appliance.index.dense import DenseIndex
from appliance.index.embed import DIMENSIONS
from appliance.index.fuse import fuse
from appliance.index.lexical import LexicalIndex, Permitted
from appliance.index.payload import IndexPayload
from appliance.index.terms import weighted_terms

DEPTH = 64  # places of each ranking that are fused, at least

Place = tuple[DocumentId, int]  # a document and the number of one of its chunks


@dataclass(frozen=True, slots=True)
class Hit:
    """One chunk that was found; scores compare within one search only."""

    document: DocumentId
    chunk: Chunk
    score: float
    number: int = 0  # of the chunk in its document


class MemoryIndex:
    """Documents' payloads, searchable together. Not for use by two threads at once."""

    def __init__(self, dimensions: int = DIMENSIONS) -> None:
        self._documents: list[DocumentId] = []  # in the order of their slots
        self._chunks: dict[DocumentId, tuple[Chunk, ...]] = {}
        self._lengths: dict[DocumentId, NDArray[np.uint32]] = {}
        self._dense = DenseIndex(dimensions)
        self._lexical = LexicalIndex()
        self._table: _Table | None = None  # made by the first search after a change
        self._views: dict[frozenset[DocumentId], Permitted] = {}

    def __contains__(self, document: DocumentId) -> bool:
        """Whether a document is in the index."""
        return document in self._chunks

    def add(self, document: DocumentId, payload: IndexPayload) -> None:
        """Take in one document; one that is there already is replaced.

        Raises:
            ValueError: the payload's vectors have another number of dimensions.
        """
        if document in self._chunks:
            self.remove(document)
        base = len(self._dense)
        self._dense.add(payload.vectors)
        self._lexical.add(base, payload.postings)
        self._documents.append(document)
        self._chunks[document] = payload.chunks
        self._lengths[document] = payload.postings.lengths
        self._changed()

    def remove(self, document: DocumentId) -> None:
        """Forget one document, its vectors and its terms; nothing happens if it is not there."""
        if document not in self._chunks:
            return
        at = self._documents.index(document)
        begin = sum(len(self._chunks[earlier]) for earlier in self._documents[:at])
        end = begin + len(self._chunks[document])
        self._dense.remove(begin, end)
        self._lexical.remove(begin, end)
        del self._documents[at], self._chunks[document], self._lengths[document]
        self._changed()

    def search(
        self,
        query: str,
        vector: NDArray[np.float32],
        scope: Scope,
        limit: int,
        hints: Sequence[str] = (),
    ) -> tuple[Hit, ...]:
        """The best chunks within ``scope``, best first.

        Args:
            query: the words asked for.
            vector: [dimensions], the query's unit vector.
            scope: the documents that may be read; those not in the index are passed over.
            limit: how many hits at most, at least 1.
            hints: phrases that may stand where the answer does; their words count less.

        Raises:
            ValueError: ``limit`` or the shape of ``vector`` is wrong.
            InvariantBroken: a result lay outside the scope; nothing is returned.
        """
        if limit < 1:
            raise ValueError("a search returns at least one hit")
        permitted = self._permitted(scope.documents)
        if not permitted.count:
            return ()
        depth = max(DEPTH, limit)
        by_meaning = self._ranked(*self._dense.nearest(vector, permitted.mask, depth), depth)
        terms, weights = weighted_terms(query, hints)
        by_words = self._ranked(*self._lexical.scores(terms, permitted, weights), depth)
        fused = fuse((by_meaning, by_words))
        # Of equal ones the nearer in meaning is first: ids are drawn, and differ in another store.
        best = sorted(fused, key=lambda place: -fused[place])[:limit]
        return tuple(Hit(d, self._chunks[d][n], fused[d, n], n) for d, n in best)

    def _ranked(
        self, slots: NDArray[np.int64], scores: NDArray[np.floating], depth: int
    ) -> Sequence[Place]:
        """The best ``depth`` places, equal scores in the order of document and chunk."""
        if len(scores) > depth:
            least = np.partition(scores, len(scores) - depth)[len(scores) - depth]
            kept = scores >= least  # with every slot that ties with the last
            slots, scores = slots[kept], scores[kept]
        places = [self._slots.place(slot) for slot in slots.tolist()]
        order = sorted(range(len(places)), key=lambda i: (-float(scores[i]), places[i]))
        return [places[i] for i in order[:depth]]

    def _permitted(self, documents: frozenset[DocumentId]) -> Permitted:
        if documents not in self._views:
            if len(self._views) >= 8:  # scopes in use at the same time; more are made again
                self._views.clear()
            table = self._slots
            admitted = np.array([d in documents for d in self._documents], dtype=np.bool_)
            mask = np.repeat(admitted, table.sizes)
            self._views[documents] = Permitted.of(mask, table.lengths)
        return self._views[documents]

    @property
    def _slots(self) -> _Table:
        if self._table is None:
            self._table = _Table.of(self._documents, self._lengths)
        return self._table

    def _changed(self) -> None:
        self._table = None
        self._views.clear()


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Which slot belongs to which document."""

    documents: tuple[DocumentId, ...]
    sizes: NDArray[np.int64]  # chunks per document
    ends: NDArray[np.int64]  # one past each document's last slot
    lengths: NDArray[np.uint32]  # terms per slot

    @classmethod
    def of(
        cls, documents: Sequence[DocumentId], lengths: dict[DocumentId, NDArray[np.uint32]]
    ) -> _Table:
        arrays = [lengths[document] for document in documents]
        sizes = np.array([len(array) for array in arrays], dtype=np.int64)
        joined = np.concatenate(arrays) if arrays else np.empty(0, np.uint32)
        return cls(tuple(documents), sizes, np.cumsum(sizes), joined)

    def place(self, slot: int) -> Place:
        at = int(np.searchsorted(self.ends, slot, side="right"))
        return self.documents[at], slot - int(self.ends[at] - self.sizes[at])
