"""The officers' keys, as use cases: publish, share, retire; and redaction by destroying a period.

A private key is made and used on its owner's side only: what comes here is public, or locked by
the owner's passphrase (crypto/passlock.py), or sealed to another officer.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.access.policy import Decision
from appliance.app.acts import APPLIANCE, Acts
from appliance.app.governance.two_persons import TwoPersons
from appliance.audit.log import AuditLog
from appliance.audit.periods import PeriodKey, Recipient, Wrap, name_of
from appliance.audit.records import Kind
from appliance.crypto import hpke, passlock
from appliance.errors import Denied, NotFound, UsageError
from appliance.store.officer_keys import OfficerKey
from appliance.store.store import Store

KEY_NAME = "officer"  # what an officer's private key is locked as
_OFFICER = "officer"  # the role
_SHORTEST = 4  # characters of a key's name that may stand for the whole


@dataclass(frozen=True, slots=True)
class KeyShown:
    """An officer's key in words."""

    name: str
    who: str
    public: str  # base64
    made: str
    retired: str  # empty: in force
    periods: tuple[int, ...]  # that it opens


@dataclass(frozen=True, slots=True)
class Shared:
    """A period's private key, as one officer sealed it to another."""

    period: int
    sealed: str  # base64


@dataclass(frozen=True, slots=True)
class Destroyed:
    """How far the destruction of a period's key has come."""

    period: int
    done: bool  # else it waits for a second person


def roster(store: Store) -> tuple[Recipient, ...]:
    """The keys that a new period is sealed to: those in force, of people who are officers now."""
    people = {row.uid for row in store.principals() if _OFFICER in row.roles}
    found = (key for key in store.officer_keys() if not key.retired and key.uid in people)
    return tuple(Recipient(key.uid, key.public) for key in found)


def unrecorded(log: AuditLog) -> tuple[int, ...]:
    """Periods whose file is not the one that the log says was written last, or is missing.

    An older file of a period that is put back carries a keyed hash that fits; this finds it.  What
    stood in a removed part of the log is not missed.
    """
    said: dict[int, str] = {}
    for kind in (Kind.SYSTEM, Kind.ADMIN):
        for record in log.records(kind):
            if record.action in {"create_log", "period_begin"} and record.result:
                number = dict(record.result.counts).get("period", 1)
                said[number] = record.result.status
    there = {one.number: log.periods.digest_of(one) for one in log.periods.every()}
    removed = next(log.records()).seq > 0
    known = {*said} if removed else {*said, *there}
    return tuple(sorted(n for n in known if said.get(n) != there.get(n)))


class Officers:
    """The use cases around officers' keys."""

    def __init__(self, acts: Acts, home: Path) -> None:
        self._acts, self._store, self._log = acts, acts.store, acts.log
        self._both = TwoPersons(acts, home)

    def known_keys(self) -> tuple[KeyShown, ...]:
        """Every officer's key, and what it opens."""
        with self._acts.act("officer_list", decision=self._decide("officer_list")):
            return tuple(map(self._shown, self._store.officer_keys()))

    def periods(self) -> tuple[PeriodKey, ...]:
        """Every period, with its private key as it is sealed to the officers."""
        with self._acts.act("officer_list", decision=self._decide("officer_list")):
            return self._log.periods.every()

    def sealed_key(self) -> bytes:
        """The caller's own private key, locked by the caller's passphrase.

        Raises:
            NotFound: the caller has none.
        """
        with self._acts.act("officer_list", decision=self._decide("officer_list")):
            mine = [k for k in self._store.officer_keys() if k.uid == self._acts.actor.uid]
            in_force = [key for key in mine if not key.retired]
            if not mine:
                raise NotFound("you have no officer's key", remedy="`appliance audit key new`")
            return self._store.locked_officer_key((in_force or mine)[-1].name)

    def publish(self, public: bytes, sealed: bytes) -> KeyShown:
        """Publish the caller's key; the one before is retired, and a new period begins.

        Periods that the store could still open itself are handed over to the first officer's key.

        Args:
            public: 1,216 bytes.
            sealed: the private key, locked by the caller's passphrase.

        Raises:
            UsageError: they are no keys.
        """
        action = "officer_key_publish"
        with self._acts.act(action, decision=self._decide(action)) as act:
            recipient = self._checked(public, sealed)
            actor = self._acts.actor
            key = self._store.put_officer_key(recipient.name, actor.uid, public, sealed)
            self._tell(action, key.name)
            self._begin()
            act.counts["handed_over"] = self._log.periods.hand_over(
                recipient, self._log.tell_period
            )
            return self._shown(key)

    def share(self, name: str, shares: Sequence[Shared]) -> KeyShown:
        """Give another officer's key the periods that the caller's opens.

        Raises:
            NotFound: there is no such key in force.
            Denied: the caller does not open one of these periods.
        """
        action = "officer_key_share"
        with self._acts.act(action, decision=self._decide(action)) as act:
            key = self._named(name)
            if key.name not in {one.name for one in roster(self._store)}:
                raise NotFound("this key is not in force", remedy="`appliance audit key list`")
            mine = {k.name for k in self._store.officer_keys() if k.uid == self._acts.actor.uid}
            for one in shares:
                period = self._log.periods.numbered(one.period)
                if not mine & {wrap.officer for wrap in period.wraps}:
                    raise Denied("you cannot open this period", remedy="share what you open")
            self._tell(action, key.name)
            for one in shares:
                wrap = Wrap(key.name, one.sealed)
                self._log.periods.share(one.period, wrap, self._log.tell_period)
            act.counts["periods"] = len(shares)
            return self._shown(key)

    def retire(self, name: str) -> KeyShown:
        """Nothing more is sealed to a key; a new period begins.

        Raises:
            NotFound: there is no such key in force.
            Denied: it is the last one, and nobody could read the log any more.
        """
        action = "officer_key_retire"
        with self._acts.act(action, decision=self._decide(action)):
            key = self._named(name)
            if {one.name for one in roster(self._store)} == {key.name}:
                raise Denied(
                    "this is the last officer's key in force",
                    remedy="another officer makes a key first: `appliance audit key new`",
                )
            retired = self._store.retire_officer_key(key.name)
            self._tell(action, key.name)
            self._begin()
            return self._shown(retired)

    def destroy(self, number: int) -> Destroyed:
        """Destroy a period's key: its private strings are gone, the records stay and verify.

        The first person proposes it, a second one does it.  Copies of the folder made before
        still have the key.

        Raises:
            Denied: the period is the one in force, or the proposal waiting is one's own.
            AuditError: there is no such period.
        """
        action = "period_destroy"
        with self._acts.act(action, decision=self._decide(action)) as act:
            period = self._log.periods.numbered(number)
            if period == self._log.periods.current:
                raise Denied("this period is in force", remedy="wait for the month to end")
            if period.destroyed:
                raise UsageError("this period is destroyed", remedy="nothing is to be done")
            act.counts["period"] = number
            what = f"period:{number}"
            if not self._both.approved(action, what):
                return Destroyed(number, done=False)
            self._log.periods.destroy(number, self._log.tell_period)
            self._both.conclude(action, what)
            return Destroyed(number, done=True)

    def _begin(self) -> None:
        self._log.periods.begin(roster(self._store), self._log.tell_period)

    def _tell(self, action: str, name: str) -> None:
        status = f"key:{name}"
        self._log.event(Kind.ADMIN, action, self._acts.actor, status=status)

    def _checked(self, public: bytes, sealed: bytes) -> Recipient:
        wrong = UsageError("this is no officer's key", remedy="`appliance audit key new`")
        if len(public) != hpke.OFFICER_PUBLIC_BYTES or not 0 < len(sealed) <= passlock.LONGEST:
            raise wrong
        try:
            hpke.seal_to_officer(public, b"", b"")
        except ValueError:
            raise wrong from None
        if name_of(public) in {key.name for key in self._store.officer_keys()}:
            raise UsageError("this key is published already", remedy="nothing is to be done")
        return Recipient(self._acts.actor.uid, base64.b64encode(public).decode("ascii"))

    def _named(self, name: str) -> OfficerKey:
        """The key of this name, of a beginning of it, or the one in force of this person."""
        keys = [key for key in self._store.officer_keys() if not key.retired]
        people = {row.uid: row.name for row in self._store.principals()}
        found = [
            key
            for key in keys
            if name in (people.get(key.uid), str(key.uid))
            or (len(name) >= _SHORTEST and key.name.startswith(name))
        ]
        if len(found) != 1:
            raise NotFound("there is no such key in force", remedy="`appliance audit key list`")
        return found[0]

    def _shown(self, key: OfficerKey) -> KeyShown:
        who = self._store.person(key.uid).row.name or str(key.uid)
        opens = (
            period.number
            for period in self._log.periods.every()
            if key.name in {wrap.officer for wrap in period.wraps}
        )
        return KeyShown(key.name, who, key.public, key.made, key.retired, tuple(opens))

    def _decide(self, action: str) -> Decision:
        return self._acts.decide(action, APPLIANCE)
