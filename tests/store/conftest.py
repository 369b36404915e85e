"""An open store under a temporary home, and one collection in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.documents import Collection
from appliance.store.store import Store
from tests.store.builders import PASSPHRASE, SMALL


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.create(home, PASSPHRASE, cost=SMALL) as opened:
        yield opened


@pytest.fixture
def collection(store: Store) -> Collection:
    return store.create_collection("Case A", "legal")
