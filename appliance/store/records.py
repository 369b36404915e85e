"""What passes in and out of the store, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.documents import CollectionId, Document, DocumentId


class Part(StrEnum):
    """The sealed objects of a document."""

    BLOB = "blob"  # the original file
    TEXT = "text"  # what was read from it
    INDEX = "index"  # chunks, vectors, word list


class TaskState(StrEnum):
    """Where a task on a document stands; ``done`` is final."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file that was read and indexed, ready to be sealed."""

    collection: CollectionId
    name: str  # path relative to the ingested folder
    media_type: str
    original: bytes
    text: bytes
    index: bytes
    content_key: str  # keyed hash of the original
    pages: int | None
    characters: int
    chunks: int
    gaps: int
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PrincipalRow:
    """One account of the operating system and its roles here."""

    uid: int
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of the batch ledger."""

    document: DocumentId
    task: str  # keyed hash that names the work
    state: TaskState
    reason: str = ""  # why it failed; never content
    result: str = ""  # id of the sealed result, empty unless done


@dataclass(frozen=True, slots=True)
class CollectionKey:
    """One version of a collection's key, wrapped under a term."""

    collection: CollectionId
    version: int
    term: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document's row as it lies in the catalogue, its name still sealed."""

    facts: Document  # with an empty name
    name_key: str  # keyed hash of collection and name, to find the same name again
    content_key: str
    term: int  # in force when it was sealed
    collection_key: CollectionKey  # that wraps its key
    wrapped: bytes  # its key
    sealed_name: bytes
    objects: tuple[tuple[Part, str], ...]  # object ids

    def object(self, part: Part) -> str:
        """The object id of one part."""
        return dict(self.objects)[part]
