"""The library: what of the sealed store is open for search, in memory only.

Documents enter when a scope that permits them is first searched: what nobody here may read is never
decrypted.  Searching opens the text of the passages found, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, RLock

import numpy as np
from numpy.typing import NDArray

from appliance.access.scope import Scope
from appliance.documents import DocumentId, ParsedDocument, Passage, Span
from appliance.index.chunk import chunk
from appliance.index.embed import Embedder
from appliance.index.finding import Finder
from appliance.index.memory import Hit
from appliance.index.payload import IndexPayload, build_payload, decode
from appliance.index.query import Query
from appliance.store.store import Part, Store


class Library:
    """The index in memory over one open store; safe to use from threads."""

    def __init__(self, store: Store, model: Path, chunk_characters: int) -> None:
        self._store = store
        self._chunk_characters = chunk_characters
        self._embedder = Embedder(model)
        self._finder = Finder(self._embedder)
        self._versions: dict[DocumentId, int] = {}  # of what is open
        self._turn = RLock()  # the index is searched, and added to, by one thread at a time

    def payload(self, parsed: ParsedDocument, stopped: Event | None = None) -> IndexPayload:
        """Chunks, vectors and word list of one document.

        Raises:
            CancelledError: the caller set ``stopped`` in another thread; others go on.
        """
        chunks = chunk(parsed, self._chunk_characters)
        return build_payload(parsed.text, chunks, _Until(self._embedder, stopped), parsed.title)

    def asked(self, question: str, scope: Scope) -> Query:
        """What a question asks, and which documents of ``scope`` it names."""
        with self._turn:
            return self._opened(scope).asked(question, scope)

    def search(self, question: str, scope: Scope, limit: int) -> tuple[Hit, ...]:
        """The best chunks among the documents of ``scope``, best first: see `Finder.search`."""
        with self._turn:
            return self._opened(scope).search(question, scope, limit)

    def find(self, question: str, scope: Scope, characters: int) -> tuple[Hit, ...]:
        """The same to read: as many as fit, neighbours joined: see `Finder.find`."""
        with self._turn:
            return self._opened(scope).find(question, scope, characters)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [n, 384] of short texts, for tasks that compare what they mean."""
        return self._embedder.embed(texts)

    def forget(self, document: DocumentId) -> None:
        """Drop an erased or replaced document from memory."""
        with self._turn:
            self._finder.remove(document)

    def versions(self, documents: Iterable[DocumentId]) -> dict[DocumentId, int]:
        """Which versions of those of ``documents`` that are open are searched."""
        with self._turn:
            return {d: self._versions[d] for d in documents if d in self._finder}

    def _opened(self, scope: Scope) -> Finder:
        for document in sorted(scope.documents):
            while document not in self._finder:
                before = self._store.document(document)
                payload = decode(self._store.read(document, Part.INDEX))
                if self._store.document(document).version == before.version:  # else: once more
                    self._versions[document] = before.version
                    self._finder.add(document, before.name, payload)
        return self._finder


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


@dataclass(frozen=True, slots=True)
class _Until:
    """The embedder, for one caller who may stop it."""

    embedder: Embedder
    stopped: Event | None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embedder.embed(texts, self.stopped)
