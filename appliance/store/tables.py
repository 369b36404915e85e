"""The catalogue's tables. Everything in them lies inside SQLCipher; no text of a document does.

Names of documents are sealed a second time, under the document's own key, so that erasing the key
erases the name.  A document's wrapped key is a row of its own, which erasure overwrites.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = 5  # number of this layout


class Base(DeclarativeBase):
    """Metadata of the catalogue."""


class MetaTable(Base):
    """Facts about the catalogue itself: ``schema`` and ``store``."""

    __tablename__ = "meta"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class PrincipalTable(Base):
    """Accounts of the operating system that are known here."""

    __tablename__ = "principals"
    uid: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]


class RoleTable(Base):
    """Which roles a principal has."""

    __tablename__ = "roles"
    uid: Mapped[int] = mapped_column(ForeignKey("principals.uid"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class TeamTable(Base):
    """Which teams a principal belongs to."""

    __tablename__ = "teams"
    uid: Mapped[int] = mapped_column(ForeignKey("principals.uid"), primary_key=True)
    team: Mapped[str] = mapped_column(primary_key=True)


class PurposeTable(Base):
    """For which purposes of use a principal may ask."""

    __tablename__ = "purposes"
    uid: Mapped[int] = mapped_column(ForeignKey("principals.uid"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)


class FactorTable(Base):
    """Second factors: the one in force of each person, and one that was not confirmed yet."""

    __tablename__ = "factors"
    uid: Mapped[int] = mapped_column(ForeignKey("principals.uid"), primary_key=True)
    confirmed: Mapped[bool] = mapped_column(primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    made: Mapped[str]
    step: Mapped[int]  # whose code was used last
    failures: Mapped[int]  # since then
    locked_until: Mapped[str]


class OfficerKeyTable(Base):
    """Keys of officers, to which the audit log's periods are sealed; see officer_keys.py."""

    __tablename__ = "officer_keys"
    name: Mapped[str] = mapped_column(primary_key=True)
    uid: Mapped[int] = mapped_column(ForeignKey("principals.uid"))
    public: Mapped[str]
    locked: Mapped[bytes] = mapped_column(LargeBinary)
    made: Mapped[str]
    retired: Mapped[str]


class CollectionTable(Base):
    """Legal matters, patients, deals.

    Names are not unique: a name that is refused would tell that there is a collection of it.
    """

    __tablename__ = "collections"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    sector: Mapped[str]
    created: Mapped[str]


class CollectionLabelTable(Base):
    """Labels and holds of collections; every document in one has them, too."""

    __tablename__ = "collection_labels"
    collection: Mapped[str] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class GrantTable(Base):
    """What a person or a team is to a collection; ``subject`` is ``user:UID`` or ``team:NAME``."""

    __tablename__ = "grants"
    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(index=True)
    collection: Mapped[str] = mapped_column(ForeignKey("collections.id"))
    relation: Mapped[str]
    contributes: Mapped[bool]
    expires: Mapped[str]
    made_by: Mapped[int]
    made: Mapped[str]


class WallTable(Base):
    """Which person or team is kept from a collection, whatever else they were given."""

    __tablename__ = "walls"
    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(index=True)
    collection: Mapped[str] = mapped_column(ForeignKey("collections.id"))
    sealed_reason: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[int]
    made: Mapped[str]


class OpeningTable(Base):
    """Break-glass: who opened a collection that is not theirs, why, until when, seen by whom."""

    __tablename__ = "openings"
    id: Mapped[str] = mapped_column(primary_key=True)
    uid: Mapped[int] = mapped_column(ForeignKey("principals.uid"), index=True)
    collection: Mapped[str] = mapped_column(ForeignKey("collections.id"))
    sealed_reason: Mapped[bytes] = mapped_column(LargeBinary)
    opened: Mapped[str]
    expires: Mapped[str]
    reviewed_by: Mapped[int | None]
    reviewed: Mapped[str]


class CollectionKeyTable(Base):
    """Wrapped collection keys; the highest version wraps new documents."""

    __tablename__ = "collection_keys"
    collection: Mapped[str] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    term: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentTable(Base):
    """One row per document, of its newest version."""

    __tablename__ = "documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collection", "key_version"], ["collection_keys.collection", "collection_keys.version"]
        ),
        ForeignKeyConstraint(  # looked at only in the end: a new version is put for the old
            ["parent"], ["documents.id"], deferrable=True, initially="DEFERRED"
        ),
        UniqueConstraint("collection", "name_key"),
        Index("documents_by_content", "collection", "content_key"),
        Index("documents_by_parent", "parent"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    collection: Mapped[str]
    name_key: Mapped[str]
    content_key: Mapped[str]
    version: Mapped[int]
    media_type: Mapped[str]
    size: Mapped[int]
    pages: Mapped[int | None]
    characters: Mapped[int]
    chunks: Mapped[int]
    gaps: Mapped[int]
    added: Mapped[str]
    term: Mapped[int]
    key_version: Mapped[int]
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    blob: Mapped[str]
    text: Mapped[str]
    index: Mapped[str] = mapped_column("index_object")
    parent: Mapped[str | None]
    flags: Mapped[str]  # sorted, with commas between


class DocumentKeyTable(Base):
    """Wrapped document keys."""

    __tablename__ = "document_keys"
    document: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


class LabelTable(Base):
    """Labels of documents: classification, kind, privileged, ..."""

    __tablename__ = "labels"
    document: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class FileTable(Base):
    """The file ledger: one row per file of a collection, and per file that lies in one."""

    __tablename__ = "files"
    collection: Mapped[str] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    file: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
    state: Mapped[str]
    deaths: Mapped[int]
    reason: Mapped[str]
    document: Mapped[str | None] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    parts: Mapped[int]
    pages: Mapped[int]
    characters: Mapped[int]
    seconds: Mapped[float]


class TaskTable(Base):
    """The batch ledger: one row per task on a document."""

    __tablename__ = "tasks"
    document: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    task: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str]
    result: Mapped[str]


class KeptTable(Base):
    """Results that can be repeated; ``object`` is empty once a source was erased or replaced."""

    __tablename__ = "kept"
    id: Mapped[str] = mapped_column(primary_key=True)
    object: Mapped[str]
    term: Mapped[int]
    added: Mapped[str]


class KeptSourceTable(Base):
    """The documents that a result was made from; they may be gone since.

    ``labels``: a JSON object of what each was labelled then, its collection's labels with it.
    """

    __tablename__ = "kept_sources"
    kept: Mapped[str] = mapped_column(ForeignKey("kept.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[str] = mapped_column(primary_key=True, index=True)
    version: Mapped[int]
    labels: Mapped[str]


AUTHORITY = (
    PrincipalTable,
    RoleTable,
    TeamTable,
    PurposeTable,
    FactorTable,
    OfficerKeyTable,
    CollectionTable,
    CollectionLabelTable,
    GrantTable,
    WallTable,
    OpeningTable,
    CollectionKeyTable,
    DocumentTable,
    DocumentKeyTable,
    LabelTable,
    KeptTable,
    KeptSourceTable,
)  # what decides who may read what, and whether it can be read at all
