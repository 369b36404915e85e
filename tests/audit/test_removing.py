"""The oldest segments go, on record; the rest verifies, opens and proves as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.audit import closed, segments
from appliance.audit.verify import verify
from appliance.errors import AuditError, NotFound
from tests.audit.logbox import ANA, LogBox, act


@pytest.fixture
def full(box: LogBox) -> LogBox:
    """A closed log of six segments and a bit, four records each."""
    box.create().close()
    with box.open(segment_records=4) as log:
        for number in range(12):
            act(log, number)
    return box


def segment(box: LogBox, number: int) -> Path:
    return segments.segment(box.folder, number)


def test_what_is_left_verifies_opens_and_goes_on(full: LogBox) -> None:
    with full.open(segment_records=4) as log:
        root = verify(full.folder, log.public_key).root
        assert root
        assert [log.remove_segment(ANA) for _ in range(2)] == [0, 1]
        assert not segment(full, 1).exists()
        assert segment(full, 2).exists()
    verdict = verify(full.folder, log.public_key)
    assert (verdict.records, verdict.removed) == (27, 8)
    with full.open(segment_records=4) as log:
        assert log.size == 27
        act(log, 99)
        assert log.remove_segment(ANA) == 2
        assert next(log.records()).seq == 12
    assert verify(full.folder, log.public_key).records == 30


def test_a_segment_that_goes_without_a_record_is_named(full: LogBox) -> None:
    with full.open(segment_records=4) as log:
        log.remove_segment(ANA)
    segment(full, 1).unlink()  # what was signed of it is there, but no record of its removal
    with pytest.raises(AuditError, match=r"000001.jsonl was removed, and no record says so"):
        verify(full.folder, log.public_key)
    with pytest.raises(AuditError, match=r"000001.jsonl was removed"):
        full.open(segment_records=4)


def test_what_was_signed_of_it_is_needed_and_cannot_be_forged(full: LogBox) -> None:
    with full.open(segment_records=4) as log:
        log.remove_segment(ANA)
    note = closed.file_of(full.folder, 0)
    data = note.read_bytes()
    for spoilt in (
        data.replace(b"size 4", b"size 5"),
        data.replace(b"segment 0", b"segment 1"),
        closed.file_of(full.folder, 1).read_bytes(),
        b"",
    ):
        note.write_bytes(spoilt)
        with pytest.raises(AuditError, match=r"000000.root"):
            verify(full.folder, log.public_key)
    note.unlink()
    with pytest.raises(AuditError, match=r"000000.jsonl is missing"):
        verify(full.folder, log.public_key)


def test_a_change_in_what_is_left_is_named(full: LogBox) -> None:
    with full.open(segment_records=4) as log:
        log.remove_segment(ANA)
    path = segment(full, 3)
    path.write_bytes(path.read_bytes().replace(b'"uid":1000', b'"uid":1001', 1))
    with pytest.raises(AuditError, match=r"000003.jsonl line 1: record 12 was changed"):
        verify(full.folder, log.public_key)
    with pytest.raises(AuditError, match="record 12 was changed"):
        full.open(segment_records=4)


def test_the_one_that_is_written_to_stays(box: LogBox) -> None:
    box.filled(3)
    with box.open() as log, pytest.raises(NotFound):
        log.remove_segment(ANA)


def test_an_act_that_began_in_it_must_have_ended(box: LogBox) -> None:
    box.create().close()
    with box.open(segment_records=4) as log:
        intent = log.intent(ANA, "ask")
        for number in range(4):
            act(log, number)
        with pytest.raises(AuditError, match="still open"):
            log.remove_segment(ANA)
        log.outcome(intent, "done")
        assert log.remove_segment(ANA) == 0
    verify(box.folder, log.public_key)


def test_an_intent_left_open_in_a_full_segment_is_answered_at_open(box: LogBox) -> None:
    box.create().close()
    with box.open(segment_records=4) as log:
        intent = log.intent(ANA, "delete")
        for number in range(4):
            act(log, number)
    with box.open(segment_records=4) as log:
        *_, last = log.records()
        assert (last.of, last.action) == (intent, "delete")


def test_a_lost_note_of_a_full_segment_costs_time_only(full: LogBox) -> None:
    closed.file_of(full.folder, 2).unlink()
    with full.open(segment_records=4) as log:
        assert log.size == 25
    verify(full.folder, log.public_key)


def test_the_records_of_removals_may_go_themselves(full: LogBox) -> None:
    """Years later: that the first segments were removed stood in one that is removed now."""
    with full.open(segment_records=4) as log:
        for number in range(8):  # each removal is on record, and so in a segment that will go
            assert log.remove_segment(ANA) == number
            act(log, 2 * number)
            act(log, 2 * number + 1)
    first = segments.number_of(segments.segments(full.folder)[0])
    assert (first, verify(full.folder, log.public_key).removed) == (8, 32)
    with full.open(segment_records=4) as log:
        assert log.remove_segment(ANA) == 8
    segment(full, 9).unlink()
    with pytest.raises(AuditError, match=r"000009.jsonl was removed, and no record says so"):
        verify(full.folder, log.public_key)
