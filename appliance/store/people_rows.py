"""Rows of principals, roles, collections and their keys."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from appliance.documents import Collection, CollectionId
from appliance.store.records import CollectionKey, PrincipalRow
from appliance.store.tables import CollectionKeyTable, CollectionTable, PrincipalTable, RoleTable


def set_roles(session: Session, row: PrincipalRow) -> None:
    """Replace what is known of one account."""
    session.merge(PrincipalTable(uid=row.uid, name=row.name))
    session.flush()
    session.execute(delete(RoleTable).where(RoleTable.uid == row.uid))
    session.add_all(RoleTable(uid=row.uid, role=role) for role in sorted(row.roles))


def principals(session: Session) -> tuple[PrincipalRow, ...]:
    """Every account, by uid."""
    people = session.scalars(select(PrincipalTable).order_by(PrincipalTable.uid)).all()
    return tuple(PrincipalRow(who.uid, who.name, roles(session, who.uid)) for who in people)


def roles(session: Session, uid: int) -> frozenset[str]:
    """The roles of one account; none for an account that is not known."""
    return frozenset(session.scalars(select(RoleTable.role).where(RoleTable.uid == uid)))


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


def collections(session: Session) -> tuple[Collection, ...]:
    """Every collection, by name."""
    rows = session.scalars(select(CollectionTable).order_by(CollectionTable.name))
    return tuple(Collection(CollectionId(r.id), r.name, r.sector, r.created) for r in rows)


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
