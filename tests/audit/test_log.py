"""The log's life: what is written, what is sealed, what a crash leaves and how it is put right."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.audit.clock import Moment, now
from appliance.audit.log import AuditLog, IntentId
from appliance.audit.records import Actor, DecisionRecord, Kind, Record
from appliance.audit.verify import verify
from appliance.crypto.keyring import Key
from appliance.errors import AuditError, InvariantBroken, SealBroken, StoreBusy, UsageError
from tests.audit.logbox import (
    ANA,
    MAC_KEY,
    SEAL_KEY,
    SEED,
    STORE,
    LogBox,
    act,
    document,
    ticking,
)

QUESTION = "Wie hoch ist Frau Müllers Miete?\n"


def statuses(log: AuditLog) -> list[tuple[str, str]]:
    return [(r.kind.value, r.result.status if r.result else "") for r in log.records()]


def test_an_action_is_three_records(box: LogBox) -> None:
    decision = DecisionRecord(True, ("operator-content",), "ab" * 32)
    with box.create() as log:
        intent = log.intent(
            ANA,
            "ask",
            purpose="care",
            collection="cd" * 16,
            decision=decision,
            private={"question": QUESTION},
        )
        log.retrieval(intent, [document(1), document(2)], model="smol@abc", prompt="ef" * 32)
        log.outcome(intent, "done", documents=[document(2)], counts={"statements": 2})
        created, first, second, third = log.records()
    assert (created.kind, created.action) == (Kind.SYSTEM, "create_log")
    assert (first.kind, first.id, first.decision) == (Kind.INTENT, intent, decision)
    assert (second.kind, second.of) == (Kind.RETRIEVAL, intent)
    assert second.documents == (document(1), document(2))
    assert (second.model, second.prompt) == ("smol@abc", "ef" * 32)
    assert (third.kind, third.of) == (Kind.OUTCOME, intent)
    assert third.result is not None
    assert third.result.counts == (("statements", 2),)
    for record in (first, second, third):
        assert (record.uid, record.action, record.purpose) == (1000, "ask", "care")
        assert record.collection == "cd" * 16
    assert [r.seq for r in (created, first, second, third)] == [0, 1, 2, 3]


def test_the_files_are_for_the_owner_only(box: LogBox) -> None:
    box.filled(1)
    for path in [box.folder, *box.folder.rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_nothing_private_stands_in_clear(box: LogBox) -> None:
    """No word is so short that it stands in what is sealed, as base64, by chance."""
    with box.create() as log:
        private = {"question": "Frau Müller: Mietrückstand", "names": "leasecontract.pdf"}
        log.intent(Actor(1000, "Anastasia Reyesdaughter"), "ask", private=private)
    data = b"".join(path.read_bytes() for path in box.folder.rglob("*") if path.is_file())
    for word in ("Müller", "Mietrückstand", "leasecontract", "Anastasia", "Reyesdaughter"):
        for form in (word, json.dumps(word)[1:-1]):
            assert form.encode() not in data


def test_private_strings_open_again(box: LogBox) -> None:
    odd = os.fsdecode(b"caf\xe9.pdf")  # a file name that is not UTF-8
    with box.create() as log:
        log.intent(ANA, "ask", private={"question": QUESTION, "names": odd})
        *_, record = log.records()
        assert log.unseal(record) == {"actor": "Ana Reyes", "question": QUESTION, "names": odd}
        assert log.holds(record, "names", odd)


def test_private_strings_are_bound_to_their_record(box: LogBox) -> None:
    with box.create() as log:
        log.intent(ANA, "ask", private={"question": "one"})
        log.intent(ANA, "ask", private={"question": "two"})
        _, one, two = log.records()
        moved: list[Record] = [
            replace(two, sealed=one.sealed),
            replace(one, seq=two.seq),
            replace(one, id=two.id),
            replace(one, sealed="AAAA" + one.sealed[4:]),
            replace(one, sealed=one.sealed[:-3]),
        ]
        for record in moved:
            with pytest.raises(SealBroken):
                log.unseal(record)
    elsewhere = LogBox(box.folder.with_name("elsewhere"))
    with AuditLog.create(elsewhere.folder, SEED, SEAL_KEY, MAC_KEY, "77" * 16) as other:
        with pytest.raises(SealBroken):
            other.unseal(one)
        assert other.unseal(next(other.records())) == {}


def test_known_strings_are_found_by_their_keyed_hash(box: LogBox) -> None:
    with box.create() as log:
        log.intent(ANA, "ask", private={"question": "Übergabe"})
        log.intent(ANA, "ask", private={"names": "Übergabe"})
        _, asked, named = log.records()
        assert log.holds(asked, "question", "Übergabe")
        assert log.holds(asked, "question", "U\u0308bergabe")  # another spelling of the same text
        assert not log.holds(asked, "question", "ubergabe")
        assert not log.holds(named, "question", "Übergabe")
        assert dict(asked.mac)["question"] != dict(named.mac)["names"]


def test_content_in_a_clear_field_is_refused_and_the_log_goes_on(box: LogBox) -> None:
    with box.create() as log:
        with pytest.raises(UsageError, match="purpose"):
            log.intent(ANA, "ask", purpose="she asked for it")
        act(log, 1)
    assert verify(box.folder, log.public_key).records == 3


def test_every_record_says_the_policies_in_force_and_the_door(box: LogBox) -> None:
    with box.create() as log:
        log.policy = "ab" * 32
        intent = log.intent(Actor(1000, via="console"), "ask")
        log.policy = "cd" * 32
        log.retrieval(intent, [document(1)], model="m1", adapter="a1", prompt="p1")
        log.outcome(intent, "done", model="m1", adapter="a1", prompt="p1")
        _, *records = log.records()
    assert [r.policy[:2] for r in records] == ["ab", "cd", "cd"]
    assert {r.via for r in records} == {"console"}
    assert [r.code for r in records] == ["1103.intent", "1103.retrieval", "1103.done"]
    for record in records[1:]:
        assert (record.model, record.adapter, record.prompt) == ("m1", "a1", "p1")


def test_what_has_no_code_is_not_recorded(box: LogBox) -> None:
    with box.create() as log:
        with pytest.raises(InvariantBroken, match="no event code"):
            log.intent(ANA, "juggle")
        intent = log.intent(ANA, "ask")
        with pytest.raises(InvariantBroken, match="ends in one of"):
            log.outcome(intent, "perhaps")
        log.outcome(intent, "done")
    assert verify(box.folder, log.public_key).records == 3


def test_events_stand_alone(box: LogBox) -> None:
    with box.create() as log:
        log.event(Kind.SECURITY, "unseal_failed", ANA, status="denied", counts={"tries": 3})
        *_, record = log.records()
        assert (record.kind, record.of) == (Kind.SECURITY, "")
        with pytest.raises(InvariantBroken):
            log.event(Kind.OUTCOME, "ask", ANA)


def test_an_outcome_needs_an_open_intent(box: LogBox) -> None:
    with box.create() as log:
        intent = log.intent(ANA, "ask")
        log.outcome(intent, "done")
        for stranger in (intent, IntentId("0" * 32)):
            with pytest.raises(InvariantBroken):
                log.outcome(stranger, "done")
            with pytest.raises(InvariantBroken):
                log.retrieval(stranger, [])


def test_a_log_goes_on_where_it_ended(box: LogBox) -> None:
    box.filled(2)
    with box.open() as log:
        assert log.size == 5
        act(log, 7)
    assert verify(box.folder, log.public_key).records == 7


def test_an_intent_without_outcome_is_interrupted_at_open(box: LogBox) -> None:
    with box.create() as log:
        done, open_ = log.intent(ANA, "ask"), log.intent(Actor(7), "delete")
        log.outcome(done, "done")
    with box.open() as log:
        *_, last = log.records()
        assert (last.of, last.uid, last.action) == (open_, 7, "delete")
        assert statuses(log)[-1] == ("outcome", "interrupted")
    with box.open() as log:
        assert log.size == 5  # once is enough


def test_every_torn_end_is_repaired(box: LogBox) -> None:
    """The last record is cut at every byte, as a crash or a full disk leaves it."""
    box.filled(1)
    signed = (box.folder / "checkpoint").read_bytes()
    with box.open() as log:
        act(log, 5)
    whole = box.segment.read_bytes()
    begin = whole[:-1].rindex(b"\n") + 1
    for length in range(begin + 1, len(whole), 41):
        box.segment.write_bytes(whole[:length])
        (box.folder / "checkpoint").write_bytes(signed)
        with box.open() as log:
            repair, interrupted = list(log.records())[4:]
            assert (repair.kind, repair.action) == (Kind.SYSTEM, "repair_log")
            assert repair.result is not None
            assert repair.result.counts == (("torn_bytes", length - begin),)
            assert interrupted.result is not None
            assert interrupted.result.status == "interrupted"
        assert verify(box.folder, log.public_key).records == 6


def test_zeros_at_the_end_are_repaired(box: LogBox) -> None:
    """A power cut can leave the file longer than what was written."""
    box.filled(1)
    with box.segment.open("ab") as file:
        file.write(b"\x00" * 5000)
    with box.open() as log:
        assert log.size == 4


def test_a_torn_record_that_was_signed_is_not_repaired(box: LogBox) -> None:
    data = box.filled(1).segment.read_bytes()
    box.segment.write_bytes(data[:-5])
    with pytest.raises(AuditError, match="line 3: record 2 is missing"):
        box.open()
    assert box.segment.read_bytes() == data[:-5]  # left as evidence


def test_a_changed_log_does_not_open(box: LogBox) -> None:
    lines = box.filled(2).lines()
    lines[1] = lines[1].replace(b'"uid":1000', b'"uid":1001')
    box.write_lines(lines)
    with pytest.raises(AuditError, match="line 2: record 1 was changed"):
        box.open()


def test_a_missing_log_does_not_open(box: LogBox) -> None:
    with pytest.raises(AuditError, match="there is no audit log"):
        box.open()
    box.filled(1)
    shutil.rmtree(box.folder / "log")
    with pytest.raises(AuditError):
        box.open()


def test_a_log_is_not_begun_twice(box: LogBox) -> None:
    box.filled(1)
    with pytest.raises(UsageError):
        box.create()


def test_the_log_of_another_store_or_key_does_not_open(box: LogBox) -> None:
    box.filled(1)
    with pytest.raises(AuditError, match="another store"):
        AuditLog.open(box.folder, SEED, SEAL_KEY, MAC_KEY, "66" * 16)
    with pytest.raises(AuditError, match="not signed by this key"):
        AuditLog.open(box.folder, b"\x66" * 32, SEAL_KEY, MAC_KEY, STORE)


def test_one_writer_at_a_time(box: LogBox) -> None:
    with box.create(), pytest.raises(StoreBusy):
        box.open()
    box.open().close()


def test_segments_follow_one_another(box: LogBox) -> None:
    box.create().close()
    for size in range(1, 20, 6):
        with box.open(segment_records=4) as log:
            assert log.size == size
            for number in range(3):
                act(log, number)
    counts = [
        path.read_bytes().count(b"\n") for path in sorted((box.folder / "log").glob("*.jsonl"))
    ]
    assert counts == [4] * 6 + [1]
    assert verify(box.folder, log.public_key).records == 25


def test_a_crash_between_two_segments_is_no_fault(box: LogBox) -> None:
    box.create().close()
    with box.open(segment_records=3) as log:
        act(log, 1)
    (box.folder / "log" / "000001.jsonl").touch()
    with box.open(segment_records=3) as log:
        act(log, 2)
    assert (box.folder / "log" / "000001.jsonl").read_bytes().count(b"\n") == 2
    assert verify(box.folder, log.public_key).records == 5


def test_a_checkpoint_is_signed_every_256_records(box: LogBox) -> None:
    with box.create() as log:
        for number in range(128):
            act(log, number)
        assert verify(box.folder, log.public_key).checkpoint_size == 256
        assert log.size == 257
    assert verify(box.folder, log.public_key).checkpoint_size == 257


def test_records_say_the_time_in_three_ways(box: LogBox) -> None:
    later, earlier = "2026-11-21T10:00:00.000000Z", "2026-11-20T10:00:00.000000Z"
    with box.create(ticking(Moment(later, "b1", 10), Moment(earlier, "b1", 20))) as log:
        log.event(Kind.ADMIN, "audit_show", ANA)
        first, second = log.records()
    assert (first.time, first.boot, first.mono_ns) == (later, "b1", 10)
    assert (second.time, second.mono_ns) == (earlier, 20)
    assert verify(box.folder, log.public_key).clock_steps_back == 1


def test_the_clock_of_the_machine() -> None:
    first, second = now(), now()
    assert first.boot == second.boot
    assert first.boot
    assert first.mono_ns <= second.mono_ns
    assert len(first.time) == len("2026-11-21T10:00:00.000000Z")


def test_threads_share_a_log(box: LogBox) -> None:
    with box.create() as log, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: act(log, number), range(40)))
    assert verify(box.folder, log.public_key).records == 81


def test_an_interrupted_wait_leaves_the_log_whole(box: LogBox) -> None:
    """Ctrl-C, thirty times, wherever it happens to strike: nothing is lost and the log goes on."""

    def strike(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, strike)
    known: list[IntentId] = []
    struck = 0
    try:
        with box.create() as log:
            while struck < 30:
                try:  # around the timer, too: a busy machine may let it run out at once
                    signal.setitimer(signal.ITIMER_REAL, 0.002 + struck * 0.0003)
                    while True:
                        known.append(log.intent(ANA, "ask"))
                except KeyboardInterrupt:
                    struck += 1
            act(log, 1)
            written = {record.id for record in log.records()}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(known) <= written
    verify(box.folder, log.public_key)


def test_a_closed_log_takes_nothing(box: LogBox) -> None:
    log = box.create()
    log.close()
    log.close()
    with pytest.raises(AuditError, match="closed"):
        log.intent(ANA, "ask")


def test_keys_are_needed_to_read_what_is_sealed(box: LogBox, tmp_path: Path) -> None:
    box.filled(1)
    with AuditLog.open(box.folder, SEED, Key(b"\x09" * 32), MAC_KEY, STORE) as log:
        record = list(log.records())[1]
        with pytest.raises(SealBroken):
            log.unseal(record)
