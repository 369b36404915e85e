"""Use cases of whoever reads the log as a whole: find events, count them, look at one closely.

The log's columns are read once, for everybody, and kept up.  Every use case is an act of its own:
reading the record is on record, with what was asked for sealed beside it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from appliance.access.kept import kept
from appliance.access.policy import AccessClass
from appliance.app.acts import Act, Acts
from appliance.audit.log import AuditLog
from appliance.audit.records import Record
from appliance.documents import Collection
from appliance.errors import NotFound, WrongPassphrase

if TYPE_CHECKING:  # loads numpy; imported where it is used
    from appliance.audit.columns import Columns, Numbers
    from appliance.audit.filtering import Filter, Known
    from appliance.audit.tallies import Tally, Unusual, Week

LOGIN, LOGOUT, READ = "console_login", "console_logout", "console_read"
APPLIANCE = AccessClass.of("", "", ())
MOST_COUNTED = 50  # rows of a count, except by day
LONGEST_PAGE = 500  # entries
_POLICY = re.compile(
    r'@id\("(?P<id>[^"]+)"\)\s*@description\("(?P<said>(?:[^"\\]|\\.)*)"\).*?(?=^@id\(|\Z)',
    re.S | re.M,
)
PLACE = "collection"  # the private string that holds a collection's name


@dataclass(frozen=True, slots=True)
class Entry:
    """The records of one event, its first one first."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the events that a filter asks for, the newest first."""

    total: int  # events that the filter asks for
    events: int  # events of the whole log
    records: int  # records of the whole log
    entries: tuple[Entry, ...]
    older: int  # number of the record before which the next page begins; 0: this is the last


@dataclass(frozen=True, slots=True)
class Closely:
    """One event with what shows that its first record is in the log, and what decided it."""

    entry: Entry
    lines: tuple[str, ...]  # its records as they stand in the log
    seq: int  # of the record that is proved
    note: bytes  # the last signed checkpoint
    key: bytes  # the log's public key, 32 bytes
    path: tuple[bytes, ...]  # of that record in the tree of the checkpoint; empty: not signed yet
    policies: tuple[Told, ...]  # that decided, as they were then


@dataclass(frozen=True, slots=True)
class Told:
    """One policy in words: its id, what it is for, and its text."""

    id: str
    description: str  # empty where the set was not kept
    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known here."""

    uid: int
    name: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Called:
    """What people and places are called, and where documents lie."""

    people: tuple[Person, ...]
    collections: tuple[Collection, ...]
    shelves: dict[str, str]  # collection by document


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts over the events that a filter asks for."""

    total: int
    denied: int
    outside: int  # at night or on a weekend
    people: tuple[Tally, ...]
    actions: tuple[Tally, ...]
    collections: tuple[Tally, ...]
    documents: tuple[Tally, ...]
    purposes: tuple[Tally, ...]
    days: tuple[Tally, ...]
    week: Week
    unusual: tuple[Unusual, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the first reading of the log has come, in records; ``done`` when it is all read."""

    records: int
    done: bool


_columns: WeakKeyDictionary[AuditLog, Columns] = WeakKeyDictionary()
_making = threading.Lock()


class Timeline:
    """What an officer asks of the log; one reader's view."""

    def __init__(self, acts: Acts, home: Path) -> None:
        self._acts, self._folder = acts, home / "audit"

    def sign_in(self, *, opened: bool) -> str:
        """A person opened a session of the console, or failed to open their key for one.

        Returns what the person is called.

        Raises:
            WrongPassphrase: not opened.  Either way it is on record.
            Denied: the policy does not permit it.
        """
        with self._acts.act(LOGIN, decision=self._acts.decide(LOGIN, APPLIANCE)):
            if not opened:
                raise WrongPassphrase(
                    "your key does not open with this passphrase",
                    remedy="check the passphrase and try again",
                )
            return self._acts.actor.name

    def sign_out(self) -> None:
        """A session of the console ended."""
        with self._acts.act(LOGOUT, decision=self._acts.decide(LOGIN, APPLIANCE)):
            pass

    def prepare(self) -> Generator[Reading, None, None]:
        """Read what of the log was not read yet, saying how far it came; long only the first time.

        Raises:
            AuditError: the log cannot be read.
        """
        with self._reading("prepare"):
            columns = self._known()
            for records in columns.reading():
                yield Reading(records, done=False)
            yield Reading(columns.records, done=True)

    def find(self, wanted: Filter, before: int, count: int) -> Page:
        """A page of events, the newest first; ``before`` is a record's number, 0 for the newest.

        Raises:
            UsageError: the filter does not hold together.
            AuditError: the log cannot be read.
        """
        with self._reading("timeline", wanted) as act:
            columns, events = self._matching(wanted)
            act.counts["events"] = len(events)
            chosen = _before(columns, events, before)
            page = chosen[: min(max(count, 1), LONGEST_PAGE)]
            entries = tuple(Entry(columns.records_of(int(event))) for event in page)
            older = columns.head[page[-1]] if len(chosen) > len(page) else 0
            return Page(len(events), len(columns), columns.records, entries, older)

    def scan(self, wanted: Filter, before: int) -> Generator[Entry, None, None]:
        """The events of a filter one by one, the newest first, for as long as they are asked for.

        Raises:
            UsageError: the filter does not hold together.
            AuditError: the log cannot be read.
        """
        with self._reading("search", wanted) as act:
            columns, events = self._matching(wanted)
            act.counts["events"] = 0
            for event in _before(columns, events, before):
                act.counts["events"] += 1
                yield Entry(columns.records_of(int(event)))

    def event(self, seq: int) -> Closely:
        """The event to which a record belongs, with its proof under the last checkpoint.

        Raises:
            NotFound: the log has no such record, or not any more.
            AuditError: the log cannot be read.
        """
        from appliance.audit.verify import checkpoint_file, read_checkpoint
        from appliance.audit.witnesses import removed

        with self._reading(f"event {seq}"):
            columns = self._known()
            columns.keep_up()
            if not columns.holds(seq):
                raise NotFound("the log has no such record", remedy="see the timeline")
            entry = Entry(columns.records_of(columns.event_of(seq)))
            first, key = entry.records[0], self._acts.log.public_key
            point = read_checkpoint(self._folder, key)
            size = point.size
            before = removed(self._folder, columns.first, point.origin, key)
            return Closely(
                entry=entry,
                lines=tuple(columns.line(record.seq).decode("ascii") for record in entry.records),
                seq=first.seq,
                note=checkpoint_file(self._folder).read_bytes(),
                key=key,
                path=columns.path(first.seq, size, before) if first.seq < size else (),
                policies=self._told(first),
            )

    def names(self) -> Called:
        """What people, collections and documents are to be called."""
        with self._reading("names"):
            store = self._acts.store
            people = tuple(
                Person(row.uid, row.name, tuple(sorted(row.roles)), tuple(sorted(row.teams)))
                for row in store.principals()
            )
            collections, placed = store.placed()  # no name of a document is opened
            shelves = {str(one.document): str(one.where.id) for one in placed}
            return Called(people, collections, shelves)

    def profile(self, wanted: Filter, since: str) -> Profile:
        """Counts over what a filter asks for; days from ``since`` on are held to what is usual.

        Raises:
            UsageError: the filter does not hold together.
            AuditError: the log cannot be read.
        """
        from appliance.audit import tallies
        from appliance.audit.columns import DENIED
        from appliance.audit.filtering import microseconds
        from appliance.audit.tallies import By, tally

        with self._reading("counts", wanted) as act:
            columns, events = self._matching(wanted)
            act.counts["events"] = len(events)
            verdicts = columns.view(columns.decision)[events]
            return Profile(
                total=len(events),
                denied=int((verdicts == DENIED).sum()),
                outside=len(tallies.outside_hours(columns, events)),
                people=tally(columns, events, By.PERSON),
                actions=tally(columns, events, By.ACTION),
                collections=tally(columns, events, By.COLLECTION, MOST_COUNTED),
                documents=tally(columns, events, By.DOCUMENT, MOST_COUNTED),
                purposes=tally(columns, events, By.PURPOSE, MOST_COUNTED),
                days=tally(columns, events, By.DAY),
                week=tallies.week(columns, events),
                unusual=tallies.unusual(columns, events, microseconds(since)) if since else (),
            )

    @contextmanager
    def _reading(self, page: str, wanted: Filter | None = None) -> Iterator[Act]:
        private = {"page": page, "filter": _said(wanted)} if wanted else {"page": page}
        decision = self._acts.decide(READ, APPLIANCE)
        with self._acts.act(READ, decision=decision, private=private) as act:
            yield act

    def _matching(self, wanted: Filter) -> tuple[Columns, Numbers]:
        from appliance.audit.filtering import matching

        columns = self._known()
        columns.keep_up()
        return columns, matching(columns, wanted, self._expanded(columns, wanted))

    def _expanded(self, columns: Columns, wanted: Filter) -> Known:
        """What the store knows of a filter's collection, and what its private string hashes to."""
        from appliance.audit.filtering import Known

        store, log = self._acts.store, self._acts.log
        named = [c for c in store.collections() if c.id in wanted.collections]
        meant = {c.id for c in named}
        documents = tuple(one.document for one in store.placed()[1] if one.where.id in meant)
        place = tuple(log.keyed(PLACE, c.name) for c in named)
        names = sorted(columns.strings) if wanted.exact else ()
        return Known(documents, place, tuple(log.keyed(name, wanted.exact) for name in names))

    def _told(self, record: Record) -> tuple[Told, ...]:
        """The policies that decided, in the words of the set that was in force then."""
        decision = record.decision
        if decision is None:
            return ()
        files = kept(self._folder, (decision.policy_hash,))
        text = "\n".join(data.decode("utf-8") for _, name, data in files if name.endswith(".cedar"))
        found = {match["id"]: match for match in _POLICY.finditer(text)}
        return tuple(
            Told(id, found[id]["said"], found[id][0].strip()) if id in found else Told(id, "", "")
            for id in decision.policies
        )

    def _known(self) -> Columns:
        from appliance.audit.columns import Columns

        with _making:
            found = _columns.get(self._acts.log)
            if found is None:
                found = _columns[self._acts.log] = Columns(self._folder)
            return found


def _before(columns: Columns, events: Numbers, record: int) -> Numbers:
    """These events, the newest first, from those that began before a record."""
    if not record:
        return events[::-1]
    heads = columns.view(columns.head)[events]
    return events[heads < record][::-1]


def _said(wanted: Filter) -> str:
    """A filter in one line of words, as it is sealed beside the reading."""
    named = ((field.name, getattr(wanted, field.name)) for field in fields(wanted))
    told = ((name, value) for name, value in named if value and name != "without")
    words = (f"{name} {_spelled(value)}" for name, value in told)
    return ", ".join(words) or "everything"


def _spelled(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
