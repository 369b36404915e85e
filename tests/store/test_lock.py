"""One process at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.errors import StoreBusy
from appliance.store.lock import StoreLock
from appliance.store.store import Store
from tests.store.builders import PASSPHRASE


def test_the_second_is_told_who_is_first(tmp_path: Path) -> None:
    first = StoreLock(tmp_path / "lock")
    with pytest.raises(StoreBusy, match=f"process {os.getpid()}") as caught:
        StoreLock(tmp_path / "lock")
    assert "wait" in caught.value.remedy
    first.release()
    first.release()
    StoreLock(tmp_path / "lock").release()


def test_an_open_store_is_busy_and_a_closed_one_is_not(store: Store, home: Path) -> None:
    with pytest.raises(StoreBusy):
        Store.open(home, PASSPHRASE)
    store.close()
    Store.open(home, PASSPHRASE).close()


def test_a_failed_opening_gives_the_lock_back(store: Store, home: Path) -> None:
    store.close()
    for _ in range(2):
        with pytest.raises(Exception, match="passphrase"):
            Store.open(home, "wrong")
    Store.open(home, PASSPHRASE).close()
