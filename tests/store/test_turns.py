"""Releases share a turn, changes take one alone, and neither waits for ever."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from appliance.documents import Collection
from appliance.store.store import Store
from appliance.store.turns import Turns
from tests.store.builders import new_document


def begun(work: object) -> threading.Thread:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    return thread


def test_a_change_waits_for_the_releases_under_way_and_the_next_wait_for_it() -> None:
    turns, said = Turns(), []
    held, go = threading.Event(), threading.Event()

    def release() -> None:
        with turns.shared():
            held.set()
            go.wait(300)
            said.append("released")

    def change() -> None:
        with turns.alone():
            time.sleep(0.02)
            said.append("changed")

    def late() -> None:
        with turns.shared():
            said.append("released later")

    threads = [begun(release)]
    assert held.wait(300)
    threads.append(begun(change))
    while not turns._waiting:  # the change is in the queue before the late release comes
        time.sleep(0.001)
    threads.append(begun(late))
    time.sleep(0.02)
    assert said == []
    go.set()
    for thread in threads:
        thread.join(300)
    assert said == ["released", "changed", "released later"]


def test_releases_do_not_wait_for_each_other() -> None:
    turns, both = Turns(), threading.Barrier(2)

    def release() -> None:
        with turns.shared():
            both.wait(300)

    threads = [begun(release) for _ in range(2)]
    for thread in threads:
        thread.join(300)
    assert not both.broken


def test_a_block_that_fails_gives_its_turn_back() -> None:
    turns = Turns()
    for turn in (turns.shared, turns.alone, turns.alone, turns.shared):
        with pytest.raises(ZeroDivisionError), turn():
            raise ZeroDivisionError


def test_changes_of_who_may_what_and_erasures_wait_for_a_release(
    store: Store, collection: Collection
) -> None:
    """Every way in which somebody loses a document takes the turn alone."""
    first = store.add_document(new_document(collection.id, "a"))
    store.set_roles(1000, frozenset({"operator"}), "ada")
    grant = store.add_grant("user:1000", collection.id, "member", contributes=False, by=1)
    ways = (
        lambda: store.remove_grant(grant.id),
        lambda: store.add_wall("user:1000", collection.id, "why", by=1),
        lambda: store.set_roles(1000, frozenset(), "ada"),
        lambda: store.label_collection(collection, (("privileged", "yes"),)),
        lambda: store.add_document(new_document(collection.id, "a", "another text")),
        lambda: store.delete_document(first.id),
    )
    for way in ways:
        with store.turns.shared():
            thread = begun(way)
            thread.join(0.02)
            assert thread.is_alive()
        thread.join(300)
        assert not thread.is_alive()
    with store.turns.shared():
        store.add_document(new_document(collection.id, "another"))  # takes nothing from anybody


def test_places_are_read_again_after_every_change(store: Store, collection: Collection) -> None:
    """What was read once is kept only as long as nothing came, went or was labelled."""
    assert store.placed() == ((collection,), ())
    first = store.add_document(new_document(collection.id, "a"))
    assert [one.document for one in store.placed()[1]] == [first.id]
    assert store.placed()[1] is store.placed()[1]
    labelled = store.label_collection(collection, (("hold", "yes"),))
    assert [one.where for one in store.placed()[1]] == [labelled]
    other = store.create_collection("other", "legal")
    assert set(store.placed()[0]) == {labelled, other}
    new = replace(new_document(collection.id, "a", "more"), labels=(("privileged", "yes"),))
    store.add_document(new)
    assert [one.labels for one in store.placed()[1]] == [(("privileged", "yes"),)]
    store.delete_document(first.id)
    assert store.placed()[1] == ()


def test_what_is_read_afresh_is_what_stands_there(store: Store, collection: Collection) -> None:
    document = store.add_document(new_document(collection.id, "a"))
    before, placed = store.afresh(1000, [document.id, "f" * 32])  # type: ignore[list-item]
    assert before.grants == ()
    assert list(placed) == [document.id]
    assert (placed[document.id].where, placed[document.id].labels) == (collection, document.labels)
    store.add_grant("user:1000", collection.id, "member", contributes=False, by=1)
    store.label_collection(collection, (("hold", "yes"),))
    after, placed = store.afresh(1000, [document.id])
    assert [grant.relation for grant in after.grants] == ["member"]
    assert placed[document.id].where.labels == (("hold", "yes"),)
