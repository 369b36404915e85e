"""Real premises, quickly: the store, log, policies and index as shipped, documents put in directly.

``Words`` is a test double of the embedding model (see tests/index/doubles.py); everything behind it
is the library itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from appliance import config
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.documents import Chunk, CollectionId, Document
from appliance.formats import wire
from appliance.index.finding import Finder
from appliance.index.library import Library
from appliance.index.payload import build_payload
from appliance.store.records import NewDocument, PrincipalRow
from appliance.store.store import Store
from tests.conftest import PASSPHRASE, QUICK
from tests.index.doubles import DIMENSIONS, WordVectors, paragraphs

ADMIN, READER, OFFICER = 70001, 70002, 70003
PEOPLE = (
    PrincipalRow(ADMIN, "adam", frozenset({"administrator"})),
    PrincipalRow(READER, "olga", frozenset({"operator"}), purposes=frozenset({"TREATMENT"})),
    PrincipalRow(OFFICER, "otto", frozenset({"officer"})),
)
MODEL = "e" * 64  # what stands for the digest of the embedding model


class Words(Library):
    """The library with the test double in the place of the embedding model."""

    def __init__(self, store: Store, finder: type[Finder] = Finder) -> None:
        vectors = WordVectors()
        self._store, self._chunk_characters, self._turn = store, 600, RLock()
        self._versions = {}
        self._embedder = vectors  # type: ignore[assignment]
        self._finder = finder(vectors, DIMENSIONS)


def made(home: Path) -> None:
    """A store with one person per role; nobody holds two."""
    Premises.create(config.load(home), PASSPHRASE, ADMIN, cost=QUICK)
    with opened(home) as premises:
        for row in PEOPLE:
            premises.store.put_principal(row)


@contextmanager
def opened(home: Path, finder: type[Finder] = Finder) -> Iterator[Premises]:
    """The premises of a home, with the double in place."""
    with Premises.open(config.load(home), PASSPHRASE) as premises:
        premises.warm._library = Words(premises.store, finder)
        premises.warm.embedding_digest = MODEL
        yield premises


def view(premises: Premises, uid: int, purpose: str = "") -> Appliance:
    """What one person sees."""
    return premises.of(uid, purpose, lambda _: None)


def put(
    premises: Premises,
    collection: CollectionId,
    name: str,
    *texts: str,
    labels: tuple[tuple[str, str], ...] = (),
) -> Document:
    """A document of one chunk per text, sealed and indexed as ingest would."""
    parsed = paragraphs(*filter(None, texts))  # an element holds something
    chunks = [Chunk(element.span) for element in parsed.elements]
    payload = build_payload(parsed.text, chunks, WordVectors(), None)
    text = wire.encode(parsed)
    new = NewDocument(
        collection=collection,
        name=name,
        media_type="text/plain",
        original=parsed.text.encode(),
        text=text,
        index=payload.encode(),
        content_key=f"key of {name}",
        pages=None,
        characters=len(parsed.text),
        chunks=len(chunks),
        gaps=0,
        labels=labels,
    )
    return premises.store.add_document(new)
