"""Items come in the folder's order, and nobody waits for a slow one for long."""

from __future__ import annotations

import threading

from appliance.ingest.turns import Turns


def test_an_earlier_item_is_waited_for() -> None:
    turns: Turns[str] = Turns(patience=60)
    for rank in ((0,), (1,), (2,)):
        turns.expect(rank)
    turns.put((2,), "third")
    turns.put((1,), "second")
    threading.Timer(0.05, turns.put, ((0,), "first")).start()
    assert [turns.get() for _ in range(3)] == ["first", "second", "third"]


def test_what_is_given_up_is_not_waited_for() -> None:
    turns: Turns[str] = Turns(patience=60)
    turns.expect((0,))
    turns.put((1,), "second")
    threading.Timer(0.05, turns.give_up, ((0,),)).start()
    assert turns.get() == "second"


def test_patience_ends() -> None:
    turns: Turns[str] = Turns(patience=0.05)
    turns.expect((0,))
    turns.put((1,), "second")
    assert turns.get() == "second"
    turns.put((0, 1), "late")
    assert turns.get() == "late"


def test_closing_ends_the_wait() -> None:
    turns: Turns[str] = Turns()
    threading.Timer(0.05, turns.close).start()
    assert turns.get() is None
