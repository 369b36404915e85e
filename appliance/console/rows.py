"""Events as the pages show them: one sentence, a time, a few marks, a link.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.app.oversight.timeline import Called
from appliance.audit.events import OPEN, Event, join
from appliance.audit.records import Record
from appliance.audit.sentences import Names, sentence

Strings = Callable[[Record], Mapping[str, str]]
GLASS = frozenset({"break_glass", "break_glass_open", "break_glass_review"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A word beside an event, and how it is coloured: bad, warn, good or not at all."""

    word: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One event in a list."""

    seq: int
    time: str
    said: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day, the newest first."""

    day: str
    rows: tuple[Row, ...]


def event_of(records: Sequence[Record]) -> Event:
    """The one event that these records make."""
    return next(iter(join(records)))


def row(event: Event, names: Names, strings: Strings) -> Row:
    """An event as one line."""
    when = f" at {event.time[11:16]} UTC on {event.time[:10]}"  # stands beside it in a list
    said = sentence(event, names, strings(event.record)).replace(when, "", 1)
    return Row(event.seq, event.time, said, marks(event))


def marks(event: Event) -> tuple[Mark, ...]:
    """What stands out of an event."""
    found = []
    if event.action in GLASS:
        found.append(Mark("broken glass", "warn"))
    if event.denied:
        found.append(Mark("denied", "bad"))
    elif event.status == "failed":
        found.append(Mark("failed", "warn"))
    elif event.status == "interrupted":
        found.append(Mark("interrupted", "warn"))
    elif event.status == OPEN:
        found.append(Mark("no end on record", "warn"))
    if event.action == "export" and not event.denied:
        found.append(Mark("left the store"))
    if str(event.kind) in {"security", "admin", "system"}:
        found.append(Mark(str(event.kind)))
    return tuple(found)


def days(rows: Iterable[Row]) -> tuple[Day, ...]:
    """Rows under the day on which they began; both stay in their order."""
    found: dict[str, list[Row]] = {}
    for one in rows:
        found.setdefault(one.time[:10], []).append(one)
    return tuple(Day(day, tuple(listed)) for day, listed in found.items())


def names_of(called: Called) -> Names:
    """What the core says things are called, as sentences take it."""
    return Names(
        people={person.uid: person.name for person in called.people},
        collections={str(c.id): c.name for c in called.collections},
        sectors={str(c.id): c.sector for c in called.collections},
        shelves=called.shelves,
    )
