"""A fresh second factor: some acts ask for a one-time code of whoever has set one up.

The code comes with the call, or is given to `Factors.check`.  It counts for the command that is
under way, however many acts that has, and in a console for a few minutes after the last act that
asked.  A command that uses several connections shows on each of them the pass that `check` gave it:
a random word that the open store remembers and that only the same account can show.  Every code
that is judged is on record.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

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
FRESH_FOR = timedelta(minutes=5)  # in a console, since the last act that asked
LONGEST_FRESH = timedelta(hours=8)  # since the code was given
_CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class _Pass:
    uid: int
    given: float  # by the monotonic clock


_PASSES: WeakKeyDictionary[AuditLog, dict[str, _Pass]] = WeakKeyDictionary()  # while it is open


class Freshness:
    """Whether one person, on one connection, has shown a second factor."""

    def __init__(self, store: Store, log: AuditLog, actor: Actor, code: str) -> None:
        """``code``, or a pass, came with the call; empty: neither."""
        self._store, self._log, self._actor, self._code = store, log, actor, code
        self._given = self._used = float("-inf")  # by the monotonic clock

    def need(self) -> bool:
        """Return whether a factor was shown; False: this person has none.

        Raises:
            FactorNeeded: none was given, or it is not right.
        """
        if self._store.factor(self._actor.uid) is None:
            return False
        if not self._is_fresh():
            shown, self._code = self._code, ""
            if not shown:
                raise FactorNeeded(
                    "this needs a fresh one-time code of your second factor",
                    remedy="give it with --code, or type it when you are asked",
                )
            if not self._passed(shown):
                self.check(shown)
        self._used = time.monotonic()
        return True

    def check(self, code: str) -> str:
        """Judge a code of the factor in force; the verdict is on record.

        Returns:
            A pass for other connections of the same command.

        Raises:
            FactorNeeded: it is not right, was used before, or nobody looks at it for a while.
        """
        self._judged(self._store.use_code(self._actor.uid, code, datetime.now(UTC)))
        return self._given_now()

    def confirm(self, code: str) -> None:
        """Put the factor that was begun in force, if this is its code.

        Raises:
            FactorNeeded: it is not.
            NotFound: none was begun.
        """
        self._judged(self._store.confirm_factor(self._actor.uid, code, datetime.now(UTC)))
        self._given_now()

    def _is_fresh(self) -> bool:
        now = time.monotonic()
        idle = now - self._used if self._actor.via == _CONSOLE else 0.0
        whole = now - self._given
        return idle <= FRESH_FOR.total_seconds() and whole <= LONGEST_FRESH.total_seconds()

    def _given_now(self) -> str:
        self._given = self._used = time.monotonic()
        made = secrets.token_hex(16)
        passes = _PASSES.setdefault(self._log, {})
        for old, one in tuple(passes.items()):
            if self._given - one.given > LONGEST_FRESH.total_seconds():
                passes.pop(old, None)
        passes[made] = _Pass(self._actor.uid, self._given)
        return made

    def _passed(self, shown: str) -> bool:
        """Whether this is a pass that the same account was given, and not too long ago."""
        one = _PASSES.get(self._log, {}).get(shown)
        if one is None or one.uid != self._actor.uid:
            return False
        self._given = self._used = one.given
        return self._is_fresh()

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
