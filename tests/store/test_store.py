"""The store as its callers see it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.crypto import sign
from appliance.documents import Collection, CollectionId, DocumentId
from appliance.errors import (
    NotFound,
    SealBroken,
    StoreDamaged,
    StoreMissing,
    UsageError,
    WrongPassphrase,
)
from appliance.store.store import Part, Store
from tests.store.builders import PASSPHRASE, SMALL, new_document

NOWHERE = DocumentId("0" * 32)


def test_a_store_is_made_once_and_found_again(store: Store, home: Path) -> None:
    before = (store.store_id, store.log_seed(), store.derive("audit-seal"))
    with pytest.raises(UsageError, match="already"):
        Store.create(home, PASSPHRASE, cost=SMALL)
    store.close()
    store.close()
    with pytest.raises(WrongPassphrase):
        Store.open(home, PASSPHRASE + "x")
    with Store.open(home, PASSPHRASE) as again:
        assert (again.store_id, again.log_seed(), again.derive("audit-seal")) == before
        assert again.verify() == ()
    assert sorted(path.name for path in (home / "store").iterdir()) == [
        "catalogue.db",
        "keyring.sealed",
        "lock",
        "objects",
        "reserve",
    ]


def test_a_home_without_a_store_is_missing_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="no store"):
        Store.open(tmp_path, PASSPHRASE)
    (tmp_path / "store").mkdir()
    with pytest.raises(StoreDamaged, match=r"keyring\.sealed is missing"):
        Store.open(tmp_path, PASSPHRASE)


def test_an_interrupted_creation_is_started_afresh(home: Path) -> None:
    (home / "store.part" / "objects" / "ab").mkdir(parents=True)
    (home / "store.part" / "keyring.sealed").write_bytes(b"half")
    Store.create(home, PASSPHRASE, cost=SMALL).close()
    assert [path.name for path in home.iterdir()] == ["store"]
    assert list((home / "store" / "objects").iterdir()) == []


def test_an_empty_passphrase_makes_no_store(home: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        Store.create(home, "", cost=SMALL)
    with pytest.raises(StoreMissing):
        Store.open(home, "")


def test_folders_and_files_are_private(store: Store, home: Path, collection: Collection) -> None:
    store.add_document(new_document(collection.id))
    store.close()
    for path in [home, *home.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_purposes_have_keys_of_their_own(store: Store) -> None:
    keys = [store.derive(purpose) for purpose in ("audit-seal", "audit-mac", "catalogue")]
    assert len(set(keys)) == 3
    assert sign.public_key(store.log_seed()) != store.log_seed()


def test_a_changed_passphrase_leaves_everything_else(store: Store, home: Path) -> None:
    key = store.derive("audit-seal")
    store.change_passphrase(PASSPHRASE, "other words", cost=SMALL)
    store.close()
    with pytest.raises(WrongPassphrase):
        Store.open(home, PASSPHRASE)
    with Store.open(home, "other words") as again:
        assert again.derive("audit-seal") == key


def test_roles_are_replaced_and_unknown_accounts_have_none(store: Store) -> None:
    store.set_roles(1000, frozenset({"operator", "officer"}), "ada")
    store.set_roles(1000, frozenset({"officer"}), "ada")
    assert store.roles(1000) == {"officer"}
    assert store.roles(0) == frozenset()
    assert [(p.uid, p.name, p.roles) for p in store.principals()] == [
        (1000, "ada", frozenset({"officer"}))
    ]


def test_collections_have_printable_names_and_known_sectors(store: Store) -> None:
    first = store.create_collection("Müller ./. Öztürk", "legal")
    assert store.collection_named("Müller ./. Öztürk") == first
    assert store.collections() == (first,)
    for name, sector in (
        (" ", "legal"),
        ("x" * 201, "legal"),
        ("a\nb", "legal"),
        ("B", "sports"),
    ):
        with pytest.raises(UsageError):
            store.create_collection(name, sector)
    with pytest.raises(NotFound):
        store.collection_named("B")


def test_of_two_collections_of_one_name_the_id_is_asked_for(store: Store) -> None:
    first, second = (store.create_collection("A", "legal") for _ in range(2))
    assert first.id != second.id
    with pytest.raises(UsageError, match="several") as caught:
        store.collection_named("A")
    assert first.id in caught.value.remedy
    assert store.collection_named(second.id) == second


def test_a_document_comes_back_as_it_went_in(
    store: Store, home: Path, collection: Collection
) -> None:
    new = new_document(collection.id, "folder/Vertrag \udcff.txt")
    added = store.add_document(new)
    assert (added.name, added.version, added.size) == (new.name, 1, len(new.original))
    assert added.labels == new.labels
    store.close()
    with Store.open(home, PASSPHRASE) as again:
        assert again.documents() == (added,)
        assert again.document(added.id) == added
        assert again.documents(CollectionId("f" * 32)) == ()
        assert again.read(added.id, Part.BLOB) == new.original
        assert again.read(added.id, Part.TEXT) == new.text
        assert again.read(added.id, Part.INDEX) == new.index


def test_what_is_not_there_is_not_found(store: Store, collection: Collection) -> None:
    with pytest.raises(NotFound):
        store.document(NOWHERE)
    with pytest.raises(NotFound):
        store.read(NOWHERE, Part.TEXT)
    with pytest.raises(NotFound):
        store.delete_document(NOWHERE)
    with pytest.raises(NotFound):
        store.add_document(new_document(CollectionId("f" * 32)))
    twice = (("kind", "a"), ("kind", "b"))
    with pytest.raises(UsageError, match="twice"):
        store.add_document(replace(new_document(collection.id), labels=twice))
    assert store.documents() == ()
    assert store._shelf.objects.ids() == frozenset()


def test_the_same_content_is_recognised_within_its_collection(
    store: Store, collection: Collection
) -> None:
    added = store.add_document(new_document(collection.id))
    assert store.find_content(collection.id, "key of one") == added
    assert store.find_content(collection.id, "key of two") is None
    other = store.create_collection("Case B", "legal")
    assert store.find_content(other.id, "key of one") is None


def test_the_same_name_is_the_next_version_and_the_one_before_is_gone(
    store: Store, collection: Collection
) -> None:
    first = store.add_document(new_document(collection.id, content="one"))
    store.task_start(first.id, "t")
    store.task_done(first.id, "t", b"result of one")
    before = store._shelf.objects.ids()
    second = store.add_document(new_document(collection.id, content="two"))
    assert (second.id, second.version) == (first.id, 2)
    assert store.documents() == (second,)
    assert store.read(first.id, Part.TEXT) == b"text two"
    assert store.task_result(first.id, "t") is None
    assert store.find_content(collection.id, "key of one") is None
    assert not before & store._shelf.objects.ids()
    other = store.create_collection("Case B", "legal")
    assert store.add_document(new_document(other.id)).id != first.id
    assert store.verify() == ()


def test_a_file_put_in_anothers_place_does_not_open(store: Store, collection: Collection) -> None:
    one = store.add_document(new_document(collection.id, "1.txt", "one"))
    two = store.add_document(new_document(collection.id, "2.txt", "two"))
    shelf = store._shelf
    rows = {row.id: shelf._row(row.id) for row in (one, two)}
    paths = {id: shelf.objects.path(row.object(Part.TEXT)) for id, row in rows.items()}
    content = paths[two.id].read_bytes()
    paths[one.id].write_bytes(content)
    with pytest.raises(SealBroken, match=paths[one.id].name):
        store.read(one.id, Part.TEXT)
    assert store.read(two.id, Part.TEXT) == b"text two"


def test_an_old_version_put_back_does_not_open(store: Store, collection: Collection) -> None:
    first = store.add_document(new_document(collection.id, content="one"))
    shelf = store._shelf
    old = shelf.objects.path(shelf._row(first.id).object(Part.TEXT)).read_bytes()
    store.add_document(new_document(collection.id, content="two"))
    shelf.objects.path(shelf._row(first.id).object(Part.TEXT)).write_bytes(old)
    with pytest.raises(SealBroken):
        store.read(first.id, Part.TEXT)


def test_the_watcher_hears_stages_and_seconds_only(home: Path) -> None:
    heard: list[tuple[str, float]] = []
    with Store.create(
        home, PASSPHRASE, cost=SMALL, observe=lambda stage, took: heard.append((stage, took))
    ) as store:
        collection = store.create_collection("Case A", "legal")
        document = store.add_document(new_document(collection.id))
        store.read(document.id, Part.TEXT)
    assert [stage for stage, _ in heard] == ["seal"] * 3 + ["write", "commit", "read", "open"]
    assert all(took >= 0 for _, took in heard)
