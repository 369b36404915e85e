"""What is loaded once and shared by all who ask: the index in memory, the models' identities.

Everything here is safe to use from threads; what is not there yet is made by the first who needs
it, while the others wait.  Nothing here asks who may: the caller is inside an act.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, RLock
from typing import TYPE_CHECKING

from appliance.config import Settings
from appliance.documents import DocumentId, ParsedDocument
from appliance.store.store import Part, Store

if TYPE_CHECKING:  # these rooms load heavy libraries; their imports stand where they are used
    from appliance.engine.models import ModelIdentity
    from appliance.index.library import Library


class Warm:
    """The library and the models of one open store."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._loading, self.starting = RLock(), RLock()  # starting: held while the engine starts
        self._working: dict[str, tuple[Lock, int]] = {}  # and how many want it
        self._library: Library | None = None
        self._model: ModelIdentity | None = None
        self.embedding_digest = ""  # of the library's model, once it is loaded

    def library(self) -> Library:
        """The index in memory, with its embedding model verified and loaded."""
        from appliance.engine.models import verify as verify_model
        from appliance.index.library import Library

        with self._loading:
            if self._library is None:
                folder = self._settings.models / self._settings.search.embedding_model
                self.embedding_digest = verify_model(folder).digest
                size = self._settings.search.chunk_characters
                self._library = Library(self._store, folder, size)
            return self._library

    def model(self) -> ModelIdentity:
        """The language model in force; verified once in the life of this process."""
        from appliance.engine.models import verify as verify_model

        with self._loading:
            if self._model is None:
                self._model = verify_model(self._settings.models / self._settings.engine.model)
            return self._model

    def parsed(self, document: DocumentId) -> ParsedDocument:
        """The opened text of one document; the caller is inside an act on it."""
        from appliance.ingest import wire

        return wire.decode(self._store.read(document, Part.TEXT))

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """For the length of the block nobody else does the same work; others wait for it."""
        with self._loading:
            lock, waiting = self._working.get(work, (Lock(), 0))
            self._working[work] = lock, waiting + 1
        try:
            with lock:
                yield
        finally:
            with self._loading:
                lock, waiting = self._working[work]
                self._working[work] = lock, waiting - 1
                if waiting == 1:
                    del self._working[work]

    def forget(self, document: DocumentId) -> None:
        """Drop an erased or replaced document from memory."""
        with self._loading:
            library = self._library
        if library is not None:
            library.forget(document)
