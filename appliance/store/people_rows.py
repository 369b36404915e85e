"""Rows of principals, their roles, teams and purposes, collections and their keys."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from appliance.documents import Collection, CollectionId
from appliance.store.document_rows import MOST_NAMED
from appliance.store.records import CollectionKey, PrincipalRow
from appliance.store.tables import (
    CollectionKeyTable,
    CollectionLabelTable,
    CollectionTable,
    MetaTable,
    PrincipalTable,
    PurposeTable,
    RoleTable,
    TeamTable,
)

_EPOCH = "epoch"  # the row of table meta that counts changes of who may what


def put_principal(session: Session, row: PrincipalRow) -> None:
    """Replace what is known of one account."""
    session.merge(PrincipalTable(uid=row.uid, name=row.name))
    session.flush()
    for table in (RoleTable, TeamTable, PurposeTable):
        session.execute(delete(table).where(table.uid == row.uid))
    session.add_all(RoleTable(uid=row.uid, role=role) for role in sorted(row.roles))
    session.add_all(TeamTable(uid=row.uid, team=team) for team in sorted(row.teams))
    session.add_all(PurposeTable(uid=row.uid, purpose=word) for word in sorted(row.purposes))


def principals(session: Session) -> tuple[PrincipalRow, ...]:
    """Every account, by uid."""
    people = session.scalars(select(PrincipalTable).order_by(PrincipalTable.uid)).all()
    return tuple(_principal(session, who.uid, who.name) for who in people)


def principal(session: Session, uid: int) -> PrincipalRow:
    """One account; without a name and anything else where it is not known."""
    known = session.get(PrincipalTable, uid)
    if known is None:
        return PrincipalRow(uid, "", frozenset())
    return _principal(session, uid, known.name)


def roles(session: Session, uid: int) -> frozenset[str]:
    """The roles of one account; none for an account that is not known."""
    return frozenset(session.scalars(select(RoleTable.role).where(RoleTable.uid == uid)))


def epoch(session: Session) -> int:
    """How often it was changed who may what."""
    row = session.get(MetaTable, _EPOCH)
    return 0 if row is None else int(row.value)


def next_epoch(session: Session) -> None:
    """Count one more change, in the transaction that makes it."""
    session.merge(MetaTable(name=_EPOCH, value=str(epoch(session) + 1)))


def add_collection(session: Session, collection: Collection, key: CollectionKey) -> None:
    """A new collection with the first version of its key."""
    session.add(
        CollectionTable(
            id=collection.id,
            name=collection.name,
            sector=collection.sector,
            created=collection.created,
        )
    )
    session.flush()
    session.add(
        CollectionKeyTable(
            collection=key.collection, version=key.version, term=key.term, wrapped=key.wrapped
        )
    )
    put_labels(session, collection)


def put_labels(session: Session, collection: Collection) -> None:
    """Replace the labels of a collection."""
    same = CollectionLabelTable.collection == collection.id
    session.execute(delete(CollectionLabelTable).where(same))
    session.add_all(
        CollectionLabelTable(collection=collection.id, key=key, value=value)
        for key, value in collection.labels
    )


def collections(
    session: Session, only: frozenset[CollectionId] | None = None
) -> tuple[Collection, ...]:
    """Every collection, or ``only`` some, by name."""
    labels: dict[str, list[tuple[str, str]]] = defaultdict(list)
    labelled = select(CollectionLabelTable).order_by(CollectionLabelTable.key)
    wanted = select(CollectionTable).order_by(CollectionTable.name)
    if only is not None and len(only) <= MOST_NAMED:
        labelled = labelled.where(CollectionLabelTable.collection.in_(only))
        wanted = wanted.where(CollectionTable.id.in_(only))
    for label in session.scalars(labelled):
        labels[label.collection].append((label.key, label.value))
    rows = session.scalars(wanted)
    return tuple(
        Collection(CollectionId(r.id), r.name, r.sector, r.created, tuple(labels[r.id]))
        for r in rows
    )


def collection_keys(session: Session) -> tuple[CollectionKey, ...]:
    """Every version of every collection key."""
    rows = session.scalars(select(CollectionKeyTable))
    return tuple(
        CollectionKey(CollectionId(r.collection), r.version, r.term, r.wrapped) for r in rows
    )


def newest_key(session: Session, collection: CollectionId) -> CollectionKey | None:
    """The version of a collection's key that wraps new documents."""
    query = select(CollectionKeyTable).where(CollectionKeyTable.collection == collection)
    row = session.scalars(query.order_by(CollectionKeyTable.version.desc()).limit(1)).first()
    if row is None:
        return None
    return CollectionKey(CollectionId(row.collection), row.version, row.term, row.wrapped)


def _principal(session: Session, uid: int, name: str) -> PrincipalRow:
    teams = session.scalars(select(TeamTable.team).where(TeamTable.uid == uid))
    purposes = session.scalars(select(PurposeTable.purpose).where(PurposeTable.uid == uid))
    return PrincipalRow(uid, name, roles(session, uid), frozenset(teams), frozenset(purposes))
