"""From observations to a verdict; pure.

Every item is judged by itself and carries its reason.  What could not be looked at is UNKNOWN,
which is never PASS; a canary counts as caught only where the positive control saw the same canary
get out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from appliance.egress.canaries import CANARIES, Attempt, Canary, Outcome
from appliance.egress.facts import FALLBACKS, LOOPBACK, Facts
from appliance.egress.probe import NOT_APART, Observation

CONTROL = "positive control"
FILTERED = 2  # the mode of a system-call filter, proc(5)
CONTROLS = {  # of NIST SP 800-53, revision 5, by item
    "namespace": ("SC-7(21)",),
    "interfaces": ("SC-7(12)", "SC-7(21)"),
    "routes": ("SC-7(5)", "SC-7(12)"),
    "address families": ("SC-7(5)", "AC-4"),
    "system-call filter": ("SC-7(12)", "AC-4"),
    "no new privileges": ("SI-7",),
    "capabilities": ("SC-7(12)", "SI-7"),
    "environment": ("SC-7(10)", "AC-4"),
    "name services": ("SC-7(10)", "AC-4"),
    "counters": ("SC-7(10)",),
    CONTROL: ("SC-7(10)", "SC-7(18)"),
}
_CANARY = ("SC-7(10)", "SC-7(5)")


class Verdict(StrEnum):
    """How one item or all of them stand."""

    PASS = "PASS"  # noqa: S105 -- no password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was looked at: where, what, how it stands, and why.

    ``enforced`` tells what the kernel forbids from what was only seen to be so; ``controls`` are
    the NIST SP 800-53 items that it is evidence for.
    """

    part: str
    name: str
    verdict: Verdict
    reason: str
    enforced: bool = True
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What holds for a part: its own network or not, and which address families it may have.

    ``seen_from`` is the network namespace of whoever checks; ``held`` allows connections that
    begin and stay on loopback, as behind the wall of filtered sockets.
    """

    part: str
    families: frozenset[str]
    seen_from: str = ""
    own_network: bool = True
    held: bool = False


def overall(items: Iterable[Item]) -> Verdict:
    """FAIL where one item fails, PASS only where all pass, and there is one."""
    verdicts = {item.verdict for item in items}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.PASS if verdicts == {Verdict.PASS} else Verdict.UNKNOWN


def unproved(item: Item) -> bool:
    """Whether an item only rests on canaries, and so can be void on a host that holds well."""
    canaries = {f"{canary.kind} by {canary.by}" for canary in CANARIES}
    return item.name in {CONTROL, "counters"} | canaries


def judge(expected: Expected, seen: Observation, control: Observation) -> tuple[Item, ...]:
    """Every item of a part that a probe stood for."""
    return (
        *structure(expected, seen.before),
        _families(expected, seen),
        _environment(expected.part, seen.before),
        _resolvers(expected.part, seen),
        positive_control(expected.part, control),
        *(_caught(expected, canary.kind, canary.by, seen, control) for canary in CANARIES),
        _counters(expected, seen),
    )


def structure(expected: Expected, facts: Facts) -> tuple[Item, ...]:
    """The walls themselves, apart from whether anything tried them."""
    own = (
        (_namespace(expected, facts), _devices(expected.part, facts), _routes(expected.part, facts))
        if expected.own_network
        else ()
    )
    return (*own, *_powers(expected.part, facts))


def positive_control(part: str, control: Observation) -> Item:
    """Whether the canaries get out where nothing stops them; else all that follows is void."""
    outcomes = {(attempt.kind, attempt.by): attempt.outcome for attempt in control.attempts}
    shut = [
        f"{canary.kind} by {canary.by}"
        for canary in CANARIES
        if not _free(canary, outcomes.get((canary.kind, canary.by)))
    ]
    if control.fault:
        return _item(part, CONTROL, None, f"void: {control.fault}")
    if shut:
        return _item(part, CONTROL, None, f"void: not open without a wall: {', '.join(shut)}")
    opened = sum(outcome is Outcome.OPEN for outcome in outcomes.values())
    return _item(part, CONTROL, True, f"{opened} of {len(outcomes)} canaries got out of the lab")


def _free(canary: Canary, outcome: Outcome | None) -> bool:
    """Whether a canary did what it must in the control; kernels may lack IPv6 and some families."""
    may_lack = canary.made_is_out or "IPv6" in canary.kind
    return (
        outcome is Outcome.OPEN
        or (outcome is Outcome.ABSENT and may_lack)
        or (outcome is not None and not canary.needed)
    )


def _namespace(expected: Expected, facts: Facts) -> Item:
    if not facts.network or not expected.seen_from:
        return _item(expected.part, "namespace", None, "the network namespace cannot be read")
    if facts.network in {expected.seen_from, facts.init_network}:
        return _item(expected.part, "namespace", False, f"{facts.network} is the host's own")
    return _item(expected.part, "namespace", True, f"{facts.network} is not the host's")


def _devices(part: str, facts: Facts) -> Item:
    if facts.devices is None:
        return _item(part, "interfaces", None, "the interfaces cannot be read")
    others = [
        device.name
        for device in facts.devices
        if device.name != LOOPBACK and (device.name not in FALLBACKS or device.sent)
    ]
    if others:
        return _item(part, "interfaces", False, f"besides loopback there is {', '.join(others)}")
    return _item(part, "interfaces", True, "loopback only")


def _routes(part: str, facts: Facts) -> Item:
    if facts.routes is None:
        return _item(part, "routes", None, "the routes cannot be read")
    if facts.routes:
        return _item(part, "routes", False, f"there is a route: {', '.join(facts.routes)}")
    return _item(part, "routes", True, "none leads out, over IPv4 or IPv6")


def _powers(part: str, facts: Facts) -> Iterator[Item]:
    modes = {0: "no filter is in force", 1: "strict mode", FILTERED: "a filter is in force"}
    words = modes.get(facts.seccomp if facts.seccomp is not None else -1, "the mode is not known")
    filtered = None if facts.seccomp is None else facts.seccomp == FILTERED
    yield _item(part, "system-call filter", filtered, words)
    kept = facts.no_new_privileges
    words = "programs it starts gain no rights" if kept else "programs it starts may gain rights"
    yield _item(part, "no new privileges", kept, "cannot be read" if kept is None else words)
    held = facts.capabilities
    bare = None if not held else not int(held, 16)
    words = "none" if bare else f"it holds {held}"
    yield _item(part, "capabilities", bare, "cannot be read" if bare is None else words)


def _families(expected: Expected, seen: Observation) -> Item:
    if not seen.families:
        return _item(expected.part, "address families", None, _why(seen))
    loose = [
        name
        for name, result in seen.families
        if name not in expected.families and result != Outcome.REFUSED
    ]
    if loose:
        words = f"not refused: {', '.join(loose)}"
        return _item(expected.part, "address families", False, words)
    allowed = ", ".join(sorted(expected.families)) or "none"
    return _item(expected.part, "address families", True, f"all refused but: {allowed}")


def _environment(part: str, facts: Facts) -> Item:
    return environment(part, facts.forbidden)


def environment(part: str, forbidden: tuple[str, ...] | None) -> Item:
    """Whether a proxy or a credential for the outside stands in the environment."""
    if forbidden is None:
        return _item(part, "environment", None, "the environment cannot be read")
    if forbidden:
        return _item(part, "environment", False, f"it holds {', '.join(forbidden)}")
    return _item(part, "environment", True, "no proxy, no credential for the outside")


def _resolvers(part: str, seen: Observation) -> Item:
    if seen.resolvers:
        words = f"the host's own answers at {', '.join(seen.resolvers)}"
        return _item(part, "name services", False, words)
    if not seen.families:
        return _item(part, "name services", None, _why(seen))
    return _item(part, "name services", True, "none of the host's can be reached")


def _caught(
    expected: Expected, kind: str, by: str, seen: Observation, control: Observation
) -> Item:
    """One canary, in the light of what the same one did in the control."""
    name, part = f"{kind} by {by}", expected.part
    here, there = _attempt(seen, kind, by), _attempt(control, kind, by)
    if here is None:
        return _item(part, name, None, _why(seen), _CANARY)
    words = _words(here)
    if here.outcome is Outcome.OPEN or (here.outcome is Outcome.HELD and not expected.held):
        return _item(part, name, False, words, _CANARY)
    if there is None or positive_control(part, control).verdict is not Verdict.PASS:
        return _item(part, name, None, f"{words}; void without a positive control", _CANARY)
    right, about = _compared(here, there)
    return _item(part, name, right, words + about, _CANARY)


def _compared(here: Attempt, there: Attempt) -> tuple[bool | None, str]:
    """Whether the wall caught a canary that did not get out, and what the control adds."""
    if there.outcome is Outcome.ABSENT:
        return True, "; not to be had here without the wall either"
    if there.outcome is not Outcome.OPEN:  # a refusal of its own stands all the same
        right = True if here.outcome is Outcome.REFUSED else None
        return right, f"; without the wall too: {_words(there)}"
    return (None if here.outcome is Outcome.ODD else True), ""


def _counters(expected: Expected, seen: Observation) -> Item:
    before, after, part = seen.before, seen.after, expected.part
    if not seen.attempts:
        return _item(part, "counters", None, _why(seen))
    if before.no_routes is None or after.no_routes is None or after.devices is None:
        return _item(part, "counters", None, "the kernel's counters cannot be read")
    left, missed = after.sent - before.sent, after.no_routes - before.no_routes
    if left > 0 and expected.own_network:
        return _item(part, "counters", False, f"{left} packets left by a device")
    unrouted = sum(attempt.outcome is Outcome.NO_ROUTE for attempt in seen.attempts)
    if missed < unrouted:
        return _item(part, "counters", None, f"{unrouted} attempts, and only {missed} counted")
    words = f"0 packets left, {missed} attempts without a route counted"
    return _item(part, "counters", True, words)


def _attempt(seen: Observation, kind: str, by: str) -> Attempt | None:
    return next((a for a in seen.attempts if (a.kind, a.by) == (kind, by)), None)


def _words(attempt: Attempt) -> str:
    error = f" ({attempt.error})" if attempt.error else ""
    counted = f", {attempt.sent} packets left" if attempt.sent else ""
    return f"{attempt.outcome}{error}{counted}"


def _why(seen: Observation) -> str:
    return f"not tried: {seen.fault or NOT_APART}"


def _item(
    part: str, name: str, right: bool | None, reason: str, controls: tuple[str, ...] = ()
) -> Item:
    verdict = Verdict.UNKNOWN if right is None else Verdict.PASS if right else Verdict.FAIL
    return Item(part, name, verdict, reason, controls=controls or CONTROLS.get(name, ()))
