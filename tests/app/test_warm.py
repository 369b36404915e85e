"""What many share: work done once, and a collection that is not filled and erased at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import cast

import pytest

from appliance import config
from appliance.app.warm import Warm
from appliance.documents import CollectionId
from appliance.errors import StoreBusy
from appliance.store.store import Store

ONE, OTHER = CollectionId("1" * 32), CollectionId("2" * 32)


@pytest.fixture
def warm(tmp_path: Path) -> Warm:
    return Warm(config.load(tmp_path), cast(Store, None))  # nothing here opens a store


def test_the_same_work_is_done_by_one_at_a_time_and_other_work_meanwhile(warm: Warm) -> None:
    inside: list[str] = []
    most: dict[str, int] = {}

    def do(work: str) -> None:
        with warm.alone(work):
            inside.append(work)
            most[work] = max(most.get(work, 0), inside.count(work))
            time.sleep(0.01)
            inside.remove(work)

    threads = [threading.Thread(target=do, args=(f"w{n % 2}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == {"w0": 1, "w1": 1}
    assert not warm._working, "nothing is kept of what is done"


def test_one_fills_a_collection_and_nobody_else_changes_it(warm: Warm) -> None:
    with warm.filling(ONE):
        with pytest.raises(StoreBusy), warm.filling(ONE):
            pass
        with pytest.raises(StoreBusy), warm.erasing(ONE):
            pass
        with warm.filling(OTHER), pytest.raises(StoreBusy), warm.filling(ONE):
            pass
    with warm.filling(ONE):
        pass


def test_several_erase_and_nobody_fills_meanwhile(warm: Warm) -> None:
    with warm.erasing(ONE), warm.erasing(ONE):
        with pytest.raises(StoreBusy), warm.filling(ONE):
            pass
        with warm.filling(OTHER):
            pass
    with warm.filling(ONE):
        pass


def test_an_error_leaves_nothing_held(warm: Warm) -> None:
    for held in (warm.filling(ONE), warm.erasing(ONE), warm.alone("w")):
        with pytest.raises(KeyError), held:
            raise KeyError
    with warm.filling(ONE), warm.alone("w"):
        pass
