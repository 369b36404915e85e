"""Observations to judge, written by hand: what a sound machine shows, and single faults in it."""

from __future__ import annotations

from dataclasses import replace

from appliance.egress.canaries import CANARIES, FAMILIES, Attempt, Outcome
from appliance.egress.facts import Device, Facts
from appliance.egress.probe import Observation
from appliance.egress.verdict import Expected

HOST, OWN, LAB = "net:[1]", "net:[2]", "net:[3]"
ALLOWED = frozenset({"UNIX", "INET", "INET6", "NETLINK"})
ENGINE = Expected("engine", ALLOWED, HOST)
BEFORE = Facts(
    network=OWN,
    init_network=HOST,
    devices=(Device("lo", 0),),
    routes=(),
    seccomp=2,
    no_new_privileges=True,
    capabilities="0" * 16,
    no_routes=0,
    requests=0,
    forbidden=(),
)
SEEN = Observation(
    "",
    BEFORE,
    replace(BEFORE, no_routes=len(CANARIES)),
    tuple((name, "open" if name in ALLOWED else "refused") for name in FAMILIES),
    tuple(Attempt(c.kind, c.by, Outcome.NO_ROUTE, "ENETUNREACH", 0, 1) for c in CANARIES),
)
CONTROL = Observation(
    "",
    replace(BEFORE, network=LAB),
    replace(BEFORE, network=LAB),
    (),
    tuple(Attempt(c.kind, c.by, Outcome.OPEN, "", 1, 0) for c in CANARIES),
)


def with_facts(**changes: object) -> Observation:
    """A sound observation but for these facts."""
    before = replace(SEEN.before, **changes)  # type: ignore[arg-type]
    return replace(SEEN, before=before)


def with_outcome(view: Observation, kind: str, outcome: Outcome, sent: int = 0) -> Observation:
    """The same, but the canaries of one kind ended otherwise."""
    attempts = tuple(
        replace(a, outcome=outcome, sent=sent) if a.kind == kind else a for a in view.attempts
    )
    return replace(view, attempts=attempts)
