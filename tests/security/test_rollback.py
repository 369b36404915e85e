"""An old page, or the whole old catalogue, put back under a log that goes on: found at open.

SQLCipher accepts all of them: each page is authentic, only not the newest.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.audit.log import AuditLog
from appliance.audit.records import Actor, Kind
from appliance.audit.verify import verify
from appliance.errors import StoreDamaged
from appliance.store.store import Store
from tests.store.builders import PASSPHRASE, SMALL, new_document

PAGE = 4096
PERSON = Actor(1000)


@contextmanager
def opened(home: Path) -> Iterator[tuple[Store, AuditLog]]:
    with Store.open(home, PASSPHRASE) as store, _log(home, store) as log:
        yield store, log


def _log(home: Path, store: Store) -> AuditLog:
    keys = store.log_seed(), store.derive("audit-seal"), store.derive("audit-mac"), store.store_id
    make = AuditLog.open if (home / "audit").exists() else AuditLog.create
    return make(home / "audit", *keys, root=store.root)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A store of one collection with some documents, and its log."""
    home = tmp_path / "home"
    with Store.create(home, PASSPHRASE, cost=SMALL) as store, _log(home, store) as log:
        intent = log.intent(PERSON, "create_collection")
        collection = store.create_collection("c", "general", 1000, "member")
        for number in range(40):
            store.add_document(new_document(collection.id, f"{number}.txt", str(number)))
        log.outcome(intent, "done")
    return home


def catalogue(home: Path) -> Path:
    return home / "store" / "catalogue.db"


def changed(home: Path) -> None:
    """An act that gives a role and takes it, so that a page is other than it was."""
    with opened(home) as (store, log):
        intent = log.intent(PERSON, "role_change")
        store.set_roles(1000, frozenset({"operator"}))
        log.outcome(intent, "done")


def actions(home: Path) -> list[str]:
    """Of the records behind the last refusal, read without the store's keys."""
    return [line.split(b'"', 4)[3].decode() for line in _lines(home)]


def _lines(home: Path) -> list[bytes]:
    return (home / "audit" / "log" / "000000.jsonl").read_bytes().splitlines()


def test_every_outcome_and_event_binds_the_catalogue(home: Path) -> None:
    changed(home)
    with opened(home) as (store, log):
        last = {record.kind: record.root for record in log.records()}
        assert last[Kind.OUTCOME] == store.root()
        assert last[Kind.INTENT] == ""
        assert len({r.root for r in log.records() if r.kind is Kind.OUTCOME}) == 2


def test_the_whole_old_catalogue_put_back_is_found(home: Path, tmp_path: Path) -> None:
    shutil.copy(catalogue(home), tmp_path / "old.db")
    changed(home)
    shutil.copy(tmp_path / "old.db", catalogue(home))
    for _ in range(2):  # and again: the refusal binds nothing
        with pytest.raises(StoreDamaged, match="not as the audit log last saw it"), opened(home):
            pass
    assert actions(home)[-2:] == ["rollback_found"] * 2


def test_every_old_page_put_back_is_found(home: Path) -> None:
    """Each page that differs, one at a time; none of them goes unnoticed."""
    old = catalogue(home).read_bytes()
    changed(home)
    new = catalogue(home).read_bytes()
    pages = [at for at in range(0, len(old), PAGE) if old[at : at + PAGE] != new[at : at + PAGE]]
    refused = 0
    for at in pages:
        mixed = bytearray(new)
        mixed[at : at + PAGE] = old[at : at + PAGE]
        catalogue(home).write_bytes(mixed)
        try:
            with opened(home) as (store, _):
                assert store.roles(1000) == {"operator"}  # a page that says nothing of rows
        except StoreDamaged:
            refused += 1
    assert refused >= 1
    catalogue(home).write_bytes(new)
    with opened(home):
        pass


def test_the_newest_catalogue_under_an_older_log_is_found(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "audit", tmp_path / "old")
    changed(home)
    shutil.rmtree(home / "audit")
    shutil.copytree(tmp_path / "old", home / "audit")
    with pytest.raises(StoreDamaged), opened(home):
        pass


def killed(home: Path, action: str) -> None:
    """An act that changes the catalogue and has no outcome, as a kill leaves it."""
    copy = home.with_name("killed")
    with opened(home) as (store, log):
        log.intent(PERSON, action)
        store.set_roles(1000, frozenset({"operator"}))
        shutil.copytree(home, copy)
    shutil.rmtree(home)
    copy.rename(home)


def test_an_act_cut_short_by_a_kill_excuses_a_change_and_is_on_record(home: Path) -> None:
    killed(home, "role_change")
    with opened(home) as (store, log):
        *_, ahead, interrupted = log.records()
        assert (ahead.kind, ahead.action) == (Kind.SYSTEM, "catalogue_ahead")
        assert ahead.result is not None
        assert ahead.result.counts == (("acts_cut_short", 1),)
        assert ahead.root == interrupted.root == store.root()
        verify(home / "audit", log.public_key)
    with opened(home):
        pass


def test_an_act_that_only_reads_excuses_nothing(home: Path) -> None:
    killed(home, "list")
    with pytest.raises(StoreDamaged), opened(home):
        pass


def test_a_change_without_an_act_is_bound_at_the_close(home: Path) -> None:
    """No use case makes one; the appliance's own care may."""
    with opened(home) as (store, _):
        store.set_roles(1000, frozenset({"operator"}))
    assert actions(home)[-1] == "catalogue_ahead"
    with opened(home):
        pass
