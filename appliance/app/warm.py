"""What is loaded once and shared by all who ask: the index in memory, the models' identities.

Everything here is safe to use from threads; what is not there yet is made by the first who needs
it, while the others wait.  Nothing here asks who may: the caller is inside an act.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, RLock
from typing import TYPE_CHECKING

from appliance.config import Settings
from appliance.documents import CollectionId, DocumentId, ParsedDocument
from appliance.errors import StoreBusy
from appliance.store.store import Part, Store

if TYPE_CHECKING:  # these rooms load heavy libraries; their imports stand where they are used
    from appliance.engine.models import ModelIdentity
    from appliance.index.library import Library

_FILLED = -1


class Warm:
    """The library and the models of one open store."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._loading, self.starting = RLock(), RLock()  # starting: held while the engine starts
        self._changed: Counter[CollectionId] = Counter()  # how many erase there, or that it fills
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
        from appliance.formats import wire

        return wire.decode(self._store.read(document, Part.TEXT))

    @contextmanager
    def filling(self, collection: CollectionId) -> Iterator[None]:
        """For the length of the block nobody else takes files into a collection, or erases there.

        Raises:
            StoreBusy: somebody does.
        """
        with self._loading:
            if self._changed[collection]:
                raise _busy()
            self._changed[collection] = _FILLED
        try:
            yield
        finally:
            with self._loading:
                del self._changed[collection]

    @contextmanager
    def erasing(self, collection: CollectionId) -> Iterator[None]:
        """For the length of the block nobody takes files into a collection; others may erase.

        Raises:
            StoreBusy: somebody does.
        """
        with self._loading:
            if self._changed[collection] == _FILLED:
                raise _busy()
            self._changed[collection] += 1
        try:
            yield
        finally:
            with self._loading:
                self._changed[collection] -= 1

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


def _busy() -> StoreBusy:
    return StoreBusy(
        "somebody takes files into this collection, or erases some of it",
        remedy="wait until that has ended, or have it stopped, and run again",
    )
