"""What passes in and out of the store, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.documents import Collection, CollectionId, Document, DocumentId, Flag


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


class FileState(StrEnum):
    """Where a file of a collection stands; for one content it moves forward only."""

    PENDING = "pending"
    READING = "reading"
    STORED = "stored"
    DUPLICATE = "duplicate"  # its content stands in the collection under another name
    FAILED = "failed"  # tried again by the next run
    QUARANTINED = "quarantined"  # its reader died too often; tried again only when released


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
    parent: DocumentId | None = None  # the mail or file that it lay in
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRow:
    """One line of the file ledger; a part of a file has a line of its own."""

    collection: CollectionId
    file: str  # keyed hash of collection and name
    content: str  # keyed hash of the original
    state: FileState = FileState.PENDING
    deaths: int = 0  # how often its reader died on this content
    reason: str = ""  # why it failed; never content
    document: DocumentId | None = None  # what it became, or what it repeats
    parts: int = 0  # files that it holds
    pages: int = 0
    characters: int = 0
    seconds: float = 0.0  # that taking it in took


@dataclass(frozen=True, slots=True)
class PrincipalRow:
    """One account of the operating system, its roles, teams and purposes of use here."""

    uid: int
    name: str
    roles: frozenset[str]
    teams: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()

    @property
    def subjects(self) -> frozenset[str]:
        """What grants and walls call this person: the account, and every team."""
        return frozenset({user(self.uid), *map(team, self.teams)})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person or a team is to a collection."""

    id: str  # 32 hex digits, random
    subject: str  # user:UID or team:NAME
    collection: CollectionId
    relation: str  # member, counsel, care_team, office, deal_team, wall_crosser, or your own
    contributes: bool  # may put documents in and erase them; else a reader
    expires: str  # RFC 3339, UTC; empty: never
    made_by: int
    made: str


@dataclass(frozen=True, slots=True)
class Wall:
    """A person or a team that is kept from a collection."""

    id: str  # 32 hex digits, random
    subject: str  # user:UID or team:NAME
    collection: CollectionId
    sealed_reason: bytes = field(repr=False)
    made_by: int
    made: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Broken glass: a collection that somebody opened without a grant, to be reviewed."""

    id: str  # 32 hex digits, random
    uid: int
    collection: CollectionId
    sealed_reason: bytes = field(repr=False)
    opened: str  # RFC 3339, UTC
    expires: str
    reviewed_by: int | None = None
    reviewed: str = ""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All that the catalogue says of one person, as of one moment; what has expired is in it."""

    row: PrincipalRow
    grants: tuple[Grant, ...] = ()  # to the account and to its teams
    walls: tuple[Wall, ...] = ()
    openings: tuple[Opening, ...] = ()


def effective(
    collection: tuple[tuple[str, str], ...], own: tuple[tuple[str, str], ...]
) -> dict[str, str]:
    """The labels of a document in a collection: its own go first, but a "yes" of either stays."""
    held = {key: value for key, value in collection if value == "yes"}
    return {**dict(collection), **dict(own), **held}


def user(uid: int) -> str:
    """What grants and walls call an account."""
    return f"user:{uid}"


def team(name: str) -> str:
    """What grants and walls call a team."""
    return f"team:{name}"


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of the batch ledger."""

    document: DocumentId
    task: str  # keyed hash that names the work
    state: TaskState
    reason: str = ""  # why it failed; never content
    result: str = ""  # id of the sealed result, empty unless done


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A result that is kept so that it can be repeated, and what it was made from."""

    id: str  # 32 hex digits, random
    sources: tuple[tuple[DocumentId, int], ...]  # documents and their versions, by id
    object: str  # id of the sealed result; empty: a source was erased or replaced
    term: int
    added: str  # RFC 3339, UTC
    labels: tuple[SourceLabels, ...] = ()  # of each document as it was then, by id


@dataclass(frozen=True, slots=True)
class SourceLabels:
    """How one document was labelled at a moment, with the labels of its collection."""

    document: DocumentId
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """What the policies can tell of one document: where it lies and how it is labelled."""

    document: DocumentId
    where: Collection
    labels: tuple[tuple[str, str], ...]  # its own

    @property
    def effective(self) -> tuple[tuple[str, str], ...]:
        """Its labels with those of its collection, in the order of their keys."""
        return tuple(sorted(effective(self.where.labels, self.labels).items()))


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
