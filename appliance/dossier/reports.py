"""What officers are asked for, as reports of plain sentences: each a question put to the log.

Pure.  A report says what it looked through, so that an empty one is an answer as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance.audit.codes import ACTIONS
from appliance.audit.selection import Wanted
from appliance.dossier.telling import Told
from appliance.errors import UsageError


class Kind(StrEnum):
    """Which report."""

    WALL = "wall"
    PATIENT = "patient"
    BREAKGLASS = "breakglass"
    EXPORTS = "exports"
    DENIALS = "denials"
    ADMIN = "admin"
    OUTSIDE_HOURS = "outside-hours"


READING = frozenset({"show", "ask", "search", "summarize", "extract", "result", "replay", "export"})
_ACTIONS: Mapping[Kind, tuple[str, ...]] = {
    Kind.BREAKGLASS: ("break_glass_open", "break_glass_review"),
    Kind.EXPORTS: ("export", "audit_export"),
    Kind.ADMIN: tuple(
        sorted(
            action
            for action, coded in ACTIONS.items()
            if (coded.number // 1000 in {3, 4, 7} and not action.endswith(("_list", "_check")))
            or coded.alone == "admin"
            or action in {"init", "label_change", "install", "upgrade", "rollback", "serve", "seal"}
        )
    ),
}
_TITLES = {
    Kind.WALL: "Wall: did {who} ever touch {where}?",
    Kind.PATIENT: "Who touched {where}",
    Kind.BREAKGLASS: "Broken glass and its reviews",
    Kind.EXPORTS: "What left the store",
    Kind.DENIALS: "What was denied",
    Kind.ADMIN: "What was administered",
    Kind.OUTSIDE_HOURS: "What was done outside working hours",
}


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours: Monday to Friday, from one minute of the day to another, somewhere."""

    begin: int = 7 * 60
    end: int = 19 * 60
    zone: str = "UTC"

    @classmethod
    def parse(cls, spelled: str, zone: str) -> Hours:
        """From "07:00-19:00" and the name of a time zone.

        Raises:
            UsageError: one of them is none.
        """
        try:
            begin, end = (_minute(part) for part in spelled.split("-"))
            ZoneInfo(zone)
        except (ValueError, ZoneInfoNotFoundError, OSError):
            raise UsageError(
                "these are no working hours", remedy="--hours 07:00-19:00 --zone Europe/Berlin"
            ) from None
        return cls(begin, end, zone)

    def cover(self, time: str) -> bool:
        """Whether a moment (RFC 3339) lies in them."""
        local = datetime.fromisoformat(time).astimezone(ZoneInfo(self.zone))
        return local.weekday() < 5 and self.begin <= local.hour * 60 + local.minute < self.end

    def said(self) -> str:
        """In words."""
        times = (f"{at // 60:02d}:{at % 60:02d}" for at in (self.begin, self.end))
        return f"Monday to Friday, {' to '.join(times)}, {self.zone}"


@dataclass(frozen=True, slots=True)
class Said:
    """One event of a report, for machines."""

    record: int
    time: str
    who: str
    action: str
    code: str
    status: str
    purpose: str
    documents: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Plainly:
    """A report for machines."""

    report: str
    title: str
    asked: str
    made: str
    answer: tuple[str, ...]
    events: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A title, what was asked, the answer in short, and one sentence for each event."""

    kind: Kind
    title: str
    asked: str
    answer: tuple[str, ...]
    told: tuple[Told, ...]
    made: str  # RFC 3339, UTC


def wanted(kind: Kind, asked: Wanted) -> Wanted:
    """The events to ask the log for.

    Raises:
        UsageError: a report about somebody or something does not say about whom or what.
    """
    if kind is Kind.WALL and not (asked.who and asked.collection):
        raise UsageError("whose wall, and before what?", remedy="give --who and --collection")
    if kind is Kind.PATIENT and not asked.collection:
        raise UsageError("about which patient?", remedy="give --collection")
    if kind is Kind.DENIALS:
        return replace(asked, denied=True)
    return replace(asked, actions=asked.actions or _ACTIONS.get(kind, ()))


def report(
    kind: Kind, asked: Wanted, told: Iterable[Told], made: str, hours: Hours | None = None
) -> Report:
    """The report on some events, in the order of the log."""
    hours = hours or Hours()
    kept = tuple(
        sorted(
            (one for one in told if kind is not Kind.OUTSIDE_HOURS or _late(one, hours)),
            key=lambda one: one.event.seq,
        )
    )
    who = ", ".join(asked.who) or "anybody"
    title = _TITLES[kind].format(who=who, where=asked.collection or "anything")
    said = asked.said()
    if kind is Kind.OUTSIDE_HOURS:
        said += f"; outside {hours.said()}"
    answer = _ANSWERS.get(kind, _counted)(kept)
    return Report(kind, title, said, answer, kept, made)


def plain(found: Report) -> Plainly:
    """A report for machines."""
    events = tuple(
        Said(
            record=one.event.seq,
            time=one.event.time,
            who=one.who,
            action=one.event.action,
            code=one.event.code,
            status=one.event.status,
            purpose=one.event.purpose,
            documents=one.event.documents,
            words=one.sentence,
        )
        for one in found.told
    )
    return Plainly(str(found.kind), found.title, found.asked, found.made, found.answer, events)


def _late(told: Told, hours: Hours) -> bool:
    return told.event.kind.value == "intent" and not hours.cover(told.event.time)


def _counted(told: tuple[Told, ...]) -> tuple[str, ...]:
    if not told:
        return ("The log has no such event.",)
    people = Counter(one.who for one in told)
    rows = (f"{who}: {_events(count)}" for who, count in people.most_common())
    return (f"{_events(len(told))}.", *rows)


def _wall(told: tuple[Told, ...]) -> tuple[str, ...]:
    """Reads that were permitted breach a wall; attempts that were denied show that it stood."""
    denied = sum(one.event.denied for one in told)
    through = [one for one in told if not one.event.denied and one.event.action in READING]
    first = (
        "The log has no record of any access."
        if not through
        else f"{len(through)} act(s) of reading are on record: see below."
    )
    other = len(told) - denied - len(through)
    rest = [f"{denied} attempt(s) were denied."] if denied else []
    rest += [f"{_events(other)} of another kind concern it."] if other else []
    return (first, *rest)


def _patient(told: tuple[Told, ...]) -> tuple[str, ...]:
    """Who read how much: the list of disclosures."""
    read = [one for one in told if not one.event.denied and one.event.action in READING]
    people: dict[str, list[Told]] = {}
    for one in read:
        people.setdefault(one.who, []).append(one)
    rows = []
    for who, theirs in people.items():
        documents = {document for one in theirs for document in one.event.documents}
        purposes = sorted({one.event.purpose for one in theirs} - {""})
        why = f" for {', '.join(purposes)}" if purposes else ""
        days = f"{theirs[0].event.time[:10]} to {theirs[-1].event.time[:10]}"
        rows.append(f"{who}: {len(theirs)} time(s), {len(documents)} document(s){why}, {days}")
    return (f"{len(people)} person(s) read something.", *rows)


def _glass(told: tuple[Told, ...]) -> tuple[str, ...]:
    opened = [one for one in told if one.event.action == "break_glass_open"]
    reviews = sum(one.event.action == "break_glass_review" for one in told)
    done = sum(one.event.status == "done" for one in opened)
    return (
        f"{done} opening(s), {len(opened) - done} attempt(s) that did not open, "
        f"{reviews} review(s).",
    )


_ANSWERS: Mapping[Kind, Callable[[tuple[Told, ...]], tuple[str, ...]]] = {
    Kind.WALL: _wall,
    Kind.PATIENT: _patient,
    Kind.BREAKGLASS: _glass,
}


def _events(count: int) -> str:
    return f"{count} event{'s' * (count != 1)}"


def _minute(spelled: str) -> int:
    moment = datetime.strptime(spelled.strip(), "%H:%M")
    return moment.hour * 60 + moment.minute
