"""Group commit: order, sharing, and whose error is whose."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from appliance.audit.commit import Commit, Ticket
from appliance.audit.records import Actor, Kind
from appliance.audit.verify import verify
from appliance.errors import AuditError, UsageError
from tests.audit.logbox import ANA, LogBox, act


def all_at_once(count: int, work: object) -> None:
    assert callable(work)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
        assert not thread.is_alive()


def test_what_comes_while_one_writes_goes_together() -> None:
    batches: list[int] = []

    def write(tickets: Sequence[Ticket[int]]) -> None:
        batches.append(len(tickets))
        time.sleep(0.05)

    commit = Commit(write)

    def work(number: int) -> None:
        for _ in range(5):
            commit.write(number)

    all_at_once(16, work)
    assert sum(batches) == 80
    assert len(batches) < 40  # alone they would be eighty, on a calm machine they are six


def test_an_item_that_is_not_taken_harms_no_other() -> None:
    def write(tickets: Sequence[Ticket[int]]) -> None:
        for ticket in tickets:
            if ticket.item % 2:
                ticket.error = UsageError("odd")

    commit, taken = Commit(write), set()

    def work(number: int) -> None:
        try:
            commit.write(number)
            taken.add(number)
        except UsageError:
            pass

    all_at_once(10, work)
    assert taken == {0, 2, 4, 6, 8}


def test_an_error_of_the_disk_is_everybodys() -> None:
    def write(tickets: Sequence[Ticket[int]]) -> None:
        time.sleep(0.01)
        raise OSError(28, "full")

    commit, told = Commit(write), []

    def work(number: int) -> None:
        with pytest.raises(AuditError, match="cannot be written"):
            commit.write(number)
        told.append(number)

    all_at_once(8, work)
    assert sorted(told) == list(range(8))


def test_sixteen_writers_leave_one_whole_log(box: LogBox) -> None:
    with box.create() as log:

        def work(number: int) -> None:
            for n in range(20):
                act(log, 100 * number + n)

        all_at_once(16, work)
        records = list(log.records())
    assert verify(box.folder, log.public_key).records == 641
    asked = [r.documents[0] for r in records if r.kind is Kind.INTENT]
    assert len(set(asked)) == 320
    answers = [r.of for r in records if r.kind is Kind.OUTCOME]
    assert sorted(answers) == sorted(r.id for r in records if r.kind is Kind.INTENT)


def test_one_bad_record_among_many_stays_out(box: LogBox) -> None:
    refused: list[int] = []

    def work(number: int) -> None:
        for _ in range(10):
            try:
                log.intent(Actor(1000), "ask", purpose="two words" if number % 4 == 0 else "care")
            except UsageError:
                refused.append(number)

    with box.create() as log:
        all_at_once(8, work)
    assert len(refused) == 20
    assert verify(box.folder, log.public_key).records == 61


def test_writing_an_outcome_twice_at_once_leaves_one(box: LogBox) -> None:
    with box.create() as log:
        intent = log.intent(ANA, "ask")
        failed = []

        def work(_: int) -> None:
            try:
                log.outcome(intent, "done")
            except Exception as error:
                failed.append(type(error).__name__)

        all_at_once(6, work)
        assert failed == ["InvariantBroken"] * 5
        assert sum(record.of == intent for record in log.records()) == 1
