"""Rows of grants, walls and broken glass: what stands between people and collections."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from appliance.documents import CollectionId
from appliance.store.records import Grant, Opening, PersonFacts, PrincipalRow, Wall
from appliance.store.tables import GrantTable, OpeningTable, WallTable


def add(session: Session, row: Grant | Wall | Opening) -> None:
    """One more row."""
    tables = {Grant: GrantTable, Wall: WallTable, Opening: OpeningTable}
    session.add(tables[type(row)](**asdict(row)))


def remove_grant(session: Session, id: str) -> bool:
    """End a grant; whether there was one."""
    return _removed(session, session.get(GrantTable, id))


def remove_wall(session: Session, id: str) -> bool:
    """Take a wall down; whether there was one."""
    return _removed(session, session.get(WallTable, id))


def review(session: Session, id: str, by: int, when: str) -> bool:
    """Say who looked at an opening; whether there was one that nobody had looked at."""
    row = session.get(OpeningTable, id)
    if row is None or row.reviewed_by is not None:
        return False
    row.reviewed_by, row.reviewed = by, when
    return True


def _removed(session: Session, row: GrantTable | WallTable | None) -> bool:
    if row is not None:
        session.delete(row)
    return row is not None


def of_person(session: Session, row: PrincipalRow) -> PersonFacts:
    """What stands between one person and the collections."""
    subjects = sorted(row.subjects)
    return PersonFacts(
        row,
        grants(session, GrantTable.subject.in_(subjects)),
        walls(session, WallTable.subject.in_(subjects)),
        openings(session, OpeningTable.uid == row.uid),
    )


def grants(session: Session, where: ColumnElement[bool] | None = None) -> tuple[Grant, ...]:
    """Grants, the oldest first."""
    chosen = select(GrantTable).where(true() if where is None else where)
    rows = session.scalars(chosen.order_by(GrantTable.made, GrantTable.id))
    return tuple(
        Grant(
            r.id,
            r.subject,
            CollectionId(r.collection),
            r.relation,
            r.contributes,
            r.expires,
            r.made_by,
            r.made,
        )
        for r in rows
    )


def walls(session: Session, where: ColumnElement[bool] | None = None) -> tuple[Wall, ...]:
    """Walls, the oldest first."""
    chosen = select(WallTable).where(true() if where is None else where)
    rows = session.scalars(chosen.order_by(WallTable.made, WallTable.id))
    return tuple(
        Wall(r.id, r.subject, CollectionId(r.collection), r.sealed_reason, r.made_by, r.made)
        for r in rows
    )


def openings(session: Session, where: ColumnElement[bool] | None = None) -> tuple[Opening, ...]:
    """Openings, the oldest first."""
    chosen = select(OpeningTable).where(true() if where is None else where)
    rows = session.scalars(chosen.order_by(OpeningTable.opened, OpeningTable.id))
    return tuple(
        Opening(
            r.id,
            r.uid,
            CollectionId(r.collection),
            r.sealed_reason,
            r.opened,
            r.expires,
            r.reviewed_by,
            r.reviewed,
        )
        for r in rows
    )
