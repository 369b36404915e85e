"""Rows of documents, their wrapped keys and labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from appliance.documents import CollectionId, Document, DocumentId, Flag
from appliance.errors import NotFound
from appliance.store.records import CollectionKey, Part, StoredDocument
from appliance.store.tables import CollectionKeyTable, DocumentKeyTable, DocumentTable, LabelTable

MOST_NAMED = 500  # ids in a query; above that, one pass over all rows is cheaper than a long list


def put(session: Session, stored: StoredDocument) -> None:
    """Insert a document, or replace the version before it with all that hung on it."""
    facts = stored.facts
    _remove(session, facts.id)
    session.add(
        DocumentTable(
            id=facts.id,
            collection=facts.collection,
            name_key=stored.name_key,
            content_key=stored.content_key,
            version=facts.version,
            media_type=facts.media_type,
            size=facts.size,
            pages=facts.pages,
            characters=facts.characters,
            chunks=facts.chunks,
            gaps=facts.gaps,
            added=facts.added,
            term=stored.term,
            key_version=stored.collection_key.version,
            sealed_name=stored.sealed_name,
            blob=stored.object(Part.BLOB),
            text=stored.object(Part.TEXT),
            index=stored.object(Part.INDEX),
            parent=facts.parent,
            flags=",".join(sorted(facts.flags)),
        )
    )
    session.flush()
    session.add(DocumentKeyTable(document=facts.id, version=facts.version, wrapped=stored.wrapped))
    session.add_all(LabelTable(document=facts.id, key=k, value=v) for k, v in facts.labels)


def erase(session: Session, id: DocumentId) -> None:
    """Delete a document for good; what was attached to it stays, without a parent."""
    children = update(DocumentTable).where(DocumentTable.parent == id)
    session.execute(children.values(parent=None))
    _remove(session, id)


def of_collection(session: Session, collection: CollectionId | None) -> tuple[StoredDocument, ...]:
    """The documents of one collection, or of all, oldest first."""
    if collection is None:
        return _rows(session)
    return _rows(session, DocumentTable.collection == collection)


def by_id(session: Session, id: DocumentId) -> StoredDocument:
    """One document.

    Raises:
        NotFound: there is none.
    """
    found = _first(_rows(session, DocumentTable.id == id))
    if found is None:
        raise NotFound("no such document", remedy="`appliance list` names the documents")
    return found


def by_name(session: Session, collection: CollectionId, name_key: str) -> StoredDocument | None:
    """The document of this name in a collection."""
    same = DocumentTable.name_key == name_key
    return _first(_rows(session, DocumentTable.collection == collection, same))


def by_content(session: Session, collection: CollectionId, content: str) -> StoredDocument | None:
    """The oldest document of this content in a collection."""
    same = DocumentTable.content_key == content
    return _first(_rows(session, DocumentTable.collection == collection, same))


def children(session: Session, id: DocumentId) -> tuple[StoredDocument, ...]:
    """What was attached to a document or packed in it, oldest first."""
    return _rows(session, DocumentTable.parent == id)


def object_ids(session: Session) -> frozenset[str]:
    """The objects of all documents."""
    rows = session.execute(select(DocumentTable.blob, DocumentTable.text, DocumentTable.index))
    return frozenset(object_id for row in rows for object_id in row)


def versions(session: Session, documents: Collection[DocumentId]) -> dict[DocumentId, int]:
    """The versions of those of ``documents`` that are there."""
    query = select(DocumentTable.id, DocumentTable.version)
    if len(documents) <= MOST_NAMED:
        query = query.where(DocumentTable.id.in_(documents))
    found = {DocumentId(id): version for id, version in session.execute(query)}
    return {id: version for id, version in found.items() if id in documents}


def placed(
    session: Session, documents: Collection[DocumentId] | None = None
) -> dict[DocumentId, tuple[CollectionId, tuple[tuple[str, str], ...]]]:
    """Where those of ``documents`` that are there lie, and their labels; None: of all."""
    query = select(DocumentTable.id, DocumentTable.collection)
    if documents is not None and len(documents) <= MOST_NAMED:
        query = query.where(DocumentTable.id.in_(documents))
    rows = session.execute(query)
    found = {id: where for id, where in rows if documents is None or id in documents}
    labels = _labels(session, list(found))
    return {DocumentId(id): (CollectionId(where), tuple(labels[id])) for id, where in found.items()}


def _remove(session: Session, id: DocumentId) -> None:
    """Delete a row; its wrapped key, labels, tasks and lines of the file ledger go (CASCADE)."""
    session.execute(delete(DocumentTable).where(DocumentTable.id == id))


def _rows(session: Session, *where: ColumnElement[bool]) -> tuple[StoredDocument, ...]:
    of_collection = CollectionKeyTable.collection == DocumentTable.collection
    of_version = CollectionKeyTable.version == DocumentTable.key_version
    found = session.execute(
        select(DocumentTable, DocumentKeyTable.wrapped, CollectionKeyTable)
        .join(DocumentKeyTable, DocumentKeyTable.document == DocumentTable.id)
        .join(CollectionKeyTable, of_collection & of_version)
        .where(*where)
        .order_by(DocumentTable.added, DocumentTable.id)
    ).all()
    labels = _labels(session, [row.id for row, _, _ in found])
    return tuple(_stored(row, wrapped, key, labels[row.id]) for row, wrapped, key in found)


def _labels(session: Session, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    query = select(LabelTable.document, LabelTable.key, LabelTable.value)
    query = query.order_by(LabelTable.document, LabelTable.key)
    if len(ids) <= MOST_NAMED:
        query = query.where(LabelTable.document.in_(ids))
    labels: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for document, key, value in session.execute(query):
        labels[document].append((key, value))
    return labels


def _stored(
    row: DocumentTable, wrapped: bytes, key: CollectionKeyTable, labels: list[tuple[str, str]]
) -> StoredDocument:
    facts = Document(
        id=DocumentId(row.id),
        collection=CollectionId(row.collection),
        name="",
        version=row.version,
        media_type=row.media_type,
        size=row.size,
        pages=row.pages,
        characters=row.characters,
        chunks=row.chunks,
        gaps=row.gaps,
        labels=tuple(labels),
        added=row.added,
        parent=None if row.parent is None else DocumentId(row.parent),
        flags=tuple(map(Flag, filter(None, row.flags.split(",")))),
    )
    return StoredDocument(
        facts=facts,
        name_key=row.name_key,
        content_key=row.content_key,
        term=row.term,
        collection_key=CollectionKey(facts.collection, key.version, key.term, key.wrapped),
        wrapped=wrapped,
        sealed_name=row.sealed_name,
        objects=((Part.BLOB, row.blob), (Part.TEXT, row.text), (Part.INDEX, row.index)),
    )


def _first(rows: tuple[StoredDocument, ...]) -> StoredDocument | None:
    return rows[0] if rows else None
