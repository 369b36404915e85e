"""The first page: is the record whole, who looked at it last, and what stands out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from appliance.app.oversight.timeline import Entry
from appliance.audit.filtering import DENY, Filter
from appliance.audit.records import Record
from appliance.audit.tallies import Tally
from appliance.console import charts
from appliance.console.asking import READINGS
from appliance.console.pages.reviews import standing
from appliance.console.rows import event_of, row
from appliance.console.visit import Page, Visit

SHOWN_DAYS, RECENT_DAYS = 60, 7
LATEST = 6
MOST_LOOKED_AT = 200  # checks of any kind, to find the last one of the whole log
STALE_WITNESS_DAYS = 7


def overview(visit: Visit) -> Page:
    """Signs, charts, and the latest of what was denied."""
    now = datetime.now(UTC)
    since = (now - timedelta(days=SHOWN_DAYS - 1)).strftime("%Y-%m-%d")
    recent = (now - timedelta(days=RECENT_DAYS)).strftime("%Y-%m-%d")
    line = visit.appliance.timeline
    profile = line.profile(Filter(since=since, without=READINGS), recent)
    denied = line.find(Filter(decision=DENY), 0, LATEST)
    checked = line.find(Filter(actions=("audit_verify",), status="done"), 0, MOST_LOOKED_AT)
    openings = visit.appliance.governing.openings()
    witnesses = visit.appliance.witnessing.witnesses()
    last = max(witnesses, key=lambda one: one.time, default=None)
    bars = charts.days_of(profile.days, now, SHOWN_DAYS)
    names, strings = visit.names, visit.session.opened.strings
    values = {
        "profile": profile,
        "records": denied.records,
        "events": denied.events,
        "checked": _whole(checked.entries),
        "witness": last,
        "witness_days": _age(last.time, now) if last else -1,
        "stale": STALE_WITNESS_DAYS,
        "reviews": standing(visit),
        "glass": openings,
        "unreviewed": [one for one in openings if not one.reviewed_by],
        "denied_lately": _since(profile.days, recent),
        "recent_days": RECENT_DAYS,
        "by_day": charts.by_day(bars),
        "bars": [bar for bar in bars if bar.events],
        "by_hour": charts.by_hour(profile.week),
        "people": [_counted(visit, one, profile.people[0].events) for one in profile.people[:8]],
        "unusual": [(names.person(one.uid), one) for one in profile.unusual[:LATEST]],
        "denied": [row(event_of(e.records), names, strings) for e in denied.entries],
        "days": SHOWN_DAYS,
    }
    return Page("overview.html", "Overview", values)


def _whole(entries: tuple[Entry, ...]) -> Record | None:
    """The begin of the last verification of the whole log; other checks count no records."""
    for entry in entries:
        result = entry.records[-1].result
        if result and "records" in dict(result.counts):
            return entry.records[0]
    return None


def _since(days: tuple[Tally, ...], day: str) -> int:
    return sum(one.denied for one in days if one.key >= day)


def _age(time: str, now: datetime) -> int:
    return (now - datetime.fromisoformat(time.replace("Z", "+00:00"))).days


def _counted(visit: Visit, one: Tally, most: int) -> tuple[str, str, Tally, str]:
    name = visit.names.person(int(one.key))
    return one.key, name, one, charts.share(one.events, one.denied, most)
