"""Who may what, as the catalogue keeps it: accounts, grants, walls, broken glass.

Every change counts the epoch up in its own transaction, so that whoever keeps decisions knows when
they are stale.  Reasons are content (they speak of matters and patients) and are sealed a second
time, bound to the row and the collection that they belong to.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock

from sqlalchemy.orm import Session

from appliance.crypto.keyring import Keyring
from appliance.documents import Collection, CollectionId, DocumentId
from appliance.errors import NotFound
from appliance.store import document_rows, grant_rows, people_rows
from appliance.store.records import Grant, Opening, PersonFacts, Placed, PrincipalRow, Wall
from appliance.store.seals import open_reason, seal_reason
from appliance.store.shelf import Shelf
from appliance.store.turns import Turns

Places = tuple[tuple[Collection, ...], tuple[Placed, ...]]


class People:
    """The part of a store that knows people and what they are to collections."""

    _ring: Keyring
    _shelf: Shelf
    _epoch: int | None = None  # as read; no other process can change it while the store is open
    _kept_places: tuple[tuple[int, int], Places] | None = None

    @property
    def turns(self) -> Turns:
        """Held alone by every change of who may what, shared by whoever releases a result."""
        return self._shelf.turns

    @property
    def governing(self) -> Lock:
        """Held by whoever changes who may what, from the first look to the change."""
        return self._shelf.governing

    # accounts

    def put_principal(self, row: PrincipalRow) -> None:
        """Replace all that is known of one account of the operating system."""
        with self._change() as session:
            people_rows.put_principal(session, row)

    def set_roles(self, uid: int, roles: frozenset[str], name: str = "") -> None:
        """Replace the roles and the name of one account; its teams and purposes stay."""
        with self._change() as session:
            row = people_rows.principal(session, uid)
            people_rows.put_principal(session, replace(row, name=name, roles=frozenset(roles)))

    def roles(self, uid: int) -> frozenset[str]:
        """The roles of one account; none for an account that is not known."""
        with self._shelf.catalogue.transaction() as session:
            return people_rows.roles(session, uid)

    def principals(self) -> tuple[PrincipalRow, ...]:
        """Every account that is known here, by uid."""
        with self._shelf.catalogue.transaction() as session:
            return people_rows.principals(session)

    def person(self, uid: int) -> PersonFacts:
        """All that decides what one account may, as it stands now."""
        with self._shelf.catalogue.transaction() as session:
            return grant_rows.of_person(session, people_rows.principal(session, uid))

    def epoch(self) -> int:
        """Grows with every change of who may what."""
        known = self._epoch
        if known is None:
            with self._shelf.catalogue.transaction() as session:
                known = self._epoch = people_rows.epoch(session)  # before any change's transaction
        return known

    def placed(self) -> Places:
        """Every collection, and where every document lies; no name of a document is opened.

        Read again after any change of collections, documents or rights.
        """
        moved = (self.epoch(), self._shelf.moved)  # before reading: what changes later is read anew
        kept = self._kept_places
        if kept is not None and kept[0] == moved:
            return kept[1]
        with self._shelf.catalogue.transaction() as session:
            rows = document_rows.placed(session)
            collections = people_rows.collections(session)
        where = {collection.id: collection for collection in collections}
        placed = tuple(Placed(id, where[at], labels) for id, (at, labels) in rows.items())
        self._kept_places = (moved, (collections, placed))
        return collections, placed

    def afresh(
        self, uid: int, documents: Iterable[DocumentId]
    ) -> tuple[PersonFacts, dict[DocumentId, Placed]]:
        """One account, and those of ``documents`` that are there, as they stand at this moment.

        Read from the catalogue in one transaction; nothing that was kept is used.
        """
        with self._shelf.catalogue.transaction() as session:
            facts = grant_rows.of_person(session, people_rows.principal(session, uid))
            rows = document_rows.placed(session, frozenset(documents))
            asked = frozenset(at for at, _ in rows.values())
            where = {c.id: c for c in people_rows.collections(session, asked)}
        return facts, {id: Placed(id, where[at], labels) for id, (at, labels) in rows.items()}

    # collections

    def label_collection(
        self, collection: Collection, labels: tuple[tuple[str, str], ...]
    ) -> Collection:
        """Replace the labels of a collection, a hold among them.

        Raises:
            NotFound: no such collection.
        """
        labelled = replace(collection, labels=tuple(sorted(labels)))
        with self._change() as session:
            self._must_be_there(session, collection.id)
            people_rows.put_labels(session, labelled)
        return labelled

    # grants and walls

    def add_grant(
        self,
        subject: str,
        collection: CollectionId,
        relation: str,
        *,
        contributes: bool,
        by: int,
        expires: str = "",
    ) -> Grant:
        """Let a person or a team (``user:UID``, ``team:NAME``) be something to a collection.

        Raises:
            NotFound: no such collection.
        """
        grant = new_grant(subject, collection, relation, contributes, by, expires)
        with self._change() as session:
            self._must_be_there(session, collection)
            grant_rows.add(session, grant)
        return grant

    def remove_grant(self, id: str) -> None:
        """End a grant.

        Raises:
            NotFound: no such grant.
        """
        with self._change() as session:
            if not grant_rows.remove_grant(session, id):
                raise NotFound("there is no such grant", remedy="see `appliance grant list`")

    def grants(self) -> tuple[Grant, ...]:
        """Every grant, also those that have expired, the oldest first."""
        with self._shelf.catalogue.transaction() as session:
            return grant_rows.grants(session)

    def add_wall(self, subject: str, collection: CollectionId, reason: str, *, by: int) -> Wall:
        """Keep a person or a team from a collection.

        Raises:
            NotFound: no such collection.
        """
        id = secrets.token_hex(16)
        sealed = seal_reason(self._ring, collection, id, reason)
        wall = Wall(id, subject, collection, sealed, by, now())
        with self._change() as session:
            self._must_be_there(session, collection)
            grant_rows.add(session, wall)
        return wall

    def remove_wall(self, id: str) -> None:
        """Take a wall down.

        Raises:
            NotFound: no such wall.
        """
        with self._change() as session:
            if not grant_rows.remove_wall(session, id):
                raise NotFound("there is no such wall", remedy="see `appliance wall list`")

    def walls(self) -> tuple[Wall, ...]:
        """Every wall, the oldest first."""
        with self._shelf.catalogue.transaction() as session:
            return grant_rows.walls(session)

    # broken glass

    def open_glass(self, uid: int, collection: CollectionId, reason: str, expires: str) -> Opening:
        """Open a collection to a known account until ``expires`` (RFC 3339, UTC).

        Raises:
            NotFound: no such collection.
            InvariantBroken: the account is not known.
        """
        id = secrets.token_hex(16)
        sealed = seal_reason(self._ring, collection, id, reason)
        opening = Opening(id, uid, collection, sealed, now(), expires)
        with self._change() as session:
            self._must_be_there(session, collection)
            grant_rows.add(session, opening)
        return opening

    def review_opening(self, id: str, by: int) -> None:
        """Say that somebody looked at an opening.

        Raises:
            NotFound: there is none that waits for a review.
        """
        with self._change() as session:
            if not grant_rows.review(session, id, by, now()):
                raise NotFound(
                    "no opening of this id waits for a review",
                    remedy="see `appliance break-glass list`",
                )

    def openings(self) -> tuple[Opening, ...]:
        """Every opening, the oldest first."""
        with self._shelf.catalogue.transaction() as session:
            return grant_rows.openings(session)

    def reason(self, row: Wall | Opening) -> str:
        """The words in which it was said why.

        Raises:
            SealBroken: changed, or moved from another row.
        """
        return open_reason(self._ring, row.collection, row.id, row.sealed_reason)

    @contextmanager
    def _change(self) -> Iterator[Session]:
        with self.turns.alone():
            try:
                with self._shelf.catalogue.transaction() as session:
                    yield session
                    people_rows.next_epoch(session)
            finally:
                self._epoch = None  # whoever asked meanwhile may have read the old one

    def _must_be_there(self, session: Session, collection: CollectionId) -> None:
        if people_rows.newest_key(session, collection) is None:
            raise NotFound("no such collection", remedy="`appliance collection list` names them")


def new_grant(
    subject: str, collection: CollectionId, relation: str, contributes: bool, by: int, expires: str
) -> Grant:
    """A grant as it is made now."""
    id = secrets.token_hex(16)
    return Grant(id, subject, collection, relation, contributes, expires, by, now())


def now() -> str:
    """This moment, RFC 3339, UTC, in whole seconds; moments compare as texts."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
