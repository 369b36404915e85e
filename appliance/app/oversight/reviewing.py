"""Reviews of the audit log as use cases: an officer looks at a sample, writes notes, signs it off.

Who reviews does not choose what: the sample is drawn from the log itself (audit/sampling.py).
Every step is a record of the log, and what stands about reviews is read from there; one who did
something does not review it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

from appliance.access.policy import Decision
from appliance.app.acts import APPLIANCE, Acts
from appliance.app.governance.governed import MOMENT, check_reason
from appliance.audit import reviews
from appliance.audit.checkpoint import read_note
from appliance.audit.events import Event, Joining
from appliance.audit.log import AuditLog
from appliance.audit.records import Kind, Record, decode
from appliance.audit.reviews import Review, covered, replay
from appliance.audit.sampling import Drawn, Manner, Reason, draw
from appliance.audit.segments import lines
from appliance.errors import NotFound, UsageError

RISKY, CHANCE = 20, 10  # events of a sample, where nobody says otherwise
MOST = 1000  # of each
_STARTING = Lock()  # the number of a review is the size of the log, and belongs to one
_SEQ = b'"seq":'
_KEPT: WeakKeyDictionary[AuditLog, dict[int, tuple[Drawn, ...]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class NoteShown:
    """A note on an event; the officers' keys open what it says (string ``note`` of the record)."""

    event: int
    concern: bool
    record: Record


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """A review as far as it has come."""

    number: int  # the records of the log that it covers
    root: str  # of the log at that size, base64: the seed of the draw
    by: str
    began: str  # RFC 3339, UTC
    signed: str  # RFC 3339, UTC; empty: open
    events: int  # of the sample
    pool: int  # that it was drawn from
    own: int  # of the reviewer, left to another officer
    looked: int  # events that were looked at
    notes: tuple[NoteShown, ...]
    concerns: int  # notes that have to be followed up


@dataclass(frozen=True, slots=True)
class Sampled:
    """One event of a review's sample."""

    review: int
    place: int  # in the sample, from 1
    of: int
    event: Event
    manner: Manner
    reasons: tuple[Reason, ...]
    looked: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What waits for officers."""

    last: str  # when a review was signed off last, or the log began; RFC 3339, UTC
    until: str  # when the next has to be signed off
    overdue: bool
    open: int  # reviews that were begun and not signed off
    concerns: int  # notes of signed reviews that have to be followed up
    glass: int  # openings of broken glass that nobody reviewed


class Reviews:
    """The use cases of reviews."""

    def __init__(self, acts: Acts, home: Path, every_days: int) -> None:
        self._acts, self._log, self._folder = acts, acts.log, home / "audit"
        self._every = timedelta(days=every_days)

    def reviews(self) -> tuple[ReviewShown, ...]:
        """Every review, the oldest first."""
        with self._acts.act("review_list", decision=self._may("review_list")):
            return tuple(map(self._shown, self._known()))

    def due(self) -> Due:
        """Whether a review is overdue, and what else waits."""
        with self._acts.act("review_list", decision=self._may("review_list")):
            return standing(self._acts, self._every)

    def start(self, risky: int = RISKY, chance: int = CHANCE) -> ReviewShown:
        """Begin a review of what happened since the last one: draw the sample.

        Raises:
            UsageError: one's own review is still open, there is nothing to review, or the figures
                are impossible.
        """
        with self._acts.act(reviews.START, decision=self._may(reviews.START)) as act, _STARTING:
            if not (0 <= risky <= MOST and 0 <= chance <= MOST and risky + chance):
                raise UsageError("so many events cannot be drawn", remedy=f"1 to {MOST} of each")
            known, me = self._known(), self._acts.actor.uid
            if any(one.by == me and not one.signed for one in known):
                raise UsageError("your last review is open", remedy="`appliance audit review next`")
            point = read_note(self._log.checkpoint(), self._log.public_key)
            pool = _Pool(self._folder, known, me, point.size)
            drawn = draw(pool, point.root, risky, chance)
            if not drawn:
                raise UsageError(
                    "there is nothing to review but what you did yourself",
                    remedy="another officer reviews it",
                )
            counts = {"review": point.size, "risky": risky, "chance": chance}
            counts |= {"events": len(drawn), "pool": pool.size, "own": pool.own}
            act.counts.update(counts)
            root = base64.b64encode(point.root).decode("ascii")
            self._record(reviews.START, f"{reviews.STARTED}:{root}", counts)
            self._keep(point.size, drawn)
            return self._shown(self._review(point.size))

    def sample(self, review: int = 0) -> tuple[Sampled, ...]:
        """All events of a review's sample; by default of one's own open one.

        Raises:
            NotFound: there is no such review.
        """
        with self._acts.act("review_list", decision=self._may("review_list")):
            return self._sample(self._review(review))

    def next(self, review: int = 0) -> Sampled | None:
        """The next event of one's own review that was not looked at yet; None: there is none.

        That it was looked at is on record.

        Raises:
            NotFound: one has no such review open.
        """
        with self._acts.act(reviews.LOOK, decision=self._may(reviews.LOOK)):
            mine = self._mine(review)
            waiting = [one for one in self._sample(mine) if not one.looked]
            if waiting:
                self._look(waiting[0])
            return waiting[0] if waiting else None

    def look(self, event: int, review: int = 0) -> Sampled:
        """One event of one's own review, by its number; that it was looked at is on record.

        Raises:
            NotFound: one has no such review open, or the event is not in its sample.
        """
        with self._acts.act(reviews.LOOK, decision=self._may(reviews.LOOK)):
            found = self._of(self._mine(review), event)
            self._look(found)
            return found

    def note(self, event: int, text: str, *, concern: bool = False, review: int = 0) -> None:
        """Write a note on an event of one's own review; it is sealed to the officers.

        Raises:
            NotFound: one has no such review open, or the event is not in its sample.
            UsageError: the note says nothing, or too much.
        """
        with self._acts.act(reviews.NOTE, decision=self._may(reviews.NOTE)) as act:
            check_reason(text, 1)
            found = self._of(self._mine(review), event)
            counts = {"review": found.review, "event": event}
            act.counts.update(counts)
            status = reviews.CONCERN if concern else reviews.NOTED
            self._record(reviews.NOTE, status, counts, {"note": text})

    def sign(self, statement: str = "", review: int = 0) -> ReviewShown:
        """Sign one's own review off: every event of the sample was looked at.

        Raises:
            NotFound: one has no such review open.
            UsageError: some events were not looked at.
        """
        with self._acts.act(reviews.SIGN, decision=self._may(reviews.SIGN)) as act:
            mine = self._mine(review)
            waiting = sum(not one.looked for one in self._sample(mine))
            if waiting:
                raise UsageError(
                    f"{waiting} events of the sample were not looked at",
                    remedy="`appliance audit review next`",
                )
            if statement:
                check_reason(statement, 1)
            notes, concerns = len(mine.notes), sum(note.concern for note in mine.notes)
            counts = {"review": mine.number, "notes": notes, "concerns": concerns}
            counts |= {"events": mine.events}
            act.counts.update(counts)
            said = {"statement": statement} if statement else {}
            self._record(reviews.SIGN, reviews.SIGNED, counts, said)
            return self._shown(self._review(mine.number))

    # -- what they share -----------------------------------------------------------------------

    def _may(self, action: str) -> Decision:
        return self._acts.decide(action, APPLIANCE)

    def _record(
        self,
        action: str,
        status: str,
        counts: dict[str, int],
        private: dict[str, str] | None = None,
    ) -> None:
        self._log.event(
            Kind.ADMIN,
            action,
            self._acts.actor,
            status=status,
            counts=counts,
            private=private or {},
        )

    def _known(self) -> tuple[Review, ...]:
        return replay(self._log.records(Kind.ADMIN))

    def _review(self, number: int) -> Review:
        """A review by its number, or one's own open one.  Raises NotFound."""
        me = self._acts.actor.uid
        for one in self._known():
            if one.number == number or (not number and one.by == me and not one.signed):
                return one
        raise NotFound("there is no such review", remedy="`appliance audit review list`")

    def _mine(self, number: int) -> Review:
        """One's own open review.  Raises NotFound."""
        found = self._review(number)
        if found.by != self._acts.actor.uid or found.signed:
            raise NotFound(
                "this review is not open to you", remedy="`appliance audit review start`"
            )
        return found

    def _of(self, review: Review, event: int) -> Sampled:
        for one in self._sample(review):
            if one.event.seq == event:
                return one
        raise NotFound(
            "this event is not in the sample", remedy="`appliance audit review next` names it"
        )

    def _look(self, one: Sampled) -> None:
        if not one.looked:
            counts = {"review": one.review, "event": one.event.seq}
            self._record(reviews.LOOK, reviews.LOOKED, counts)

    def _sample(self, review: Review) -> tuple[Sampled, ...]:
        drawn = _KEPT.get(self._log, {}).get(review.number)
        if drawn is None:
            drawn = self._drawn_again(review)
            self._keep(review.number, drawn)
        return tuple(
            Sampled(
                review.number,
                place,
                len(drawn),
                one.event,
                one.manner,
                one.reasons,
                one.event.seq in review.looked,
            )
            for place, one in enumerate(drawn, start=1)
        )

    def _drawn_again(self, review: Review) -> tuple[Drawn, ...]:
        pool = _Pool(self._folder, self._known(), review.by, review.number)
        return draw(pool, base64.b64decode(review.root), review.risky, review.chance)

    def _keep(self, number: int, drawn: tuple[Drawn, ...]) -> None:
        _KEPT.setdefault(self._log, {})[number] = drawn

    def _shown(self, review: Review) -> ReviewShown:
        notes = tuple(NoteShown(one.event, one.concern, one.record) for one in review.notes)
        return ReviewShown(
            number=review.number,
            root=review.root,
            by=self._acts.store.person(review.by).row.name or str(review.by),
            began=review.start.time,
            signed=review.end.time if review.end else "",
            events=review.events,
            pool=review.pool,
            own=review.own,
            looked=len(review.looked),
            notes=notes,
            concerns=sum(note.concern for note in notes),
        )


class _Pool:
    """The events of a review: what others did, what nobody but them reviewed, and what ended.

    What is still open belongs to the next review.
    """

    def __init__(
        self, folder: Path, known: tuple[Review, ...], reviewer: int, records: int
    ) -> None:
        """``records``: so many of the log are under review, from its first on."""
        self._folder, self._reviewer, self._records = folder, reviewer, records
        self._known = reviews.before(known, records)
        self.size = self.own = 0  # events given, and left out as the reviewer's; known at the end

    def __iter__(self) -> Iterator[Event]:
        self.size = self.own = 0
        seen: dict[int, int] = {}
        for event in self._ended():
            if event.uid not in seen:
                seen[event.uid] = covered(self._known, event.uid)
            if event.seqs[-1] < seen[event.uid]:
                continue
            if event.uid == self._reviewer:
                self.own += 1
                continue
            self.size += 1
            yield event

    def _ended(self) -> Iterator[Event]:
        others = {one.by for one in self._known if one.signed} - {self._reviewer}
        anybody = max((one.number for one in self._known if one.signed), default=0)
        first = min((covered(self._known, uid) for uid in others), default=anybody)
        joining = Joining()
        for line in lines(self._folder):
            if not line.whole or (seq := _seq(line.data)) >= self._records:
                return
            if seq >= first:
                event = joining.add(decode(line.data))
                if event is not None:
                    yield event


def standing(acts: Acts, every: timedelta) -> Due:
    """What is due, for the doctor as well, who makes no record of his own of it."""
    known = replay(acts.log.records(Kind.ADMIN))
    signed = [one for one in known if one.end]
    last = max((one.end.time for one in signed if one.end), default="")
    last = last or next(acts.log.records()).time
    until = datetime.fromisoformat(last) + every
    return Due(
        last=last,
        until=until.strftime(MOMENT),
        overdue=until < datetime.now(UTC),
        open=len(known) - len(signed),
        concerns=sum(note.concern for one in signed for note in one.notes),
        glass=sum(one.reviewed_by is None for one in acts.store.openings()),
    )


def _seq(line: bytes) -> int:
    """The number of a record, without reading all of it."""
    at = line.rfind(_SEQ) + len(_SEQ)
    end = at
    while line[end : end + 1].isdigit():
        end += 1
    return int(line[at:end])
