"""Which key seals what: the middle of the key hierarchy, as pure functions of keys and rows.

key-encryption key (term) -> collection key (version) -> document key (version) -> purpose keys
``blob``, ``text``, ``index``, ``result``, ``name``.  Destroying a document's wrapped key makes all
five unreadable at once.  FORMAT.md holds the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.crypto import aead
from appliance.crypto.context import Context
from appliance.crypto.keyring import (
    Key,
    Keyring,
    derive,
    join,
    new_key,
    newer_format,
    open_record,
    seal_record,
    unwrap,
    wrap,
)
from appliance.crypto.mac import keyed_hash
from appliance.documents import CollectionId, Document
from appliance.errors import SealBroken
from appliance.store.records import CollectionKey, StoredDocument

_MAGIC, _FORMAT = b"APPL", 1
_HEADER = struct.Struct(">4sBBHIIQ")  # magic, format, kind, spare, term, key version, version
HEADER_BYTES = _HEADER.size
_KINDS = {"blob": 1, "text": 2, "index": 3, "result": 4, "kept": 5}


@dataclass(frozen=True, slots=True)
class ObjectLabel:
    """What the catalogue says a sealed file is; its header must say the same."""

    kind: str  # blob | text | index | result | kept
    store: str
    collection: CollectionId
    object: str  # the file's name
    version: int  # of the document
    term: int
    key_version: int

    def header(self) -> bytes:
        """The 24 bytes before the sealed content."""
        return _HEADER.pack(
            _MAGIC, _FORMAT, _KINDS[self.kind], 0, self.term, self.key_version, self.version
        )

    def context(self) -> bytes:
        """What the seal binds: the header and the typed context."""
        context = Context(
            self.kind, self.store, self.collection, self.object, self.version, self.term
        )
        return self.header() + context.encode()


def seal_object(document_key: Key, label: ObjectLabel, plaintext: bytes) -> bytes:
    """The whole content of a sealed file."""
    key = derive(document_key, label.kind)
    return label.header() + aead.seal(key.material, plaintext, label.context())


def open_object(document_key: Key, label: ObjectLabel, untrusted: bytes) -> bytes:
    """What ``seal_object`` sealed.

    Raises:
        SealBroken: not the file that the label names, changed, or cut.
        StoreDamaged: written by another version of this software.
    """
    header = untrusted[:HEADER_BYTES]
    if header != label.header():
        if header[:4] == _MAGIC and len(header) == HEADER_BYTES and header[4] != _FORMAT:
            raise newer_format("sealed object", header[4])
        raise SealBroken("its header is not the one the catalogue names")
    key = derive(document_key, label.kind)
    return aead.open_sealed(key.material, untrusted[HEADER_BYTES:], label.context())


def hashed_name(name_key: Key, collection: CollectionId, name: str) -> str:
    """What finds a name in a collection again without saying it: 64 hex digits."""
    encoded = name.encode("utf-8", "surrogateescape")
    return keyed_hash(name_key, collection.encode("ascii") + b"\x00" + encoded)


def seal_reason(ring: Keyring, collection: CollectionId, id: str, reason: str) -> bytes:
    """Why a wall stands or a glass was broken, bound to its row and collection."""
    key = derive(ring.store_key, "reason")
    return seal_record(key, reason.encode("utf-8"), _reason_context(ring, collection, id))


def open_reason(ring: Keyring, collection: CollectionId, id: str, sealed: bytes) -> str:
    """What ``seal_reason`` sealed.

    Raises:
        SealBroken, StoreDamaged: changed or moved.
    """
    key = derive(ring.store_key, "reason")
    return open_record(key, sealed, _reason_context(ring, collection, id)).decode("utf-8")


def _reason_context(ring: Keyring, collection: CollectionId, id: str) -> Context:
    return Context("reason", ring.store_id, collection, id, 1, 0)


class Seals:
    """The keyring of an open store, applied to the catalogue's rows."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._opened: dict[tuple[CollectionId, int], Key] = {}

    @property
    def store_id(self) -> str:
        """The store's id, bound into every seal."""
        return self._ring.store_id

    @property
    def term(self) -> int:
        """The term that seals now."""
        return self._ring.term

    def new_collection_key(self, collection: CollectionId) -> CollectionKey:
        """A fresh key for a collection, wrapped under the current term."""
        kek = self._ring.kek(self.term)
        context = self._collection_context(collection, 1, self.term)
        return CollectionKey(collection, 1, self.term, wrap(kek, new_key(), context))

    def collection_key(self, row: CollectionKey) -> Key:
        """The opened key of a collection; kept for the life of the open store.

        Raises:
            SealBroken, StoreDamaged: changed, moved, or of an unknown term.
        """
        at = (row.collection, row.version)
        if at not in self._opened:
            context = self._collection_context(row.collection, row.version, row.term)
            self._opened[at] = unwrap(self._ring.kek(row.term), row.wrapped, context)
        return self._opened[at]

    def wrap_document_key(self, row: CollectionKey, key: Key, facts: Document) -> bytes:
        """A document's key, wrapped under its collection's under the current term."""
        context = self._document_context("key/document", facts, self.term)
        return wrap(self.collection_key(row), key, context)

    def document_key(self, stored: StoredDocument) -> Key:
        """The opened key of a document.

        Raises:
            SealBroken, StoreDamaged: changed or moved.
        """
        context = self._document_context("key/document", stored.facts, stored.term)
        return unwrap(self.collection_key(stored.collection_key), stored.wrapped, context)

    def seal_name(self, key: Key, name: str, facts: Document) -> bytes:
        """A document's name under its own key; names need not be valid Unicode."""
        context = self._document_context("name", facts, self.term)
        return seal_record(derive(key, "name"), name.encode("utf-8", "surrogateescape"), context)

    def open_name(self, key: Key, stored: StoredDocument) -> str:
        """What ``seal_name`` sealed.

        Raises:
            SealBroken, StoreDamaged: changed or moved.
        """
        context = self._document_context("name", stored.facts, stored.term)
        opened = open_record(derive(key, "name"), stored.sealed_name, context)
        return opened.decode("utf-8", "surrogateescape")

    def label(self, kind: str, stored: StoredDocument, object_id: str) -> ObjectLabel:
        """What one of a document's files must say it is."""
        facts = stored.facts
        return ObjectLabel(
            kind,
            self.store_id,
            facts.collection,
            object_id,
            facts.version,
            stored.term,
            stored.collection_key.version,
        )

    def kept_label(self, object_id: str, term: int) -> ObjectLabel:
        """What the file of a result must say it is; it belongs to no one collection."""
        return ObjectLabel("kept", self.store_id, CollectionId(""), object_id, 1, term, 0)

    def joint_key(self, sources: Iterable[StoredDocument]) -> Key:
        """The key of what was made from several documents: with one of theirs gone, it is too.

        Raises:
            SealBroken, StoreDamaged: a key was changed or moved.
        """
        ordered = sorted(sources, key=lambda stored: stored.facts.id)
        return join([self.document_key(stored) for stored in ordered])

    def _collection_context(self, collection: CollectionId, version: int, term: int) -> Context:
        return Context("key/collection", self.store_id, collection, collection, version, term)

    def _document_context(self, kind: str, facts: Document, term: int) -> Context:
        return Context(kind, self.store_id, facts.collection, facts.id, facts.version, term)
