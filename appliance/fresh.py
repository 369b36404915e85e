"""A fresh second factor: some acts ask for a one-time code of whoever has set one up.

The code comes with the call, or is given to `Factors.check` on the same connection.  It counts for
a few minutes after the last act that asked for it, so that an export of many documents is one
ceremony; it is never carried over to another connection.  Every code that is judged is on record.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from appliance.audit.log import AuditLog
from appliance.audit.records import Actor, Kind
from appliance.errors import FactorNeeded
from appliance.store.factors import TRIES, Tried
from appliance.store.store import Store

ASKING = frozenset(  # the acts that ask for it
    {
        "break_glass_open",
        "export",
        "factor_enrol",
        "factor_remove",
        "period_destroy",
        "policy_approve",
        "policy_propose",
        "retention_remove",
    }
)
FRESH_FOR = timedelta(minutes=5)  # since the last act that asked
LONGEST_FRESH = timedelta(hours=8)  # since the code was given


class Freshness:
    """Whether one person, on one connection, has shown a second factor."""

    def __init__(self, store: Store, log: AuditLog, actor: Actor, code: str) -> None:
        """``code`` came with the call; empty: none."""
        self._store, self._log, self._actor, self._code = store, log, actor, code
        self._given = self._used = float("-inf")  # by the monotonic clock

    def need(self) -> bool:
        """Return whether a factor was shown; False: this person has none.

        Raises:
            FactorNeeded: none was given, or it is not right.
        """
        if self._store.factor(self._actor.uid) is None:
            return False
        now = time.monotonic()
        idle, whole = now - self._used, now - self._given
        if idle > FRESH_FOR.total_seconds() or whole > LONGEST_FRESH.total_seconds():
            code, self._code = self._code, ""
            if not code:
                raise FactorNeeded(
                    "this needs a fresh one-time code of your second factor",
                    remedy="give it with --code, or type it when you are asked",
                )
            self.check(code)
        self._used = now
        return True

    def check(self, code: str) -> None:
        """Judge a code of the factor in force; the verdict is on record.

        Raises:
            FactorNeeded: it is not right, was used before, or nobody looks at it for a while.
        """
        self._judged(self._store.use_code(self._actor.uid, code, datetime.now(UTC)))
        self._given = self._used = time.monotonic()

    def confirm(self, code: str) -> None:
        """Put the factor that was begun in force, if this is its code.

        Raises:
            FactorNeeded: it is not.
            NotFound: none was begun.
        """
        self._judged(self._store.confirm_factor(self._actor.uid, code, datetime.now(UTC)))
        self._given = self._used = time.monotonic()

    def _judged(self, tried: Tried) -> None:
        status = "done" if tried is Tried.RIGHT else "denied"
        self._log.event(Kind.SECURITY, "factor_check", self._actor, status=status)
        if tried is Tried.RIGHT:
            return
        found = self._store.factor(self._actor.uid)
        if tried is Tried.WRONG and found and found.failures and found.failures % TRIES == 0:
            counts = {"failures": found.failures}
            self._log.event(Kind.SECURITY, "too_many_failures", self._actor, counts=counts)
        if tried is Tried.LOCKED:
            until = found.locked_until if found else "later"
            raise FactorNeeded(
                f"too many wrong codes: none is taken until {until}",
                remedy="wait, or ask an administrator to remove your second factor",
            )
        raise FactorNeeded(
            "the one-time code is not right, or was used before",
            remedy="wait for the next one; the clocks of both may differ by half a minute",
        )
