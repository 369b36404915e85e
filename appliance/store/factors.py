"""Second factors, as the catalogue keeps them: sealed secrets, used codes, tries that failed.

A try is counted in the same transaction that judges it, so nobody gets more of them by asking in
parallel or by breaking off.  Every fifth failure in a row locks the factor, each time for twice as
long as before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from appliance.crypto import totp
from appliance.crypto.context import Context
from appliance.crypto.keyring import Keyring, derive, open_record, seal_record
from appliance.errors import InvariantBroken, NotFound
from appliance.store.shelf import Shelf
from appliance.store.tables import FactorTable, PrincipalTable

_MOMENT = "%Y-%m-%dT%H:%M:%SZ"  # moments compare as texts
TRIES = 5  # in a row, then the factor is locked
LOCKED_FOR = timedelta(minutes=15)  # the first time
LONGEST_LOCK = timedelta(days=1)


class Tried(StrEnum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"  # not even looked at


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor that is in force; its secret stays in the store."""

    uid: int
    made: str  # RFC 3339, UTC
    failures: int  # in a row
    locked_until: str  # RFC 3339, UTC; empty: never locked since the last right code


class SecondFactors:
    """The part of a store that keeps second factors."""

    _shelf: Shelf
    _ring: Keyring

    def factor(self, uid: int) -> Factor | None:
        """A person's factor in force, if they have one."""
        with self._shelf.catalogue.transaction() as session:
            row = session.get(FactorTable, (uid, True))
            if row is None:
                return None
            return Factor(uid, row.made, row.failures, row.locked_until)

    def begin_factor(self, uid: int, secret: bytes, at: datetime) -> None:
        """Keep a secret that is in force once a code of it was seen; one before it stays till then.

        Raises:
            NotFound: this account is not known here.
        """
        with self._shelf.catalogue.transaction() as session:
            if session.get(PrincipalTable, uid) is None:
                raise NotFound("you are not known here", remedy="ask an administrator")
            session.merge(
                FactorTable(
                    uid=uid,
                    confirmed=False,
                    sealed_secret=_seal(self._ring, uid, secret),
                    made=at.strftime(_MOMENT),
                    step=0,
                    failures=0,
                    locked_until="",
                )
            )

    def confirm_factor(self, uid: int, code: str, at: datetime) -> Tried:
        """Put the secret that was begun in force, and end the one before, if this is its code.

        Raises:
            NotFound: none was begun.
        """
        with self._shelf.catalogue.transaction() as session:
            row = session.get(FactorTable, (uid, False))
            if row is None:
                raise NotFound("no second factor was begun", remedy="`appliance factor enrol`")
            tried = _try(self._ring, row, code, at)
            if tried is Tried.RIGHT:
                _put_in_force(session, row)
            return tried

    def use_code(self, uid: int, code: str, at: datetime) -> Tried:
        """Judge a code of the factor in force; a right one is used up.

        Raises:
            InvariantBroken: the person has no factor; ask ``factor`` first.
        """
        with self._shelf.catalogue.transaction() as session:
            row = session.get(FactorTable, (uid, True))
            if row is None:
                raise InvariantBroken("a code was judged without a factor")
            return _try(self._ring, row, code, at)

    def remove_factor(self, uid: int) -> None:
        """Forget a person's factor, and what they began.

        Raises:
            NotFound: there is none.
        """
        with self._shelf.catalogue.transaction() as session:
            rows = [session.get(FactorTable, (uid, confirmed)) for confirmed in (True, False)]
            if not any(rows):
                raise NotFound("there is no second factor", remedy="nothing is to be done")
            for row in filter(None, rows):
                session.delete(row)


def _try(ring: Keyring, row: FactorTable, code: str, at: datetime) -> Tried:
    if row.locked_until and at.strftime(_MOMENT) < row.locked_until:
        return Tried.LOCKED
    secret = _open(ring, row.uid, row.sealed_secret)
    step = totp.matching_step(secret, code.strip().replace(" ", ""), at.timestamp(), row.step)
    if step is not None:
        row.step, row.failures, row.locked_until = step, 0, ""
        return Tried.RIGHT
    row.failures += 1
    if row.failures % TRIES == 0:
        times = min(row.failures // TRIES - 1, 10)
        end = at.astimezone(UTC) + min(LOCKED_FOR * 2**times, LONGEST_LOCK)
        row.locked_until = end.strftime(_MOMENT)
    return Tried.WRONG


def _put_in_force(session: Session, row: FactorTable) -> None:
    session.merge(
        FactorTable(
            uid=row.uid,
            confirmed=True,
            sealed_secret=row.sealed_secret,
            made=row.made,
            step=row.step,
            failures=0,
            locked_until="",
        )
    )
    session.delete(row)


def _seal(ring: Keyring, uid: int, secret: bytes) -> bytes:
    return seal_record(derive(ring.store_key, "factor"), secret, _context(ring, uid))


def _open(ring: Keyring, uid: int, sealed: bytes) -> bytes:
    return open_record(derive(ring.store_key, "factor"), sealed, _context(ring, uid))


def _context(ring: Keyring, uid: int) -> Context:
    return Context("factor", ring.store_id, "", str(uid), 1, 0)
