"""Reviews of the log: the sample that was drawn, looked at one by one, noted, signed off.

Who reviews does not choose what.  Looking at an event of the sample is on record, and so is every
note; a review is signed when every event of it was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.app.governance.governed import OpeningShown
from appliance.app.oversight.reviewing import CHANCE, RISKY, Due, NoteShown, ReviewShown, Sampled
from appliance.audit.records import Record
from appliance.console.asking import whole
from appliance.console.pages.timeline import event as close_view
from appliance.console.rows import Mark, Row, row
from appliance.console.visit import Answer, Elsewhere, Page, Visit
from appliance.errors import NotFound

_TONES = {"broken glass": "warn", "denied": "bad", "security": "warn"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits for officers, for the first page."""

    open: int
    overdue: bool
    said: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One event of a sample, as a row of its own."""

    row: Row
    looked: bool
    notes: tuple[str, ...]


def standing(visit: Visit) -> Standing:
    """How many reviews are open, and whether the next one is overdue."""
    due = visit.appliance.reviews.due()
    said = f"overdue since {due.until[:10]}" if due.overdue else f"the next until {due.until[:10]}"
    return Standing(due.open, due.overdue, said)


def glass_of(visit: Visit) -> tuple[OpeningShown, ...]:
    """Every opening, what waits for a review first, then the newest."""
    openings = reversed(visit.appliance.governing.openings())
    return tuple(sorted(openings, key=lambda one: bool(one.reviewed_by)))


def reviewed(visit: Visit) -> Answer:
    """The officer says that an opening was looked at."""
    visit.appliance.governing.review(visit.path.get("id", ""))
    return Elsewhere("/walls")


def reviews(visit: Visit) -> Page:
    """Every review, and what is due."""
    room = visit.appliance.reviews
    due: Due = room.due()
    listed = tuple(reversed(room.reviews()))
    mine = next((one for one in listed if _is_mine(visit, one)), None)
    values = {"due": due, "reviews": listed, "mine": mine, "risky": RISKY, "chance": CHANCE}
    return Page("reviews.html", "Reviews", values)


def start(visit: Visit) -> Answer:
    """Draw a sample.

    Raises:
        UsageError: one's own review is open, or there is nothing to review.
    """
    risky, chance = whole(visit.form.get("risky", "")), whole(visit.form.get("chance", ""))
    return Elsewhere(f"/review/{visit.appliance.reviews.start(risky, chance).number}")


def review(visit: Visit) -> Page:
    """One review: its sample, its notes, what is left to look at."""
    found = _shown(visit, visit.number("review"))
    sample = visit.appliance.reviews.sample(found.number)
    waiting = [one.event.seq for one in sample if not one.looked]
    values = {
        "review": found,
        "sample": [_drawn(visit, one, found) for one in sample],
        "waiting": waiting,
        "mine": _is_mine(visit, found),
    }
    return Page("review.html", f"Review {found.number}", values)


def look(visit: Visit) -> Page:
    """One event of the sample, closely; that it was looked at is on record."""
    number, seq = visit.number("review"), visit.number("seq")
    found = _shown(visit, number)
    room = visit.appliance.reviews
    mine = _is_mine(visit, found)
    one = room.look(seq, number) if mine else _sampled(room.sample(number), seq)
    page = close_view(replace(visit, path={"seq": str(seq)}))
    notes = [note for note in found.notes if note.event == seq]
    shown = {
        "number": number,
        "place": one.place,
        "of": one.of,
        "why": _why(one),
        "mine": mine,
        "notes": [(_text(visit, note), note.concern) for note in notes],
    }
    values = {**page.values, "review": shown}
    return replace(page, values=values, title=f"Review {number}, event {seq}")


def note(visit: Visit) -> Answer:
    """Write a note, if there is one, and go on to the next event that was not looked at.

    Raises:
        NotFound: it is not one's own open review, or not of its sample.
    """
    number, seq = visit.number("review"), visit.number("seq")
    text = " ".join(visit.form.get("note", "").split())
    if text:
        concern = bool(visit.form.get("concern"))
        visit.appliance.reviews.note(seq, text, concern=concern, review=number)
    waiting = (s for s in visit.appliance.reviews.sample(number) if not s.looked)
    following = next(waiting, None)
    if following is None:
        return Elsewhere(f"/review/{number}")
    return Elsewhere(f"/review/{number}/event/{following.event.seq}")


def sign(visit: Visit) -> Answer:
    """Sign the review off.

    Raises:
        UsageError: some events were not looked at.
    """
    number = visit.number("review")
    statement = " ".join(visit.form.get("statement", "").split())
    visit.appliance.reviews.sign(statement, number)
    return Elsewhere(f"/review/{number}")


ROUTES: tuple[tuple[str, Callable[[Visit], Answer], str], ...] = (
    ("/reviews", reviews, "GET"),
    ("/reviews", start, "POST"),
    ("/review/{review}", review, "GET"),
    ("/review/{review}/event/{seq}", look, "GET"),
    ("/review/{review}/event/{seq}", note, "POST"),
    ("/review/{review}/sign", sign, "POST"),
)


def _shown(visit: Visit, number: int) -> ReviewShown:
    for one in visit.appliance.reviews.reviews():
        if one.number == number:
            return one
    raise NotFound("there is no such review", remedy="see the list of reviews")


def _sampled(sample: tuple[Sampled, ...], seq: int) -> Sampled:
    for one in sample:
        if one.event.seq == seq:
            return one
    raise NotFound("this event is not in the sample", remedy="see the list of the review")


def _is_mine(visit: Visit, one: ReviewShown) -> bool:
    return not one.signed and one.by == visit.session.officer


def _drawn(visit: Visit, one: Sampled, found: ReviewShown) -> Drawn:
    plain = row(one.event, visit.names, visit.session.opened.strings)
    notes = tuple(_text(visit, note) for note in found.notes if note.event == one.event.seq)
    return Drawn(replace(plain, marks=_why(one)), one.looked, notes)


def _why(one: Sampled) -> tuple[Mark, ...]:
    """Why an event is in the sample."""
    reasons = tuple(Mark(str(reason), _TONES.get(str(reason), "")) for reason in one.reasons)
    return (*reasons, Mark(f"by {one.manner}" if one.manner != "always" else "always"))


def _text(visit: Visit, one: NoteShown) -> str:
    record: Record = one.record
    return visit.session.opened.strings(record).get("note", "sealed to other officers")
