"""Officers' keys, as the catalogue keeps them: public, and the private part locked by its owner.

The store cannot open the private part; it keeps it so that the officer has it wherever he comes
from.  What the catalogue holds cannot be put back to an older state unseen, so a key that was
retired stays retired.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from sqlalchemy import select

from appliance.errors import NotFound
from appliance.store.people import now
from appliance.store.shelf import Shelf
from appliance.store.tables import OfficerKeyTable


@dataclass(frozen=True, slots=True)
class OfficerKey:
    """One officer's key."""

    name: str  # 32 hex digits of the public key's SHA-256
    uid: int
    public: str  # base64, 1,216 bytes
    made: str  # RFC 3339, UTC
    retired: str = ""  # when nothing more was sealed to it; empty: in force


class OfficerKeys:
    """The part of a store that keeps officers' keys."""

    _shelf: Shelf

    def officer_keys(self) -> tuple[OfficerKey, ...]:
        """Every key, the oldest first, retired ones too."""
        with self._shelf.catalogue.transaction() as session:
            order = select(OfficerKeyTable).order_by(OfficerKeyTable.made, OfficerKeyTable.name)
            return tuple(map(_shown, session.scalars(order)))

    def put_officer_key(self, name: str, uid: int, public: bytes, locked: bytes) -> OfficerKey:
        """Keep a fresh key; the person's key before it is retired."""
        with self._shelf.catalogue.transaction() as session:
            moment = now()
            mine = select(OfficerKeyTable).where(
                OfficerKeyTable.uid == uid, OfficerKeyTable.retired == ""
            )
            for row in session.scalars(mine):
                row.retired = moment
            fresh = OfficerKeyTable(
                name=name,
                uid=uid,
                public=base64.b64encode(public).decode("ascii"),
                locked=locked,
                made=moment,
                retired="",
            )
            session.add(fresh)
            return _shown(fresh)

    def retire_officer_key(self, name: str) -> OfficerKey:
        """From now on nothing is sealed to this key; it still opens what it opened.

        Raises:
            NotFound: there is none of this name in force.
        """
        with self._shelf.catalogue.transaction() as session:
            row = session.get(OfficerKeyTable, name)
            if row is None or row.retired:
                raise NotFound("there is no such key in force", remedy="`appliance audit key list`")
            row.retired = now()
            return _shown(row)

    def locked_officer_key(self, name: str) -> bytes:
        """The private part of a key, locked by its owner's passphrase.

        Raises:
            NotFound: there is none of this name.
        """
        with self._shelf.catalogue.transaction() as session:
            row = session.get(OfficerKeyTable, name)
            if row is None:
                raise NotFound("there is no such key", remedy="`appliance audit key list`")
            return row.locked


def _shown(row: OfficerKeyTable) -> OfficerKey:
    return OfficerKey(row.name, row.uid, row.public, row.made, row.retired)
