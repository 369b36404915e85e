"""Evidence: what is carried away, so that others can check it without this machine."""

from __future__ import annotations

from appliance.console.visit import Answer, Elsewhere, Page, Visit
from appliance.errors import NotFound


def evidence(visit: Visit) -> Page:
    """What to carry away."""
    return Page("evidence.html", "Evidence", {"job": visit.jobs.get("evidence")})


def gather(visit: Visit) -> Answer:
    """Begin to gather it."""
    return Elsewhere("/evidence")


def carry(visit: Visit) -> Answer:
    """The archive itself."""
    raise NotFound("there is nothing to carry away", remedy="gather it first")
