"""Counts over the events of the log: by person, action, place, day and hour; and what is unusual.

Pure apart from reading the columns.  All times are UTC, as the log has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np

from appliance.audit.columns import DENIED, Columns, Numbers
from appliance.audit.sampling import FIRST_HOUR, LAST_HOUR, SATURDAY

DAY = 86_400_000_000  # microseconds
HOUR = 3_600_000_000
THURSDAY = 3  # 1970-01-01; Monday is 0
MANY_TIMES = 3.0  # as much as on the busiest of the person's usual days
FEWEST = 30  # events of a day below which no volume is called unusual


class By(StrEnum):
    """What events are counted by."""

    PERSON = "person"
    ACTION = "action"
    PURPOSE = "purpose"
    STATUS = "status"
    COLLECTION = "collection"
    DOCUMENT = "document"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many events have one thing in common."""

    key: str  # user number, action, id, or day as 2026-12-31
    events: int
    denied: int
    first: str  # times of the first and the last, RFC 3339
    last: str


@dataclass(frozen=True, slots=True)
class Week:
    """Events by day of the week and hour: 7 rows from Monday, 24 columns."""

    hours: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Unusual:
    """A day on which one person did far more than on their usual days."""

    uid: int
    day: str
    events: int
    usual: int  # 95th percentile of their other days with events


def tally(columns: Columns, events: Numbers, by: By, most: int = 0) -> tuple[Tally, ...]:
    """Counts of these events, the largest first (days: in their order); ``most`` bounds them."""
    with columns.lock:
        of, keys, name = _keys(columns, events, by)
        found, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
        denied = np.bincount(
            place, columns.view(columns.decision)[of] == DENIED, minlength=len(found)
        )
        times = columns.view(columns.time)[of]
        first = np.full(len(found), np.iinfo(np.int64).max)
        last = np.zeros(len(found), dtype=np.int64)
        np.minimum.at(first, place, times)
        np.maximum.at(last, place, times)
        order = np.arange(len(found)) if by is By.DAY else np.argsort(-counts, kind="stable")
        return tuple(
            Tally(name(int(found[i])), int(counts[i]), int(denied[i]), _at(first[i]), _at(last[i]))
            for i in (order[:most] if most else order)
        )


def week(columns: Columns, events: Numbers) -> Week:
    """When in the week these events were."""
    times = columns.view(columns.time)[events]
    cells = _weekday(times) * 24 + times // HOUR % 24
    counts = np.bincount(cells, minlength=7 * 24).reshape(7, 24)
    return Week(tuple(tuple(int(cell) for cell in row) for row in counts))


def outside_hours(columns: Columns, events: Numbers) -> Numbers:
    """Those of these events that were at night or on a weekend, by UTC."""
    times = columns.view(columns.time)[events]
    hours = times // HOUR % 24
    away = (_weekday(times) >= SATURDAY) | (hours < FIRST_HOUR) | (hours >= LAST_HOUR)
    return events[away]


def unusual(columns: Columns, events: Numbers, since: int) -> tuple[Unusual, ...]:
    """Days since ``since`` (microseconds) on which a person did far more than usual.

    Far more: at least FEWEST events and MANY_TIMES the 95th percentile of the person's other days
    with events.  Somebody without other days has no usual day, and FEWEST is enough.
    """
    times, uids = columns.view(columns.time)[events], columns.view(columns.uid)[events]
    found: list[Unusual] = []
    for uid in np.unique(uids):
        days, counts = np.unique(times[uids == uid] // DAY, return_counts=True)
        for day, count in zip(days, counts, strict=True):
            if day * DAY < since - DAY or count < FEWEST:
                continue
            others = counts[days != day]
            usual = float(np.percentile(others, 95)) if len(others) else 0.0
            if count >= MANY_TIMES * usual:
                found.append(Unusual(int(uid), _at(day * DAY)[:10], int(count), round(usual)))
    return tuple(sorted(found, key=lambda one: one.day, reverse=True))


def _keys(
    columns: Columns, events: Numbers, by: By
) -> tuple[Numbers, Numbers, Callable[[int], str]]:
    """Of each thing counted its event and its key, and how a key is spelled."""
    spelled = columns.words.spelled.__getitem__
    if by is By.PERSON:
        return events, columns.view(columns.uid)[events], str
    if by is By.DAY:
        return events, columns.view(columns.time)[events] // DAY, _day
    if by is By.DOCUMENT:
        rows = np.isin(columns.view(columns.document_event), events)
        touched = columns.view(columns.document_event)[rows]
        once = np.unique(touched << 32 | columns.view(columns.document)[rows])
        return once >> 32, once & 0xFFFFFFFF, spelled
    column = {
        By.ACTION: columns.action,
        By.PURPOSE: columns.purpose,
        By.STATUS: columns.status,
        By.COLLECTION: columns.collection,
    }[by]
    return events, columns.view(column)[events], spelled


def _weekday(times: Numbers) -> Numbers:
    return np.asarray((times // DAY + THURSDAY) % 7)


def _day(day: int) -> str:
    return _at(day * DAY)[:10]


def _at(microseconds: int) -> str:
    moment = datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
