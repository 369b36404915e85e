"""Turns: bounded, fair between people, with a clear end of patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from appliance.api.fair import Turns
from appliance.config import ServiceSettings
from appliance.errors import Busy, ServiceUnavailable


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def queue_up(turns: Turns, uid: int, order: list[int], count: int) -> list[threading.Thread]:
    """Start calls that note their person when their turn comes, one after the other."""

    def call() -> None:
        with turns.turn(uid):
            order.append(uid)

    threads = []
    for _ in range(count):
        wanted = turns.counts()[1] + 1
        threads.append(threading.Thread(target=call))
        threads[-1].start()
        wait_until(lambda wanted=wanted: turns.counts()[1] == wanted)  # type: ignore[misc]
    return threads


def test_people_are_served_in_turn_however_many_calls_one_has() -> None:
    turns = Turns(ServiceSettings(workers=1))
    order: list[int] = []
    with turns.turn(9):
        threads = queue_up(turns, 1, order, 5) + queue_up(turns, 2, order, 2)
        threads += queue_up(turns, 3, order, 1)
    for thread in threads:
        thread.join()
    assert order == [1, 2, 3, 1, 2, 1, 1, 1]
    assert turns.counts() == (0, 0)


def test_one_person_leaves_places_for_another() -> None:
    turns = Turns(ServiceSettings(workers=4, waiting_s=0))
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(turns.turn(1))
        with pytest.raises(Busy, match="no place"):
            held.enter_context(turns.turn(1))
        with turns.turn(2):
            assert turns.counts() == (4, 0)


def test_a_full_row_is_told_at_once_and_only_to_its_owner() -> None:
    turns = Turns(ServiceSettings(workers=1, waiting=2))
    order: list[int] = []
    with turns.turn(9):
        threads = queue_up(turns, 1, order, 2)
        with pytest.raises(Busy, match="wait already"), turns.turn(1):
            pass
        threads += queue_up(turns, 2, order, 1)
    for thread in threads:
        thread.join()
    assert sorted(order) == [1, 1, 2]


def test_whoever_gives_up_leaves_no_trace() -> None:
    turns = Turns(ServiceSettings(workers=1, waiting_s=0))
    with turns.turn(1):
        with pytest.raises(Busy), turns.turn(2):
            pass
        assert turns.counts() == (1, 0)
    with turns.turn(2):
        assert turns.counts() == (1, 0)


def test_a_place_is_free_for_others_while_its_caller_is_waited_for() -> None:
    turns = Turns(ServiceSettings(workers=1, waiting_s=0))
    with turns.turn(1) as turn:
        with turn.aside(), turns.turn(2):
            assert turns.counts() == (1, 0)
        assert turns.counts() == (1, 0)
        with pytest.raises(Busy), turns.turn(2):
            pass
    assert turns.counts() == (0, 0)


def test_sealing_sends_away_who_waits_and_who_comes() -> None:
    turns = Turns(ServiceSettings(workers=1))
    ended: list[type[Exception]] = []

    def call() -> None:
        try:
            with turns.turn(2):
                pass
        except ServiceUnavailable as error:
            ended.append(type(error))

    with turns.turn(1):
        thread = threading.Thread(target=call)
        thread.start()
        wait_until(lambda: turns.counts()[1] == 1)
        turns.close()
        thread.join()
    assert ended == [ServiceUnavailable]
    with pytest.raises(ServiceUnavailable), turns.turn(1):
        pass


def test_a_failure_gives_the_place_back() -> None:
    turns = Turns(ServiceSettings(workers=1, waiting_s=0))
    with pytest.raises(ValueError, match="broken"), turns.turn(1):
        raise ValueError("broken")
    with turns.turn(1):
        pass
