"""The library: what of the sealed store is open for search, in memory only.

Documents enter when a scope that permits them is first searched: what nobody here may read is never
decrypted.  Searching opens the text of the passages found, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.access.scope import Scope
from appliance.documents import DocumentId, ParsedDocument, Passage, Span
from appliance.index.chunk import chunk
from appliance.index.embed import Embedder
from appliance.index.memory import Hit, MemoryIndex
from appliance.index.payload import IndexPayload, build_payload, decode
from appliance.store.store import Part, Store


class Library:
    """The index in memory over one open store."""

    def __init__(self, store: Store, model: Path, chunk_characters: int) -> None:
        self._store = store
        self._chunk_characters = chunk_characters
        self._embedder = Embedder(model)
        self._index = MemoryIndex()

    def payload(self, parsed: ParsedDocument) -> IndexPayload:
        """Chunks, vectors and word list of one document."""
        chunks = chunk(parsed, self._chunk_characters)
        return build_payload(parsed.text, chunks, self._embedder)

    def cancel(self) -> None:
        """Let `payload` in another thread end soon, with CancelledError."""
        self._embedder.cancel()

    def search(self, question: str, scope: Scope, limit: int) -> tuple[Hit, ...]:
        """The best chunks among the documents of ``scope``, best first."""
        self._load(scope)
        vector = self._embedder.embed_query(question)
        return self._index.search(question, vector, scope, limit)

    def forget(self, document: DocumentId) -> None:
        """Drop an erased or replaced document from memory."""
        self._index.remove(document)

    def _load(self, scope: Scope) -> None:
        for document in sorted(scope.documents):
            if document not in self._index:
                self._index.add(document, decode(self._store.read(document, Part.INDEX)))


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
