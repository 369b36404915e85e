"""Second factors as use cases: everybody has one of their own, or none.

A factor is in force once a code of it was seen.  An administrator can take it from somebody who
lost it; nobody can see or set one of somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.access.policy import AccessClass, Decision
from appliance.app.acts import Acts
from appliance.app.governance.governing import Governing
from appliance.audit.records import Kind
from appliance.crypto import totp
from appliance.errors import NotFound

_ENROL, _CHECK, _REMOVE = "factor_enrol", "factor_check", "factor_remove"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What goes into an authenticator program, once; never shown by ``repr``."""

    secret: str  # base32, for typing
    address: str  # otpauth://..., for a QR code

    def __repr__(self) -> str:
        return "Enrolment(hidden)"


class Factors:
    """The use cases of second factors."""

    def __init__(self, acts: Acts) -> None:
        self._acts, self._store = acts, acts.store

    def enrol(self) -> Enrolment:
        """Draw a new secret; `confirm` puts it in force, and ends a factor that was before it.

        Raises:
            FactorNeeded: there is one, and no fresh code of it was given.
            NotFound: this person is not known here.
        """
        with self._acts.act(_ENROL, decision=self._own(_ENROL)):
            secret, actor = totp.new_secret(), self._acts.actor
            self._store.begin_factor(actor.uid, secret, datetime.now(UTC))
            issuer = f"Appliance {self._store.store_id[:4]}"
            account = actor.name or str(actor.uid)
            return Enrolment(totp.base32(secret), totp.address(secret, account, issuer))

    def confirm(self, code: str) -> None:
        """Put the secret that was drawn in force: ``code`` shows that it was taken over.

        Raises:
            FactorNeeded: the code is not right.
            NotFound: nothing was drawn.
        """
        with self._acts.act(_ENROL, decision=self._own(_ENROL)):
            self._acts.fresh.confirm(code)
            self._acts.log.event(Kind.ADMIN, _ENROL, self._acts.actor)

    def check(self, code: str) -> str:
        """Judge a code; a right one counts for the command that is under way.

        Returns:
            A pass, which counts for other connections of the same command as the code does here.

        Raises:
            FactorNeeded: it is not right, or was used before.
            NotFound: this person has no second factor.
        """
        with self._acts.act(_CHECK, decision=self._own(_CHECK)):
            if self._store.factor(self._acts.actor.uid) is None:
                raise NotFound(
                    "you have no second factor", remedy="`appliance factor enrol` sets one up"
                )
            return self._acts.fresh.check(code)

    def ready(self) -> None:
        """Say before long work that its acts will ask for a second factor.

        Raises:
            FactorNeeded: this person has one, and none was given or it is not right.
        """
        with self._acts.act(_CHECK, decision=self._own(_CHECK)):
            self._acts.fresh.need()

    def remove(self, who: str = "") -> None:
        """Forget one's own factor, or as an administrator that of ``who``.

        Raises:
            FactorNeeded: no fresh code of one's own factor was given.
            Denied: it is somebody else's, and the policy does not permit it.
            NotFound: nobody of this name is known here, or there is no factor.
        """
        uid = self._uid(who) if who else self._acts.actor.uid
        mine = uid == self._acts.actor.uid
        decision = self._own(_REMOVE) if mine else Governing(self._acts).decide(_REMOVE)
        with self._acts.act(_REMOVE, decision=decision, private={"user": who} if who else {}):
            if uid is None:
                raise NotFound(
                    "nobody of this name is known here", remedy="see `appliance user list`"
                )
            self._store.remove_factor(uid)
            self._acts.log.event(
                Kind.ADMIN, _REMOVE, self._acts.actor, private={"user": who} if who else {}
            )

    def _own(self, action: str) -> Decision:
        return self._acts.decide(action, AccessClass("", "", flags=frozenset({"own"})))

    def _uid(self, who: str) -> int | None:
        return next((p.uid for p in self._store.principals() if who in (p.name, str(p.uid))), None)
