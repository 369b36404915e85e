"""Everything about one person, one document, one wall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.app.governance.governed import WallShown
from appliance.app.oversight.timeline import Entry, Profile
from appliance.audit.filtering import DENY, Filter
from appliance.audit.tallies import Tally
from appliance.console import charts
from appliance.console.asking import READINGS
from appliance.console.pages.reviews import glass_of
from appliance.console.rows import Row, days, event_of, row
from appliance.console.visit import Page, Visit
from appliance.errors import NotFound

LATEST = 25
HEX_ID = 32
_TEAM = "team:"


@dataclass(frozen=True, slots=True)
class Counted:
    """One row of a count: what it is called, where it leads, its bar."""

    name: str
    href: str
    tally: Tally
    bar: str


def people(visit: Visit) -> Page:
    """Everybody who is known here, with what they did."""
    profile = visit.appliance.timeline.profile(Filter(without=READINGS), "")
    did = {one.key: one for one in profile.people}
    most = max((one.events for one in profile.people), default=0)
    rows = [
        (person, did.get(str(person.uid)), _bar(did.get(str(person.uid)), most))
        for person in visit.called.people
    ]
    rows.sort(key=lambda one: -(one[1].events if one[1] else 0))
    known = {str(person.uid) for person in visit.called.people}
    others = [one for one in profile.people if one.key not in known]
    return Page("people.html", "People", {"rows": rows, "others": others})


def person(visit: Visit) -> Page:
    """What one person did, and what they were given."""
    uid = visit.number("uid")
    wanted = Filter(uids=(uid,), without=READINGS)
    profile = visit.appliance.timeline.profile(wanted, "2000-01-01")
    found = visit.appliance.timeline.find(wanted, 0, LATEST)
    known = next((one for one in visit.called.people if one.uid == uid), None)
    if known is None and not found.total:
        raise NotFound("nobody of this number is known here", remedy="see the list of people")
    given = visit.appliance.governing.user(str(uid)) if known else None
    values = {
        "uid": uid,
        "name": visit.names.person(uid),
        "given": given,
        "profile": profile,
        "days": days(_rows(visit, found.entries)),
        "total": found.total,
        **_counts(visit, profile),
    }
    return Page("person.html", visit.names.person(uid), values)


def document(visit: Visit) -> Page:
    """Everyone who ever touched one document, or tried to."""
    id = visit.path.get("id", "")
    if len(id) != HEX_ID or not set(id) <= set("0123456789abcdef"):
        raise NotFound("there is no such document", remedy="open it from an event")
    wanted = Filter(document=id)
    profile = visit.appliance.timeline.profile(wanted, "")
    found = visit.appliance.timeline.find(wanted, 0, 200)
    if not found.total:
        raise NotFound("the log knows no such document", remedy="open it from an event")
    values = {
        "id": id,
        "called": _title(visit, id, found.entries),
        "place": visit.names.shelves.get(id, ""),
        "names": visit.names,
        "profile": profile,
        "days": days(_rows(visit, found.entries)),
        "total": found.total,
        "shown": len(found.entries),
        **_counts(visit, profile),
    }
    return Page("document.html", "Document", values)


def walls(visit: Visit) -> Page:
    """Every wall, and every opening by broken glass."""
    listed = visit.appliance.governing.walls()
    return Page("walls.html", "Walls", {"walls": listed, "glass": glass_of(visit)})


def wall(visit: Visit) -> Page:
    """One wall: what those behind it did in the collection since it stands."""
    found = [one for one in visit.appliance.governing.walls() if one.id == visit.path.get("id")]
    if not found:
        raise NotFound("there is no such wall", remedy="see the list of walls")
    one = found[0]
    where = tuple(str(c.id) for c in visit.called.collections if c.name == one.collection)
    uids = _behind(visit, one)
    wanted = Filter(since=one.made, uids=uids or (-1,), collections=where or ("none",))
    line = visit.appliance.timeline
    touched, denied = line.find(wanted, 0, LATEST), line.find(_only_denied(wanted), 0, 1)
    values = {
        "wall": one,
        "place": visit.names.place(where[0]) if where else one.collection,
        "collection": where[0] if where else "",
        "people": [(uid, visit.names.person(uid)) for uid in uids],
        "touched": touched.total,
        "denied": denied.total,
        "kept": touched.total == denied.total,
        "events": touched.events,
        "records": touched.records,
        "days": days(_rows(visit, touched.entries)),
        "by_others": line.profile(Filter(since=one.made, collections=where), "").people,
        "names": visit.names,
    }
    return Page("wall.html", "Wall", values)


def _only_denied(wanted: Filter) -> Filter:
    return Filter(wanted.since, uids=wanted.uids, collections=wanted.collections, decision=DENY)


def _behind(visit: Visit, one: WallShown) -> tuple[int, ...]:
    """The people whom a wall keeps out, as things stand now."""
    if one.who.startswith(_TEAM):
        team = one.who.removeprefix(_TEAM)
        return tuple(person.uid for person in visit.called.people if team in person.teams)
    return tuple(person.uid for person in visit.called.people if person.name == one.who)


def _counts(visit: Visit, profile: Profile) -> dict[str, object]:
    names = visit.names
    return {
        "people": _listed(profile.people, lambda k: (names.person(int(k)), f"/person/{k}")),
        "actions": _listed(profile.actions, lambda k: (k, f"/timeline?action={k}")),
        "places": _listed(
            tuple(one for one in profile.collections if one.key),
            lambda k: (names.place(k), f"/timeline?collection={k}"),
        ),
        "week": charts.by_hour(profile.week),
    }


def _listed(tallies: tuple[Tally, ...], called: Callable[[str], tuple[str, str]]) -> list[Counted]:
    most = max((one.events for one in tallies), default=0)
    return [Counted(*called(one.key), one, _bar(one, most)) for one in tallies]


def _bar(one: Tally | None, most: int) -> str:
    return charts.share(one.events, one.denied, most) if one else ""


def _rows(visit: Visit, entries: tuple[Entry, ...]) -> list[Row]:
    strings = visit.session.opened.strings
    return [row(event_of(entry.records), visit.names, strings) for entry in entries]


def _title(visit: Visit, id: str, entries: tuple[Entry, ...]) -> str:
    """The document's name, where an event that is about it alone says it."""
    for entry in entries:
        found = event_of(entry.records)
        private = visit.session.opened.strings(found.record)
        if found.documents == (id,) and found.action in {"ingest", "show"}:
            name = private.get("file") or private.get("document") or ""
            if name and not id.startswith(name):
                return name
    return ""
