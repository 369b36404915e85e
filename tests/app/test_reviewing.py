"""Reviews end to end: drawn from the log, looked at, noted, signed off, and nowhere but in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.app import doctor
from appliance.app.oversight import reviewing
from appliance.app.view import Appliance
from appliance.audit.records import Kind
from appliance.audit.reviews import before, covered, replay
from appliance.errors import Denied, NotFound, UsageError
from appliance.store.records import PrincipalRow
from tests.app.test_governing import ADMIN, FOUNDER, OFFICER, OPERATOR, REASON, acting, home

__all__ = ["home"]  # the fixture
SECOND = 70009  # another officer


@pytest.fixture
def busy(home: Path) -> Path:
    """People did this and that, one of them an officer."""
    with acting(home, OPERATOR, "TREATMENT") as app:
        for _ in range(4):
            app.collections()
        app.governing.open_glass("health", REASON, 5)
        with pytest.raises(Denied):
            app.audit_verify()
    with acting(home, OFFICER) as app:
        app.audit_verify()
        with app.acts.act("user_change"):
            app.store.put_principal(PrincipalRow(SECOND, "olaf", frozenset({"officer"})))
    return home


def looked_through(app: Appliance) -> list[int]:
    seen = []
    while (found := app.reviews.next()) is not None:
        seen.append(found.event.seq)
    return seen


def test_a_review_from_its_draw_to_its_sign_off(busy: Path) -> None:
    with acting(busy, OFFICER) as app:
        begun = app.reviews.start(risky=3, chance=2)
        assert (begun.by, begun.signed, begun.looked) == ("otto", "", 0)
        assert 5 <= begun.events < begun.pool
        assert begun.own == 2
        sample = app.reviews.sample()
        assert {one.event.uid for one in sample}.isdisjoint({OFFICER})
        assert "break_glass" in {one.event.action for one in sample}
        with pytest.raises(UsageError, match="were not looked at"):
            app.reviews.sign()
    with acting(busy, OFFICER) as app:  # a new process goes on where the last one stopped
        seen = looked_through(app)
        assert seen == [one.event.seq for one in sample]
        app.reviews.note(seen[0], "asked olga: the patient was transferred")
        app.reviews.note(seen[1], "this has no reason", concern=True)
        signed = app.reviews.sign("one thing to follow up")
        assert (signed.signed != "", signed.concerns, len(signed.notes)) == (True, 1, 2)
        assert app.reviews.reviews() == (signed,)
        with pytest.raises(NotFound):
            app.reviews.next()
        due = app.reviews.due()
        assert (due.overdue, due.open, due.concerns, due.glass) == (False, 0, 1, 1)
        (told,) = [one for one in doctor.examine_store(app) if one.check == "reviews"]
        assert (told.right, "1 concern(s)" in told.found) == (True, True)


def test_every_step_is_a_record_and_what_is_written_is_sealed(busy: Path) -> None:
    with acting(busy, OFFICER) as app:
        app.reviews.start(1, 0)
        seen = looked_through(app)
        app.reviews.note(seen[0], "a confidential remark")
        app.reviews.sign("nothing confidential to follow up")
        found = [r for r in app.log.records(Kind.ADMIN) if r.action.startswith("review_")]
        actions = ["review_start", *["review_next"] * len(seen), "review_note", "review_sign"]
        assert [record.action for record in found] == actions
        (review,) = app.reviews.reviews()
        assert app.log.holds(review.notes[0].record, "note", "a confidential remark")
        for file in (busy / "audit" / "log").iterdir():
            assert b"confidential" not in file.read_bytes()


def test_the_draw_can_be_done_again_by_anybody(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with acting(busy, OFFICER) as app:
        number = app.reviews.start(2, 2).number
        drawn = app.reviews.sample()
        app.collections()
    with acting(busy, SECOND) as app:  # nothing is kept in memory, the log has grown
        again = app.reviews.sample(number)
        assert [(o.event, o.manner) for o in again] == [(o.event, o.manner) for o in drawn]


def test_what_an_officer_did_is_left_to_another(busy: Path) -> None:
    with acting(busy, OFFICER) as app:
        first = app.reviews.start(100, 100)
        assert {o.event.uid for o in app.reviews.sample()} == {FOUNDER, OPERATOR}
        looked_through(app)
        app.reviews.sign()
    with acting(busy, SECOND) as app:
        second = app.reviews.start(100, 100)
        sample = app.reviews.sample()
        assert {o.event.uid for o in sample} == {OFFICER}, "the others were reviewed"
        assert min(o.event.seq for o in sample) < first.number, "also what was left out before"
        looked_through(app)
        app.reviews.sign()
    with acting(busy, OFFICER) as app:
        app.reviews.start(100, 100)
        assert {o.event.uid for o in app.reviews.sample()} == {SECOND}
        assert second.number < app.reviews.reviews()[-1].number


def test_nobody_signs_or_writes_in_the_review_of_another(busy: Path) -> None:
    with acting(busy, OFFICER) as app:
        number = app.reviews.start(1, 1).number
        event = app.reviews.sample()[0].event.seq
        with pytest.raises(UsageError, match="is open"):
            app.reviews.start()
    with acting(busy, SECOND) as app:
        for act in (
            lambda: app.reviews.next(number),
            lambda: app.reviews.note(event, "x", review=number),
            lambda: app.reviews.sign(review=number),
            lambda: app.reviews.sample(number + 1),
            app.reviews.next,
        ):
            with pytest.raises(NotFound):
                act()
        (review,) = app.reviews.reviews()
        assert (review.looked, review.notes, review.signed) == (0, (), "")


def test_only_what_is_in_the_sample_is_looked_at_and_noted(busy: Path) -> None:
    with acting(busy, OFFICER) as app:
        begun = app.reviews.start(0, 1)
        outside = begun.number + 1
        with pytest.raises(NotFound, match="not in the sample"):
            app.reviews.note(outside, "x")
        with pytest.raises(NotFound, match="not in the sample"):
            app.reviews.look(outside)
        event = app.reviews.sample()[-1].event.seq
        assert app.reviews.look(event).event.seq == event
        app.reviews.look(event)
        assert app.reviews.reviews()[0].looked == 1
        for figures in ((0, 0), (-1, 5), (5, reviewing.MOST + 1)):
            with pytest.raises(UsageError):
                app.reviews.start(*figures)


@pytest.mark.parametrize("uid", [OPERATOR, ADMIN])
def test_only_officers_review(busy: Path, uid: int) -> None:
    with acting(busy, uid) as app, pytest.raises(Denied):
        app.reviews.start()


def test_who_alone_did_everything_has_nothing_to_review(home: Path) -> None:
    with acting(home, FOUNDER) as app, pytest.raises(UsageError, match="did yourself"):
        app.reviews.start()


def test_a_review_is_overdue_after_its_time(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (busy / "appliance.toml").write_text("[audit]\nreview_days = 0\n")
    with acting(busy, OFFICER) as app:
        assert app.reviews.due().overdue
        (found,) = [one for one in doctor.examine_store(app) if one.check == "reviews"]
        assert (found.right, "overdue since" in found.found) == (False, True)


def test_records_that_do_not_fit_change_nothing(busy: Path) -> None:
    with acting(busy, OFFICER) as app:
        app.reviews.start(1, 0)
        looked_through(app)
        app.reviews.sign()
        records = [r for r in app.log.records(Kind.ADMIN)]
    (review,) = replay(records)
    assert review.signed
    foreign = [replace(r, uid=SECOND) if r.action == "review_sign" else r for r in records]
    assert not replay(foreign)[0].signed
    again = [*records, replace(records[-1], action="review_note")]
    assert replay(again) == (review,)
    assert (covered([review], OFFICER), covered([review], OPERATOR)) == (0, review.number)
    assert review.end is not None
    assert not before([review], review.end.seq)[0].signed
    assert before([review], review.start.seq) == ()
