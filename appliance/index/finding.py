"""Questions to the index in memory: what is named is set apart, the rest is searched for.

Everything that decides on a ranking derives from the documents in scope: their labels tell which of
them a question names, their words how rare a word is, their vectors what is near (promise P3).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.access.scope import Scope
from appliance.documents import DocumentId
from appliance.index.cues import said
from appliance.index.embed import DIMENSIONS
from appliance.index.memory import Hit, MemoryIndex
from appliance.index.naming import Label, Names
from appliance.index.payload import IndexPayload
from appliance.index.query import Query, asked
from appliance.index.reading import joined, within

MOST_SHARED = 12  # named documents that each get a share of the hits; of more, the best hits count
SCOPES = 8  # in use at the same time; the labels of more are put in order again
SHORT = 200  # characters of the shortest chunks, about: a budget is filled by no more of them


class EmbedsQuery(Protocol):
    """Whatever turns one text into a unit vector [dimensions] that depends on nothing else."""

    def embed_query(self, text: str) -> NDArray[np.float32]: ...


class Finder:
    """Documents' payloads and names, searchable together. Not for use by two threads at once."""

    def __init__(self, embedder: EmbedsQuery, dimensions: int = DIMENSIONS) -> None:
        self._embedder = embedder
        self._index = MemoryIndex(dimensions)
        self._labels: dict[DocumentId, Label] = {}
        self._names: dict[frozenset[DocumentId], Names] = {}

    def __contains__(self, document: DocumentId) -> bool:
        """Whether a document is open for search."""
        return document in self._index

    def add(self, document: DocumentId, name: str, payload: IndexPayload) -> None:
        """Take in one document; one that is there already is replaced."""
        self._index.add(document, payload)
        self._labels[document] = Label(name, payload.opening)
        self._names.clear()

    def remove(self, document: DocumentId) -> None:
        """Forget one document; nothing happens if it is not there."""
        self._index.remove(document)
        self._labels.pop(document, None)
        self._names.clear()

    def asked(self, question: str, scope: Scope) -> Query:
        """What a question asks, and which documents of ``scope`` it names."""
        if scope.documents not in self._names:
            if len(self._names) >= SCOPES:
                self._names.clear()
            known = sorted(scope.documents & self._labels.keys())
            self._names[scope.documents] = Names({d: self._labels[d] for d in known})
        return asked(question, self._names[scope.documents])

    def search(self, question: str, scope: Scope, limit: int) -> tuple[Hit, ...]:
        """The best chunks among the documents of ``scope``, best first.

        Where the question names documents, theirs come before those of others, and each of them has
        its share; where it is surely about them, others do not come at all.  One that is merely
        mentioned comes second when the best chunk of all stands in another.

        Raises:
            ValueError: ``limit`` is not positive.
            InvariantBroken: a result lay outside the scope; nothing is returned.
        """
        query = self.asked(question, scope)
        ranked = _Ranked(self._index, self._embedder, query.text)
        if not query.documents:
            return ranked.within(scope, limit)
        if len(query.documents) > MOST_SHARED:
            theirs = ranked.within(scope.narrow(query.documents), limit)
        else:
            theirs = _in_turns([ranked.within(scope.narrow([d]), limit) for d in query.documents])
        if query.sure:
            return theirs[:limit]
        every = ranked.within(scope, limit)
        doubted = len(query.documents) == 1 and every[0].document not in query.documents
        return _in_turns([every, theirs] if doubted else [theirs, every])[:limit]

    def find(self, question: str, scope: Scope, characters: int) -> tuple[Hit, ...]:
        """The same to read: as many of the best chunks as fit, neighbours joined, best first.

        Args:
            characters: how much text at most; the best chunk is returned in any case.
        """
        limit = max(1, characters // SHORT)
        return joined(within(self.search(question, scope, limit), characters))


class _Ranked:
    """One question's rankings, in any number of scopes; it is embedded once."""

    def __init__(self, index: MemoryIndex, embedder: EmbedsQuery, text: str) -> None:
        self._index, self._text = index, text
        self._hints = said(text)
        self._vector = embedder.embed_query(" ".join([text, *self._hints]))

    def within(self, scope: Scope, limit: int) -> tuple[Hit, ...]:
        return self._index.search(self._text, self._vector, scope, limit, self._hints)


def _in_turns(rankings: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """One hit of each ranking after the other, no chunk twice."""
    hits: dict[tuple[DocumentId, int], Hit] = {}
    for hit in chain.from_iterable(zip_longest(*rankings)):
        if hit is not None:
            hits.setdefault((hit.document, hit.number), hit)
    return tuple(hits.values())
