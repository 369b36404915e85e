"""Rows of the results that are kept, and of the documents that they were made from."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appliance.documents import DocumentId
from appliance.store.document_rows import MOST_NAMED
from appliance.store.records import KeptRow, SourceLabels
from appliance.store.tables import KeptSourceTable, KeptTable


def put(session: Session, row: KeptRow) -> None:
    """Insert one result with its sources."""
    session.add(KeptTable(id=row.id, object=row.object, term=row.term, added=row.added))
    session.flush()  # the sources refer to it
    labels = {source.document: source.labels for source in row.labels}
    for document, version in row.sources:
        spelled = json.dumps(dict(labels.get(document, ())), sort_keys=True)
        session.add(
            KeptSourceTable(kept=row.id, document=document, version=version, labels=spelled)
        )


def one(session: Session, id: str) -> KeptRow | None:
    """One result."""
    row = session.get(KeptTable, id)
    return None if row is None else _rows(session, [row])[0]


def every(session: Session, prefix: str = "") -> tuple[KeptRow, ...]:
    """The results whose ids begin so, oldest first."""
    query = select(KeptTable).order_by(KeptTable.added, KeptTable.id)
    if prefix:
        query = query.where(func.substr(KeptTable.id, 1, len(prefix)) == prefix)
    return _rows(session, session.scalars(query).all())


def object_ids(session: Session) -> frozenset[str]:
    """The objects of all results that can still be opened."""
    return frozenset(session.scalars(select(KeptTable.object).where(KeptTable.object != "")))


def end_of(session: Session, document: DocumentId) -> tuple[str, ...]:
    """Say of every result made from a document that it is gone; returns its objects."""
    made_from = select(KeptSourceTable.kept).where(KeptSourceTable.document == document)
    rows = session.scalars(
        select(KeptTable).where(KeptTable.id.in_(made_from), KeptTable.object != "")
    ).all()
    ended = tuple(row.object for row in rows)
    for row in rows:
        row.object = ""
    return ended


def _rows(session: Session, found: Sequence[KeptTable]) -> tuple[KeptRow, ...]:
    query = select(KeptSourceTable).order_by(KeptSourceTable.kept, KeptSourceTable.document)
    if len(found) <= MOST_NAMED:
        query = query.where(KeptSourceTable.kept.in_([row.id for row in found]))
    sources: dict[str, list[tuple[DocumentId, int]]] = defaultdict(list)
    labels: dict[str, list[SourceLabels]] = defaultdict(list)
    for row in session.scalars(query):
        document = DocumentId(row.document)
        sources[row.kept].append((document, row.version))
        named = tuple(sorted(json.loads(row.labels).items()))
        labels[row.kept].append(SourceLabels(document, named))
    return tuple(
        KeptRow(
            row.id, tuple(sources[row.id]), row.object, row.term, row.added, tuple(labels[row.id])
        )
        for row in found
    )
