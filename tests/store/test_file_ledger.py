"""The file ledger: one line per file, forward only, committed in one step with its document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.documents import Collection, CollectionId
from appliance.errors import InvariantBroken, NotFound
from appliance.store.records import FileRow, FileState
from appliance.store.store import Store
from tests.store.builders import PASSPHRASE, new_document

ENDS = (FileState.STORED, FileState.DUPLICATE)


def started(store: Store, collection: Collection, name: str = "a.txt", content: str = "1") -> str:
    key = store.file_key(collection.id, name)
    store.file_start(collection.id, key, content)
    return key


def line(store: Store, collection: Collection, key: str) -> FileRow:
    found = store.file(collection.id, key)
    assert found is not None
    return found


def test_a_line_is_committed_with_its_document(store: Store, collection: Collection) -> None:
    key = store.file_key(collection.id, "a.txt")
    assert store.file(collection.id, key) is None
    row = store.file_start(collection.id, key, "1")
    assert row == FileRow(collection.id, key, "1", FileState.READING)
    done = replace(row, state=FileState.STORED, pages=2, characters=3, seconds=0.25)
    document = store.add_document(new_document(collection.id), done)
    assert line(store, collection, key) == replace(done, document=document.id)
    assert store.files(collection.id) == (replace(done, document=document.id),)


def test_the_key_of_a_line_names_the_collection_and_hides_the_name(
    store: Store, home: Path, collection: Collection
) -> None:
    other = store.create_collection("other", "legal")
    keys = {store.file_key(where.id, name) for where in (collection, other) for name in "ab"}
    assert len(keys) == 4
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


def test_a_refused_move_keeps_neither_document_nor_objects(
    store: Store, collection: Collection
) -> None:
    row = FileRow(collection.id, store.file_key(collection.id, "a.txt"), "1", FileState.STORED)
    with pytest.raises(InvariantBroken, match="not started"):
        store.add_document(new_document(collection.id), row)
    assert (store.documents(), store._shelf.objects.ids()) == ((), frozenset())
    started(store, collection)
    with pytest.raises(InvariantBroken, match="not started"):
        store.add_document(new_document(collection.id), replace(row, content="2"))
    with pytest.raises(InvariantBroken, match="reading to pending"):
        store.add_document(new_document(collection.id), replace(row, state=FileState.PENDING))
    assert (store.documents(), store._shelf.objects.ids()) == ((), frozenset())


@pytest.mark.parametrize("state", ENDS)
def test_what_is_done_stays_done(store: Store, collection: Collection, state: FileState) -> None:
    key = started(store, collection)
    done = store.file_done(replace(line(store, collection, key), state=state, parts=4))
    assert line(store, collection, key) == done
    with pytest.raises(InvariantBroken, match=f"{state} to reading"):
        store.file_start(collection.id, key, "1")
    with pytest.raises(InvariantBroken, match=f"{state} to failed"):
        store.file_failed(collection.id, key, "why", died=False)
    with pytest.raises(InvariantBroken, match=f"{state} to"):
        store.file_done(done)
    assert line(store, collection, key) == done


def test_only_a_started_file_ends(store: Store, collection: Collection) -> None:
    row = FileRow(collection.id, "f" * 64, "1")
    with pytest.raises(InvariantBroken, match="not started"):
        store.file_done(replace(row, state=FileState.STORED))
    with pytest.raises(InvariantBroken, match="not started"):
        store.file_failed(collection.id, row.file, "why", died=True)
    with pytest.raises(InvariantBroken, match="is not reading"):
        store.file_done(replace(row, state=FileState.READING))
    with pytest.raises(NotFound):
        store.file_start(CollectionId("0" * 32), row.file, "1")
    with pytest.raises(NotFound):
        store.file_release(collection.id, row.file)


def test_the_third_death_sets_a_file_apart(store: Store, collection: Collection) -> None:
    states = []
    for died in (True, False, True, True):
        key = started(store, collection)
        row = store.file_failed(collection.id, key, "the reader died", died=died)
        states.append((row.state, row.deaths, row.reason))
        assert line(store, collection, key) == row
    why = "the reader died"
    failed, apart = FileState.FAILED, FileState.QUARANTINED
    assert states == [(failed, 1, why), (failed, 1, why), (failed, 2, why), (apart, 3, why)]
    with pytest.raises(InvariantBroken, match="quarantined to reading"):
        started(store, collection)
    released = store.file_release(collection.id, key)
    assert (released.state, released.deaths, released.reason) == (FileState.PENDING, 0, "")
    assert line(store, collection, started(store, collection)).state is FileState.READING


def test_changed_content_starts_anew(store: Store, collection: Collection) -> None:
    for _ in range(3):
        key = started(store, collection)
        store.file_failed(collection.id, key, "the reader died", died=True)
    assert started(store, collection, content="2") == key
    assert line(store, collection, key) == FileRow(collection.id, key, "2", FileState.READING)


def test_what_a_dead_process_was_reading_is_pending(
    store: Store, home: Path, collection: Collection
) -> None:
    key, other = (started(store, collection, name) for name in ("a.txt", "b.txt"))
    row = line(store, collection, key)
    document = store.add_document(new_document(collection.id), replace(row, parts=2))
    store.file_failed(collection.id, other, "damaged", died=True)
    store.close()
    with Store.open(home, PASSPHRASE) as again:
        found = line(again, collection, key)
        assert found == replace(row, state=FileState.PENDING, document=document.id, parts=2)
        assert line(again, collection, other).state is FileState.FAILED
        assert again.file_start(collection.id, key, "1").document == document.id


def test_an_erased_document_takes_its_lines_with_it(store: Store, collection: Collection) -> None:
    key, same = (started(store, collection, name) for name in ("a.txt", "b.txt"))
    stored = replace(line(store, collection, key), state=FileState.STORED)
    document = store.add_document(new_document(collection.id), stored)
    repeated = replace(line(store, collection, same), state=FileState.DUPLICATE)
    store.file_done(replace(repeated, document=document.id))
    store.delete_document(document.id)
    assert store.files(collection.id) == ()


def test_a_new_version_frees_what_repeated_the_old_one(
    store: Store, collection: Collection
) -> None:
    key, same = (started(store, collection, name) for name in ("a.txt", "b.txt"))
    stored = replace(line(store, collection, key), state=FileState.STORED)
    document = store.add_document(new_document(collection.id), stored)
    repeated = replace(line(store, collection, same), state=FileState.DUPLICATE)
    store.file_done(replace(repeated, document=document.id))
    started(store, collection, content="2")
    newer = replace(line(store, collection, key), state=FileState.STORED)
    again = store.add_document(new_document(collection.id, content="two"), newer)
    assert (again.id, again.version) == (document.id, 2)
    assert store.files(collection.id) == (replace(newer, document=document.id),)
