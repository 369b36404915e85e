"""Reviews of the log, replayed from the log: there is no other place where one could be edited.

A review is an administration record of its own and those that follow it: which events were looked
at, what was noted (sealed), and the sign-off.  A review is called by how many records the log had
when it began; it covers those.  What people did themselves is left out of their own reviews and
stays to be reviewed by somebody else.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from appliance.audit.records import Kind, Record, Result

START, LOOK, NOTE, SIGN = "review_start", "review_next", "review_note", "review_sign"
ACTIONS = frozenset({START, LOOK, NOTE, SIGN})
STARTED, LOOKED, NOTED, CONCERN, SIGNED = "started", "looked", "noted", "concern", "signed"


@dataclass(frozen=True, slots=True)
class Note:
    """What an officer wrote about an event; the text is sealed in the record."""

    event: int  # number of the event
    concern: bool  # it has to be followed up
    record: Record


@dataclass(frozen=True, slots=True)
class Review:
    """One review as far as it has come."""

    number: int  # records of the log when it began: these are covered
    root: str  # of the log at that size, base64
    by: int
    start: Record
    risky: int  # how many events were to be drawn by weight
    chance: int  # how many by chance
    events: int  # in the sample
    pool: int  # events that it was drawn from
    own: int  # events of the reviewer, left out
    looked: frozenset[int] = frozenset()  # numbers of the events that were looked at
    notes: tuple[Note, ...] = ()
    end: Record | None = None  # the sign-off; what it says is sealed in it

    @property
    def signed(self) -> bool:
        """Whether it is signed off."""
        return self.end is not None


def replay(records: Iterable[Record]) -> tuple[Review, ...]:
    """Every review that the records of a log tell of, in the order in which they began.

    What does not fit (another officer's review, one that is signed already) changes nothing.
    """
    found: dict[int, Review] = {}
    for record in records:
        if record.kind is not Kind.ADMIN or record.action not in ACTIONS or not record.result:
            continue
        counts = dict(record.result.counts)
        number = counts.get("review", -1)
        if record.action == START:
            found.setdefault(number, _begun(record, record.result, counts))
            continue
        review = found.get(number)
        if review and review.by == record.uid and not review.signed:
            found[number] = _further(review, record, record.result.status, counts)
    return tuple(found.values())


def covered(reviews: Iterable[Review], uid: int) -> int:
    """So many records of what this person did were reviewed, by others, and signed off."""
    signed = (one.number for one in reviews if one.signed and one.by != uid)
    return max(signed, default=0)


def before(reviews: Iterable[Review], size: int) -> tuple[Review, ...]:
    """The reviews as the first ``size`` records tell of them: what a draw over those rests on."""
    return tuple(
        one if one.end and one.end.seq < size else replace(one, end=None)
        for one in reviews
        if one.start.seq < size
    )


def _begun(record: Record, result: Result, counts: dict[str, int]) -> Review:
    return Review(
        number=counts.get("review", -1),
        root=result.status.partition(":")[2],
        by=record.uid,
        start=record,
        risky=counts.get("risky", 0),
        chance=counts.get("chance", 0),
        events=counts.get("events", 0),
        pool=counts.get("pool", 0),
        own=counts.get("own", 0),
    )


def _further(review: Review, record: Record, status: str, counts: dict[str, int]) -> Review:
    event = counts.get("event", -1)
    if record.action == LOOK:
        return replace(review, looked=review.looked | {event})
    if record.action == NOTE:
        note = Note(event, status == CONCERN, record)
        return replace(review, notes=(*review.notes, note))
    return replace(review, end=record)
