"""Which events a review looks at: all that must be, the riskier ones rather, some by chance. Pure.

The draw is seeded with the log's root at the size that is under review, so whoever has the log can
draw it again and see that nobody chose what to look at.  The riskier ones are drawn with chances
in proportion to their weight and without putting back (Efraimidis and Spirakis, "Weighted random
sampling with a reservoir", 2006), the others evenly among what is left.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from heapq import heappush, heappushpop

from appliance.audit.events import Event
from appliance.audit.records import Kind

MANY_DOCUMENTS = 50  # of one event
FIRST_HOUR, LAST_HOUR = 6, 20  # office hours, UTC, Monday to Friday, the end excluded
SATURDAY = 5


class Manner(StrEnum):
    """How an event came into the sample."""

    ALWAYS = "always"
    RISK = "risk"
    CHANCE = "chance"


class Reason(StrEnum):
    """What makes an event worth a look."""

    GLASS = "broken glass"
    DENIED = "denied"
    SECURITY = "security"
    LEAVES = "leaves the machine"
    RIGHTS = "rights, policies or keys"
    ERASED = "erased"
    MANY = "many documents"
    HOURS = "outside office hours"
    ENDED_BADLY = "failed or interrupted"


_ALWAYS = frozenset(  # standing alone: what only people with a duty do, and what must never happen
    {
        "break_glass",
        "invariant_broken",
        "key_change",
        "period_destroy",
        "policy_approve",
        "retention_remove",
        "rollback_found",
        "scope_broken",
    }
)
_ACTIONS = {
    **dict.fromkeys(("break_glass_open", "break_glass"), Reason.GLASS),
    **dict.fromkeys(("export", "audit_export"), Reason.LEAVES),
    **dict.fromkeys(("delete", "retention_remove", "period_destroy"), Reason.ERASED),
    **dict.fromkeys(("user_change", "role_change", "grant_change"), Reason.RIGHTS),
    **dict.fromkeys(("wall_change", "label_change", "policy_propose"), Reason.RIGHTS),
    **dict.fromkeys(("policy_approve", "key_change", "factor_remove"), Reason.RIGHTS),
    **dict.fromkeys(("officer_key_publish", "officer_key_share"), Reason.RIGHTS),
}
_WEIGHTS = {
    Reason.GLASS: 20,
    Reason.SECURITY: 8,
    Reason.LEAVES: 8,
    Reason.DENIED: 6,
    Reason.RIGHTS: 6,
    Reason.ERASED: 6,
    Reason.MANY: 4,
    Reason.HOURS: 3,
    Reason.ENDED_BADLY: 2,
}
_GLASS_POLICIES = frozenset({"health-break-glass", "health-opened"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """One event of a sample, and why it is in it."""

    event: Event
    manner: Manner
    reasons: tuple[Reason, ...]


def reasons(event: Event) -> tuple[Reason, ...]:
    """What makes an event worth a look, in the order of `Reason`; most have nothing."""
    decided = event.decision.policies if event.decision else ()
    signs = {
        _ACTIONS.get(event.action),
        Reason.GLASS if _GLASS_POLICIES & set(decided) else None,
        Reason.DENIED if event.denied else None,
        Reason.SECURITY if event.kind is Kind.SECURITY else None,
        Reason.MANY if len(event.documents) >= MANY_DOCUMENTS else None,
        Reason.HOURS if event.kind is Kind.INTENT and _outside_hours(event.time) else None,
        Reason.ENDED_BADLY if event.status in ("failed", "interrupted") else None,
    }
    return tuple(reason for reason in Reason if reason in signs)


def weight(event: Event) -> int:
    """The chance of an event against that of an ordinary one, which has 1."""
    return 1 + sum(_WEIGHTS[reason] for reason in reasons(event))


def draw(events: Iterable[Event], seed: bytes, risky: int, chance: int) -> tuple[Drawn, ...]:
    """The sample, by number.

    Memory grows with the sample and with what is always in it, not with the log.

    Args:
        events: what is under review, in any order.
        seed: the log's root.
        risky: how many are drawn by weight.
        chance: how many are drawn evenly from what is left.
    """
    always: list[Event] = []
    by_risk, by_chance = _Lowest(risky), _Lowest(risky + chance)
    for event in events:
        if event.action in _ALWAYS and event.kind is not Kind.INTENT:
            always.append(event)
            continue
        by_risk.offer(-math.log(_uniform(seed, b"risk", event.seq)) / weight(event), event)
        by_chance.offer(_uniform(seed, b"chance", event.seq), event)
    chosen = {event.seq for event in by_risk.events()}
    left = [event for event in by_chance.events() if event.seq not in chosen]
    found = [
        *((event, Manner.ALWAYS) for event in always),
        *((event, Manner.RISK) for event in by_risk.events()),
        *((event, Manner.CHANCE) for event in left[:chance]),
    ]
    drawn = (Drawn(event, manner, reasons(event)) for event, manner in found)
    return tuple(sorted(drawn, key=lambda one: one.event.seq))


class _Lowest:
    """Keeps the events with the lowest keys."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[float, int, Event]] = []  # the highest key first

    def offer(self, key: float, event: Event) -> None:
        entry = (-key, event.seq, event)
        if len(self._heap) < self._most:
            heappush(self._heap, entry)
        elif self._most:
            heappushpop(self._heap, entry)

    def events(self) -> list[Event]:
        """The lowest key first."""
        return [event for _, _, event in sorted(self._heap, key=lambda one: (-one[0], one[1]))]


def _uniform(seed: bytes, what: bytes, seq: int) -> float:
    """A number in (0, 1) that nobody could choose: HMAC-SHA-256 of the event's under the root."""
    message = b"appliance/review/v1\x00" + what + seq.to_bytes(8, "big")
    digest = hmac.digest(seed, message, "sha256")
    return ((int.from_bytes(digest[:8], "big") >> 11) + 0.5) / 2**53


def _outside_hours(time: str) -> bool:
    day = datetime.fromisoformat(time[:10]).weekday()
    return day >= SATURDAY or not FIRST_HOUR <= int(time[11:13]) < LAST_HOUR
