"""The log as columns: what they say is what the records say, and they follow the log."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from appliance.audit.columns import Columns
from appliance.audit.events import join
from appliance.audit.filtering import ALLOW, DENY, Filter, Known, matching, microseconds
from appliance.audit.log import AuditLog
from appliance.audit.merkle import CompactRange
from appliance.audit.records import Actor, DecisionRecord, Kind
from appliance.audit.tallies import FEWEST, By, outside_hours, tally, unusual, week
from appliance.errors import AuditError, UsageError
from tests.audit.logbox import ANA, LogBox, act, document

BEN = Actor(1001, "Ben Ode")
WALL = DecisionRecord(False, ("wall",), "ab" * 32)
TEAM = DecisionRecord(True, ("care-team",), "ab" * 32)
LARCH, ROWAN = "1a" * 16, "2b" * 16


def columns_of(box: LogBox) -> Columns:
    columns = Columns(box.folder)
    columns.keep_up()
    return columns


def seqs(columns: Columns, wanted: Filter, known: Known | None = None) -> list[int]:
    """Numbers of the first records of the events that a filter finds."""
    return [columns.head[int(e)] for e in matching(columns, wanted, known or Known())]


def busy(log: AuditLog) -> None:
    """Records 1 to 8: Ana asks about document 7 in Larch, Ben is denied Rowan, a tool speaks."""
    asked = log.intent(
        ANA, "ask", purpose="TREATMENT", collection=LARCH, decision=TEAM, private={"question": "?"}
    )
    denied = log.intent(BEN, "show", collection=ROWAN, decision=WALL, private={"document": "x"})
    log.retrieval(asked, [document(7)])
    log.outcome(denied, "denied", error="Denied")
    log.outcome(asked, "done", documents=[document(8)])
    log.event(Kind.SECURITY, "attest_egress", ANA)


def test_an_event_is_its_intent_with_all_that_answers_it(box: LogBox) -> None:
    with box.create() as log:
        busy(log)
        columns = columns_of(box)
        assert len(columns) == 4  # the log's own first record among them
        assert columns.records == log.size
        first = columns.records_of(1)
        assert [record.kind for record in first] == ["intent", "retrieval", "outcome"]
        assert [record.seq for record in columns.records_of(columns.event_of(4))] == [2, 4]
        assert [event.seqs for event in join(first)] == [(1, 3, 5)]


def test_each_field_of_a_filter_finds_its_events(box: LogBox) -> None:
    with box.create() as log:
        busy(log)
        held = Known(exact=(dict(next(iter(log.records(Kind.INTENT))).mac)["question"],))
    columns = columns_of(box)
    asked, denied, spoke = 1, 2, 6
    for wanted, found in (
        (Filter(), [0, asked, denied, spoke]),
        (Filter(uids=(1001,)), [denied]),
        (Filter(actions=("ask", "attest_egress")), [asked, spoke]),
        (Filter(without=("ask", "create_log")), [denied, spoke]),
        (Filter(purpose="TREATMENT"), [asked]),
        (Filter(decision=DENY), [denied]),
        (Filter(decision=ALLOW), [asked]),
        (Filter(status="denied"), [denied]),
        (Filter(kind="security"), [spoke]),
        (Filter(document=document(7)), [asked]),
        (Filter(document=document(8)), [asked]),
        (Filter(collections=(ROWAN,)), [denied]),
        (Filter(since="2999-01-01"), []),
        (Filter(until="2999-01-01", actions=("ask",)), [asked]),
        (Filter(actions=("never",)), []),
        (Filter(document="ff" * 16), []),
    ):
        assert seqs(columns, wanted) == found, wanted
    assert seqs(columns, Filter(collections=("3c" * 16,)), Known(documents=(document(7),))) == [
        asked
    ]
    assert seqs(columns, Filter(exact="?"), held) == [asked]


def test_the_columns_follow_the_log_from_segment_to_segment(box: LogBox) -> None:
    box.filled(1)
    columns = columns_of(box)
    with box.open(segment_records=4) as log:
        for number in range(9):
            act(log, number)
            columns.keep_up()
            assert columns.records == log.size
        for seq, record in enumerate(log.records()):
            assert columns.records_of(columns.event_of(seq))
            assert f'"seq":{seq}'.encode() in columns.line(seq)
            assert record.seq == seq
    assert len(columns) == 11


def test_a_line_that_is_being_written_waits_for_its_end(box: LogBox) -> None:
    box.filled(1)
    columns = columns_of(box)
    before = box.segment.read_bytes()
    whole = before.splitlines(keepends=True)[-1]
    with box.segment.open("ab") as file:
        file.write(whole[:100])
    columns.keep_up()
    assert columns.records == 3
    box.segment.write_bytes(before)


@pytest.mark.parametrize(
    "line", [b'{"seq":3}', b"3", b'{"seq":3,"kind":"admin","of":""}', b'{"seq":"3"}', b"\xff"]
)
def test_what_is_no_record_is_named_not_passed_over(box: LogBox, line: bytes) -> None:
    box.filled(1)
    with box.segment.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(AuditError, match="not an audit record"):
        columns_of(box)


@pytest.mark.parametrize("seq", [-1, 3, 10**9])
def test_a_number_without_a_record_is_refused(box: LogBox, seq: int) -> None:
    columns = columns_of(box.filled(1))
    assert not columns.holds(seq)
    with pytest.raises(AuditError):
        columns.line(seq)
    with pytest.raises(AuditError):
        columns.event_of(seq)


def test_many_threads_read_while_the_log_grows(box: LogBox) -> None:
    faults: list[BaseException] = []
    with box.create() as log:
        columns = columns_of(box)

        def read() -> None:
            try:
                for _ in range(30):
                    columns.keep_up()
                    found = matching(columns, Filter(actions=("ask",)), Known())
                    assert all(columns.records_of(int(event)) for event in found[-3:])
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(40):
            act(log, number)
        for thread in threads:
            thread.join()
        columns.keep_up()
        assert columns.records == log.size
    assert not faults


def test_counts_say_how_many_of_whom_and_how_many_were_denied(box: LogBox) -> None:
    with box.create() as log:
        busy(log)
        act(log, 7)
    columns = columns_of(box)
    events = matching(columns, Filter(without=("create_log",)), Known())
    assert [(t.key, t.events, t.denied) for t in tally(columns, events, By.PERSON)] == [
        ("1000", 3, 0),
        ("1001", 1, 1),
    ]
    assert [t.events for t in tally(columns, events, By.ACTION, most=1)] == [2]
    documents = {t.key: t.events for t in tally(columns, events, By.DOCUMENT)}
    assert documents == {document(7): 2, document(8): 1}  # an intent and an outcome count once
    assert sum(t.events for t in tally(columns, events, By.DAY)) == 4
    assert sum(map(sum, week(columns, events).hours)) == 4
    assert tally(columns, events[:0], By.STATUS) == ()


def test_a_day_far_above_the_usual_is_unusual(tmp_path: Path) -> None:
    columns = Columns(tmp_path)
    day = microseconds("2026-03-02")  # a Monday
    for uid, counts in ((1000, (5, 6, 5, 20)), (1001, (4, 4, 4, 4 * FEWEST)), (1002, (FEWEST,))):
        for at, count in enumerate(counts):
            for _ in range(count):
                columns.time.append(day + at * 86_400_000_000)
                columns.uid.append(uid)
    every = columns.view(columns.uid) > 0
    found = unusual(columns, every.nonzero()[0], microseconds("2026-03-03"))
    assert [(one.uid, one.day, one.events) for one in found] == [
        (1001, "2026-03-05", 4 * FEWEST),
        (1002, "2026-03-02", FEWEST),
    ]
    assert len(outside_hours(columns, every.nonzero()[0])) == len(columns.uid)  # all at midnight


def test_a_moment_is_a_day_or_a_time() -> None:
    assert microseconds("2026-03-02", end=True) - microseconds("2026-03-02") == 86_400_000_000
    assert microseconds("2026-03-02T01:00:00+01:00") == microseconds("2026-03-02")
    with pytest.raises(UsageError):
        microseconds("yesterday")
    with pytest.raises(UsageError):
        microseconds("9999-12-31", end=True)


def test_a_segment_that_was_removed_is_forgotten_and_proofs_go_on(box: LogBox) -> None:
    box.filled(1)
    with box.open(segment_records=4) as log:
        for number in range(9):
            act(log, number)
    columns = columns_of(box)
    whole, size = columns.leaves, columns.records
    removed = CompactRange()
    for seq in range(4):
        removed.append(whole.leaf(seq))
    path = columns.path(size - 1, size, None)
    box.segment.unlink()  # as retention does; what was signed of it stays
    columns.keep_up()
    assert columns.first == 4
    assert columns.records == size - 4
    assert not columns.holds(3)
    assert columns.path(size - 1, size, removed) == path
    assert all(columns.records_of(event) for event in range(len(columns)))
