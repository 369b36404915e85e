"""The library: what of the sealed store is open for search, in memory only.

Documents enter when a scope that permits them is first searched: what nobody here may read is never
decrypted.  Searching opens the text of the passages found, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.access.scope import Scope
from appliance.documents import DocumentId, ParsedDocument, Passage, Span
from appliance.index.chunk import chunk
from appliance.index.cues import said
from appliance.index.embed import Embedder
from appliance.index.memory import Hit, MemoryIndex
from appliance.index.naming import Label, Names
from appliance.index.payload import IndexPayload, build_payload, decode
from appliance.index.query import Query, asked
from appliance.index.reading import joined, within
from appliance.store.store import Part, Store

MOST_SHARED = 12  # named documents that each get a share of the hits; of more, the best hits count


class Library:
    """The index in memory over one open store."""

    def __init__(self, store: Store, model: Path, chunk_characters: int) -> None:
        self._store = store
        self._chunk_characters = chunk_characters
        self._embedder = Embedder(model)
        self._index = MemoryIndex()
        self._labels: dict[DocumentId, Label] = {}
        self._names: dict[frozenset[DocumentId], Names] = {}

    def payload(self, parsed: ParsedDocument) -> IndexPayload:
        """Chunks, vectors and word list of one document."""
        chunks = chunk(parsed, self._chunk_characters)
        return build_payload(parsed.text, chunks, self._embedder, parsed.title)

    def cancel(self) -> None:
        """Let `payload` in another thread end soon, with CancelledError."""
        self._embedder.cancel()

    def asked(self, question: str, scope: Scope) -> Query:
        """What a question asks, and which documents of ``scope`` it names."""
        self._load(scope)
        if scope.documents not in self._names:
            if len(self._names) >= 8:  # scopes in use at the same time; more are made again
                self._names.clear()
            labels = {d: self._labels[d] for d in sorted(scope.documents)}
            self._names[scope.documents] = Names(labels)
        return asked(question, self._names[scope.documents])

    def search(self, question: str, scope: Scope, limit: int) -> tuple[Hit, ...]:
        """The best chunks among the documents of ``scope``, best first.

        Where the question names documents, theirs come before those of others, and each of them has
        its share; where it is surely about them, others do not come at all.
        """
        query = self.asked(question, scope)
        ranked = _Ranked(self._index, self._embedder, query.text)
        if not query.documents:
            return ranked.within(scope, limit)
        named = scope.narrow(query.documents)
        if len(query.documents) > MOST_SHARED:
            theirs = ranked.within(named, limit)
        else:
            each = [ranked.within(scope.narrow([d]), limit) for d in query.documents]
            theirs = _in_turns(each)
        if query.sure:
            return theirs[:limit]
        return _in_turns([theirs, ranked.within(scope, limit)])[:limit]

    def find(self, question: str, scope: Scope, characters: int) -> tuple[Hit, ...]:
        """The same to read: as many of the best chunks as fit, neighbours joined, best first.

        Args:
            characters: how much text at most; the best chunk is returned in any case.
        """
        limit = max(1, 3 * characters // self._chunk_characters)  # chunks are a third full or more
        return joined(within(self.search(question, scope, limit), characters))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of short texts, for tasks that compare meanings."""
        return self._embedder.embed(texts)

    def forget(self, document: DocumentId) -> None:
        """Drop an erased or replaced document from memory."""
        self._index.remove(document)
        self._labels.pop(document, None)
        self._names.clear()

    def _load(self, scope: Scope) -> None:
        for document in sorted(scope.documents):
            if document not in self._index:
                payload = decode(self._store.read(document, Part.INDEX))
                self._index.add(document, payload)
                name = self._store.document(document).name
                self._labels[document] = Label(name, payload.opening)


class _Ranked:
    """One question's rankings, in any number of scopes; it is embedded once."""

    def __init__(self, index: MemoryIndex, embedder: Embedder, text: str) -> None:
        self._index, self._text = index, text
        self._hints = said(text)
        self._vector = embedder.embed_query(" ".join([text, *self._hints]))

    def within(self, scope: Scope, limit: int) -> tuple[Hit, ...]:
        """The best chunks of a scope, best first."""
        return self._index.search(self._text, self._vector, scope, limit, self._hints)


def _in_turns(rankings: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """One hit of each ranking after the other, no chunk twice."""
    hits: dict[tuple[DocumentId, int], Hit] = {}
    for hit in chain.from_iterable(zip_longest(*rankings)):
        if hit is not None:
            hits.setdefault((hit.document, hit.number), hit)
    return tuple(hits.values())


def passages(hits: Sequence[Hit], texts: dict[DocumentId, ParsedDocument]) -> tuple[Passage, ...]:
    """Hits with their text and what travels with it, from the opened documents."""
    return tuple(
        Passage(
            hit.document,
            hit.chunk.span,
            hit.chunk.span.of(texts[hit.document].text),
            hit.score,
            _of(hit.chunk.heading, texts[hit.document].text),
            texts[hit.document].page_of(hit.chunk.span.begin),
            _of(hit.chunk.table, texts[hit.document].text),
        )
        for hit in hits
    )


def _of(span: Span | None, text: str) -> str:
    return span.of(text) if span else ""
