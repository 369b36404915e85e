"""The root follows every change of a row that decides anything, whatever made it."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from appliance.documents import Collection, DocumentId
from appliance.errors import InvariantBroken
from appliance.store.root import Value, canonical
from appliance.store.store import Store
from appliance.store.tables import AUTHORITY, Base
from tests.store.builders import PASSPHRASE, SMALL, new_document


def kept(store: Store) -> bool:
    """Whether counting all rows anew gives what the changes gave."""
    return store._shelf.catalogue.root_is_kept()


def test_it_is_what_counting_gives_after_any_changes(store: Store, collection: Collection) -> None:
    draw = random.Random(7)  # noqa: S311 - no secret
    documents: list[DocumentId] = []
    seen = {store.root()}
    for number in range(60):
        do = draw.randrange(4)
        if do == 0 and documents:
            store.delete_document(documents.pop(draw.randrange(len(documents))))
        elif do == 1:
            store.set_roles(1000 + draw.randrange(3), frozenset({"operator"} if number % 2 else ()))
        else:
            name = f"{draw.randrange(9)}.txt"  # often the next version of one that is there
            id = store.add_document(new_document(collection.id, name, str(number))).id
            documents += [id] * (id not in documents)
        seen.add(store.root())
    assert kept(store)
    assert len(seen) > 40


def test_it_is_the_same_after_closing_and_opening(
    store: Store, home: Path, collection: Collection
) -> None:
    store.add_document(new_document(collection.id))
    before = store.root()
    store.close()
    with Store.open(home, PASSPHRASE) as opened:
        assert opened.root() == before


def test_what_is_rolled_back_leaves_it(store: Store, collection: Collection) -> None:
    store.add_document(new_document(collection.id))
    before = store.root()
    with pytest.raises(RuntimeError), store._shelf.catalogue.transaction() as session:  # noqa: PT012
        session.execute(text("DELETE FROM labels"))
        raise RuntimeError
    with pytest.raises(InvariantBroken), store._shelf.catalogue.transaction() as session:
        session.execute(text("INSERT INTO labels VALUES ('nowhere', 'a', 'b')"))
    assert store.root() == before
    assert kept(store)


def test_rows_that_go_with_another_one_count(store: Store, collection: Collection) -> None:
    document = store.add_document(new_document(collection.id))
    before = store.root()
    with store._shelf.catalogue.transaction() as session:
        session.execute(text("DELETE FROM documents WHERE id = :id"), {"id": document.id})
    assert store.root() != before
    assert kept(store)


def test_two_stores_with_the_same_rows_have_other_roots(store: Store, tmp_path: Path) -> None:
    with Store.create(tmp_path / "other", PASSPHRASE, cost=SMALL) as other:
        assert other.root() != store.root()


def test_no_two_values_share_an_encoding() -> None:
    values: list[Value] = ["", "a", "1", 1, -1, 0, None, b"", b"a", "a\x00", b"\x01"]
    assert len({canonical(value) for value in values}) == len(values)
    with pytest.raises(InvariantBroken):
        canonical(1.5)


def test_a_table_decides_something_or_is_named_here() -> None:
    without = {"files", "meta", "tasks"}  # ledgers of work, and what the file says of itself
    assert {model.__tablename__ for model in AUTHORITY} == set(Base.metadata.tables) - without


def test_ctrl_c_cannot_fall_between_a_commit_and_its_root(
    store: Store, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Struck at many moments, in and out of transactions: every time root and rows agree."""
    over, open_to_it = threading.Event(), False
    # Where a weak reference ends, Python calls back and nobody hears of the strike: once in 10,000.
    monkeypatch.setattr(sys, "unraisablehook", lambda said: swallowed.append(said.exc_type))
    swallowed: list[type[BaseException]] = []

    def strike() -> None:
        main = threading.main_thread().ident or 0
        draw = random.Random(11)  # noqa: S311 - no secret
        while not over.wait(draw.uniform(0.0001, 0.003)):
            # To that thread itself: nothing is on its way any more once this one has ended.
            signal.pthread_kill(main, signal.SIGINT)

    def struck_by(_: int, __: object) -> None:
        nonlocal open_to_it
        if open_to_it:
            open_to_it = False  # one at a time, and none between two tries
            raise KeyboardInterrupt

    struck, number, striker = 0, 0, threading.Thread(target=strike)
    until = time.monotonic() + 60
    before = signal.signal(signal.SIGINT, struck_by)
    striker.start()
    try:
        while struck < 200 and time.monotonic() < until:
            try:
                open_to_it = True
                while open_to_it:
                    number += 1
                    store.set_roles(1000 + number % 7, frozenset({f"role{number}"}))
            except KeyboardInterrupt:
                struck += 1
    finally:
        over.set()
        striker.join()
        signal.signal(signal.SIGINT, before)
    assert struck > 50
    assert set(swallowed) <= {KeyboardInterrupt}
    assert kept(store)
