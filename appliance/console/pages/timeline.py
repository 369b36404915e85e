"""The timeline: events by filter, and one event with its record, its proof and what decided it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from appliance.app.oversight.timeline import Closely, Entry
from appliance.audit.checkpoint import read_note
from appliance.audit.codes import ACTIONS
from appliance.audit.merkle import leaf_hash, verify_inclusion
from appliance.audit.records import Record
from appliance.audit.sentences import sentence
from appliance.console.asking import Asked, asked, filter_of
from appliance.console.rows import Row, days, event_of, marks, row
from appliance.console.visit import Page, Visit
from appliance.errors import AuditError

ON_A_PAGE = 50
MOST_SCANNED, LONGEST_SCAN_S = 20_000, 4.0  # events opened and compared for one page of free text
KINDS = ("intent", "admin", "security", "system")


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the timeline."""

    rows: tuple[Row, ...]
    total: int  # events that the filter asks for, before free text
    events: int  # of the whole log
    older: int  # where the next page begins; 0: there is none
    scanned: int = 0  # events that were opened for free text
    ms: int = 0


def timeline(visit: Visit) -> Page:
    """Events, the newest first."""
    wanted = asked(visit.query)
    begun = time.perf_counter()
    listed = _searched(visit, wanted) if wanted.text else _listed(visit, wanted)
    values = {
        "asked": wanted,
        "listed": listed,
        "days": days(listed.rows),
        "ms": round((time.perf_counter() - begun) * 1e3),
        "people": visit.called.people,
        "collections": visit.called.collections,
        "roles": sorted({role for person in visit.called.people for role in person.roles}),
        "actions": sorted(ACTIONS),
        "purposes": _purposes(visit),
        "kinds": KINDS,
        "names": visit.names,
    }
    return Page("timeline.html", "Timeline", values)


def event(visit: Visit) -> Page:
    """One event, closely."""
    closely = visit.appliance.timeline.event(visit.number("seq"))
    found = event_of(closely.entry.records)
    private = visit.session.opened.strings(found.record)
    values = {
        "event": found,
        "said": sentence(found, visit.names, private),
        "marks": marks(found),
        "private": {key: text for key, text in private.items() if key != "actor"},
        "sealed": bool(found.record.sealed) and not private,
        "lines": closely.lines,
        "proof": proof(closely),
        "policies": closely.policies,
        "words": ACTIONS[found.action].words if found.action in ACTIONS else found.action,
        "places": [(id, visit.names.place(id)) for id in visit.names.of(found)],
        "person": visit.names.person(found.uid),
        "review": None,
    }
    return Page("event.html", f"Event {found.seq}", values)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked here, in this process, of one record's place in the log."""

    size: int  # records under the signed checkpoint
    root: str
    leaf: str
    steps: int
    holds: bool
    signed: bool  # False: the record came after the last checkpoint
    fault: str = ""


def proof(closely: Closely) -> Proof:
    """Check the checkpoint's signature and the record's path to its root (RFC 6962)."""
    leaf = leaf_hash(closely.lines[0].encode("ascii"))
    try:
        checkpoint = read_note(closely.note, closely.key)
        root = checkpoint.root.hex()
        if closely.seq >= checkpoint.size:
            return Proof(checkpoint.size, root, leaf.hex(), 0, holds=False, signed=False)
        verify_inclusion(closely.seq, checkpoint.size, leaf, closely.path, checkpoint.root)
    except AuditError as error:
        return Proof(0, "", leaf.hex(), 0, holds=False, signed=True, fault=error.message)
    return Proof(checkpoint.size, root, leaf.hex(), len(closely.path), holds=True, signed=True)


def _listed(visit: Visit, wanted: Asked) -> Listed:
    found = visit.appliance.timeline.find(
        filter_of(wanted, visit.called), wanted.number(), ON_A_PAGE
    )
    rows = tuple(_row(visit, entry) for entry in found.entries)
    return Listed(rows, found.total, found.events, found.older)


def _searched(visit: Visit, wanted: Asked) -> Listed:
    """Free text over sentences and opened strings; it reads on where the last page stopped."""
    wanted_filter = filter_of(wanted, visit.called)
    rows: list[Row] = []
    scanned, older, last = 0, 0, time.monotonic() + LONGEST_SCAN_S
    words = wanted.text.casefold().split()
    with closing(visit.appliance.timeline.scan(wanted_filter, wanted.number())) as entries:
        for entry in entries:
            scanned += 1
            one = _row(visit, entry)
            said = " ".join(_all_text(visit, entry, one)).casefold()
            if all(word in said for word in words):
                rows.append(one)
            if len(rows) == ON_A_PAGE or scanned == MOST_SCANNED or time.monotonic() > last:
                older = entry.records[0].seq
                break
    return Listed(tuple(rows), scanned, scanned, older, scanned)


def _all_text(visit: Visit, entry: Entry, one: Row) -> Iterator[str]:
    yield one.said
    for record in entry.records:
        yield from visit.session.opened.strings(record).values()


def _row(visit: Visit, entry: Entry) -> Row:
    return row(event_of(entry.records), visit.names, visit.session.opened.strings)


def _purposes(visit: Visit) -> list[str]:
    del visit
    return ["OPERATIONS", "PATIENT_REQUEST", "PAYMENT", "TREATMENT"]


def opened(visit: Visit, record: Record) -> dict[str, str]:
    """The private strings of a record."""
    return dict(visit.session.opened.strings(record))
