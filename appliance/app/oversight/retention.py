"""How long the audit log is kept, as use cases: what is there, and two persons' removal.

The log is kept in segments.  The first one goes as a whole, once its last record is older than
the retention period, by two persons; what was signed of it stays, and with that the rest of the
log verifies as before (audit/closed.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.access.policy import Decision
from appliance.app.acts import APPLIANCE, Acts
from appliance.app.governance.two_persons import TwoPersons
from appliance.audit import closed, segments
from appliance.audit.checkpoint import origin_of
from appliance.audit.clock import now
from appliance.config import Settings
from appliance.errors import NotFound

_REMOVE = "retention_remove"


@dataclass(frozen=True, slots=True)
class SegmentShown:
    """One full segment of the log."""

    number: int
    records: int
    until: str  # time of its last record, RFC 3339
    expires: str  # when it may be removed
    removed: bool
    proposed_by: tuple[str, ...]  # whose proposal to remove it waits for a second person


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of the log, and for how long."""

    profile: str
    years: int
    records: int  # ever written
    segments: tuple[SegmentShown, ...]  # full ones, the first one first


@dataclass(frozen=True, slots=True)
class Removal:
    """How far the removal of a segment has come."""

    segment: int
    records: int
    done: bool  # else it waits for a second person


class Retention:
    """The use cases around the log's retention."""

    def __init__(self, acts: Acts, settings: Settings) -> None:
        self._acts, self._store, self._log = acts, acts.store, acts.log
        self._settings, self._folder = settings, settings.home / "audit"
        self._both = TwoPersons(acts, settings.home)

    def kept(self) -> Kept:
        """What is there, since when, and from when on it may be removed."""
        with self._acts.act("retention_list", decision=self._decide("retention_list")):
            settings, waiting = self._settings.audit, self._both.waiting(_REMOVE)
            shown = tuple(self._shown(one, waiting) for one in self._full())
            return Kept(settings.profile, settings.years, self._log.size, shown)

    def remove(self) -> Removal:
        """Remove the oldest segment there is, if its time is over; the first person proposes it.

        Raises:
            NotFound: there is none whose time is over.
            Denied: the proposal waiting is one's own.
            FactorNeeded: the person has a second factor, and no fresh code was given.
        """
        with self._acts.act(_REMOVE, decision=self._decide(_REMOVE)) as act:
            oldest = next((one for one in self._full() if not self._gone(one.number)), None)
            if oldest is None or self._expires(oldest.time) > now().time:
                raise NotFound(
                    "there is no segment whose time is over",
                    remedy="`appliance audit retention status` says from when on",
                )
            records = oldest.size - oldest.before
            act.counts["number"] = oldest.number
            what = f"segment:{oldest.number}"
            if not self._both.approved(_REMOVE, what):
                return Removal(oldest.number, records, done=False)
            self._log.remove_segment(self._acts.actor)
            self._both.conclude(_REMOVE, what)
            return Removal(oldest.number, records, done=True)

    def _full(self) -> Iterator[closed.Closed]:
        """What was signed of each full segment."""
        origin, number = origin_of(self._store.store_id), 0
        while one := closed.read(self._folder, number, origin, self._log.public_key):
            yield one
            number += 1

    def _shown(self, one: closed.Closed, waiting: dict[str, frozenset[int]]) -> SegmentShown:
        gone = self._gone(one.number)
        proposers = waiting.get(f"segment:{one.number}", frozenset())
        names = tuple(sorted(self._store.person(uid).row.name or str(uid) for uid in proposers))
        expires = self._expires(one.time)
        return SegmentShown(one.number, one.size - one.before, one.time, expires, gone, names)

    def _expires(self, time: str) -> str:
        """The same day, so many years later; the two compare as texts."""
        return f"{int(time[:4]) + self._settings.audit.years:04d}{time[4:]}"

    def _gone(self, number: int) -> bool:
        return not segments.segment(self._folder, number).exists()

    def _decide(self, action: str) -> Decision:
        return self._acts.decide(action, APPLIANCE)
