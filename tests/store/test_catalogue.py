"""The catalogue file: its key, its guard, its damage, its root."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import text

from appliance.crypto.keyring import derive, new_key
from appliance.documents import Collection
from appliance.errors import (
    ApplianceError,
    DiskFull,
    InvariantBroken,
    ServiceUnavailable,
    StoreDamaged,
)
from appliance.store import keyfile
from appliance.store.catalogue import Catalogue
from appliance.store.store import Store
from tests.store.builders import PASSPHRASE, new_document


def _catalogue(home: Path) -> Catalogue:
    ring = keyfile.unlock(home / "store", PASSPHRASE)
    file = home / "store" / "catalogue.db"
    return Catalogue.open(file, derive(ring.store_key, "catalogue"), ring.store_id)


def test_nothing_of_it_is_in_clear(store: Store, home: Path, collection: Collection) -> None:
    store.close()
    content = (home / "store" / "catalogue.db").read_bytes()
    assert b"SQLite format" not in content
    assert b"CREATE TABLE" not in content
    assert collection.name.encode() not in content


def test_the_settings_that_safety_rests_on_are_in_force(store: Store, home: Path) -> None:
    raw = store._shelf.catalogue._engine.raw_connection()
    raw.driver_connection.set_authorizer(None)  # type: ignore[union-attr]  # sqlcipher3's own
    cursor = raw.cursor()
    found = {}
    for pragma in (
        "journal_mode",
        "synchronous",
        "secure_delete",
        "foreign_keys",
        "locking_mode",
        "temp_store",
    ):
        cursor.execute(f"PRAGMA {pragma}")
        ((found[pragma],),) = cursor.fetchall()
    raw.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "locking_mode": "exclusive",
        "temp_store": 2,
    }
    assert not (home / "store" / "catalogue.db-shm").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE '{home}/leak.db' AS leak KEY ''",
        "ATTACH DATABASE '{home}/leak.db' AS leak",
        "SELECT load_extension('{home}/leak.so')",
        "SELECT sqlcipher_export('main')",
        "VACUUM INTO '{home}/leak.db'",
        "PRAGMA rekey = 'x'",
        "PRAGMA temp_store_directory = '{home}'",
        "PRAGMA writable_schema = ON",
    ],
)
def test_no_statement_leads_out_of_the_file(store: Store, home: Path, statement: str) -> None:
    catalogue = store._shelf.catalogue
    with pytest.raises(ApplianceError), catalogue.transaction() as session:
        session.execute(text(statement.format(home=home)))
    assert not (home / "leak.db").exists()
    assert store.verify() == ()


def test_the_key_is_in_no_address_and_no_representation(store: Store) -> None:
    engine = store._shelf.catalogue._engine
    assert str(engine.url) == "sqlite://"
    assert not engine.echo


def test_another_key_is_damage_because_the_keyring_has_opened(
    store: Store, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store.close()
    with pytest.raises(StoreDamaged, match="the passphrase is right"):
        Catalogue.open(home / "store" / "catalogue.db", new_key(), store.store_id)
    assert capfd.readouterr() == ("", ""), "SQLCipher wrote to the terminal"


def test_a_missing_or_foreign_catalogue_is_named(store: Store, home: Path) -> None:
    store.close()
    ring = keyfile.unlock(home / "store", PASSPHRASE)
    key = derive(ring.store_key, "catalogue")
    with pytest.raises(StoreDamaged, match="another store"):
        Catalogue.open(home / "store" / "catalogue.db", key, "0" * 32)
    (home / "store" / "catalogue.db").unlink()
    with pytest.raises(StoreDamaged, match="is missing"):
        Store.open(home, PASSPHRASE)


@pytest.mark.parametrize("schema", ["1", "9"])
def test_another_schema_is_named_as_such(store: Store, home: Path, schema: str) -> None:
    with store._shelf.catalogue.transaction() as session:
        change = text("UPDATE meta SET value = :schema WHERE name = 'schema'")
        session.execute(change, {"schema": schema})
    store.close()
    with pytest.raises(StoreDamaged, match=f"format {schema} is not known"):
        Store.open(home, PASSPHRASE)


def test_every_changed_page_is_noticed(store: Store, home: Path, collection: Collection) -> None:
    for number in range(5):
        store.add_document(new_document(collection.id, f"{number}.txt", str(number)))
    store.close()
    file = home / "store" / "catalogue.db"
    whole = file.read_bytes()
    for page in range(len(whole) // 4096):
        changed = bytearray(whole)
        changed[page * 4096 + 2000] ^= 1
        file.write_bytes(changed)
        with pytest.raises(StoreDamaged):  # noqa: PT012  # at opening, or by the doctor
            with Store.open(home, PASSPHRASE) as opened:
                problems = opened.verify()
            assert any(f"page {page + 1}" in problem for problem in problems)
            raise StoreDamaged(problems[0])
    file.write_bytes(whole)
    with Store.open(home, PASSPHRASE) as opened:
        assert opened.verify() == ()


def test_a_disk_that_refuses_is_not_called_a_damaged_store(store: Store) -> None:
    """The fault matrix lets a real disk refuse; here are the words."""
    catalogue = store._shelf.catalogue
    for said, kind, remedy in (
        ("disk I/O error", StoreDamaged, "check the disk"),
        ("database or disk is full", DiskFull, "free some space"),
        ("file is not a database", StoreDamaged, "restore the store"),
    ):
        error = catalogue._translated(sqlcipher.OperationalError(said))
        assert type(error) is kind
        assert remedy in error.remedy


def test_a_row_that_breaks_a_constraint_stops_everything(store: Store) -> None:
    with pytest.raises(InvariantBroken), store._shelf.catalogue.transaction() as session:
        session.execute(text("INSERT INTO labels VALUES ('nowhere', 'a', 'b')"))


def test_the_root_follows_authority_and_nothing_else(store: Store, collection: Collection) -> None:
    seen = [store.root()]
    document = store.add_document(new_document(collection.id))
    seen.append(store.root())
    store.set_roles(1000, frozenset({"operator"}))
    seen.append(store.root())
    store.set_roles(1000, frozenset())
    seen.append(store.root())
    store.delete_document(document.id)
    seen.append(store.root())
    assert len(set(seen)) == len(seen)
    document = store.add_document(new_document(collection.id))
    before = store.root()
    store.task_start(document.id, "t")
    assert store.root() == before


def test_an_old_catalogue_put_back_has_the_old_root(
    store: Store, home: Path, collection: Collection, tmp_path: Path
) -> None:
    """SQLCipher accepts it; the root, remembered elsewhere, does not."""
    store.set_roles(1000, frozenset({"operator"}))
    store.close()
    shutil.copy(home / "store" / "catalogue.db", tmp_path / "old.db")
    with Store.open(home, PASSPHRASE) as opened:
        opened.set_roles(1000, frozenset())
        remembered = opened.root()
    shutil.copy(tmp_path / "old.db", home / "store" / "catalogue.db")
    with Store.open(home, PASSPHRASE) as opened:
        assert opened.verify() == ()
        assert opened.roles(1000) == {"operator"}
        assert opened.root() != remembered


def test_the_catalogue_opens_by_its_own_name(store: Store, home: Path) -> None:
    store.close()
    catalogue = _catalogue(home)
    assert catalogue.problems() == ()
    catalogue.close()


def test_closing_waits_for_the_change_under_way_and_refuses_what_comes_after_it(
    store: Store, home: Path, collection: Collection
) -> None:
    """Another process may open the file from then on: nothing of this one holds or changes it."""
    changing, closed, refused = threading.Event(), threading.Event(), []

    def late() -> None:
        with store._shelf.catalogue.transaction() as session:
            session.execute(text("UPDATE collections SET sector = 'health'"))
            changing.set()
            time.sleep(0.2)
        closed.wait()
        with pytest.raises(ServiceUnavailable) as error:
            store.collections()
        refused.append(error.value)

    thread = threading.Thread(target=late)
    thread.start()
    changing.wait()
    store.close()
    closed.set()
    with Store.open(home, PASSPHRASE) as opened:
        assert [one.sector for one in opened.collections()] == ["health"]
        thread.join()
        assert len(refused) == 1
        opened.create_collection("another", "legal")
