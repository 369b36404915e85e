"""P2 and P7 on the store alone: nothing lies in clear, and a kill loses nothing acknowledged."""

from __future__ import annotations

import base64
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from appliance.documents import DocumentId
from appliance.store.store import Part, Store
from tests.store.builders import CANARY, PASSPHRASE, SMALL, canary_document

ROOT = Path(__file__).parent.parent.parent
KILLS = 20


def _shapes(canary: str) -> tuple[bytes, ...]:
    """The canary as it could lie in a file: plain, wide, hexadecimal, base64 at any offset."""
    raw = canary.encode()
    encoded = [base64.b64encode(b"\x00" * shift + raw)[4:-4] for shift in range(3)]
    wide = [canary.encode("utf-16-le"), canary.encode("utf-16-be"), canary.encode("utf-32-le")]
    return (raw, raw.lower(), raw.upper(), raw[::-1], raw.hex().encode(), *wide, *encoded)


def _hits(folder: Path) -> list[str]:
    """Every file whose name or content holds the canary in any shape."""
    shapes = _shapes(CANARY)
    hits = []
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        hits += [str(path) for shape in shapes if shape in content + os.fsencode(path.name)]
    return hits


@pytest.mark.parametrize("shape", range(len(_shapes(CANARY))))
def test_the_search_finds_what_is_there(tmp_path: Path, shape: int) -> None:
    (tmp_path / "leak").write_bytes(b"before " + _shapes(CANARY)[shape] + b" after")
    assert _hits(tmp_path)


def test_the_search_finds_an_unsealed_document(tmp_path: Path) -> None:
    new = canary_document("0" * 32, "a", "b")  # type: ignore[arg-type]  # any collection
    for part in (new.original, new.text, new.index):
        (tmp_path / "leak").write_bytes(part)
        assert _hits(tmp_path)


def test_no_canary_in_any_byte_of_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Store.create(home, f"{PASSPHRASE} {CANARY}", cost=SMALL) as store:
        store.set_roles(1000, frozenset({f"role {CANARY}"}), f"name {CANARY}")
        collection = store.create_collection(f"Case {CANARY}", "legal").id
        documents = [
            store.add_document(canary_document(collection, f"{n}", f"{n}")) for n in range(5)
        ]
        for document in documents:
            store.task_start(document.id, f"task {CANARY}")
            store.task_done(document.id, f"task {CANARY}", f"result {CANARY}".encode())
        store.task_start(documents[0].id, "other")
        store.task_failed(documents[0].id, "other", f"reason {CANARY}")
        store.delete_document(documents[1].id)
        store.add_document(canary_document(collection, "2", "other content"))
        assert _hits(tmp_path) == [], "while the store is open"
        assert store.read(documents[0].id, Part.BLOB).count(CANARY.encode()) == 400
    assert _hits(tmp_path) == [], "after it was closed"


class Feeder:
    """Starts workers on a store and kills them; see tests/store/feeder.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.store.feeder", "serve"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # a line that waited in a buffer of ours would not wake select
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders: IO[bytes] = self._process.stdin
        self._reports: IO[bytes] = self._process.stdout

    def until_killed(
        self, home: Path, lines_first: int, delay: float
    ) -> list[tuple[str, DocumentId]]:
        """Let a worker run, kill it ``delay`` seconds after so many acknowledgements."""
        self._orders.write(f"add {home}\n".encode())
        self._orders.flush()
        lines = self._lines()
        child = int(next(line for line in lines if line[0] == "child")[1])
        heard = [next(lines) for _ in range(lines_first)]
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        for line in lines:
            if line[0] == "ended":
                break
            heard.append(line)
        return [(word, DocumentId(id)) for word, id in heard]

    def _lines(self) -> Iterator[tuple[str, str]]:
        while select.select([self._reports], [], [], 300)[0]:
            word, _, rest = self._reports.readline().decode().strip().partition(" ")
            yield word, rest
        raise AssertionError("the feeder fell silent")

    def close(self) -> None:
        """End the process."""
        self._orders.close()
        self._process.wait(timeout=300)
        self._reports.close()


@pytest.fixture
def feeder() -> Iterator[Feeder]:
    running = Feeder()
    yield running
    running.close()


def test_kills_at_random_points_lose_nothing_and_leave_nothing_in_clear(
    tmp_path: Path, feeder: Feeder
) -> None:
    home = tmp_path / "home"
    with Store.create(home, PASSPHRASE, cost=SMALL) as store:
        store.create_collection(f"Case {CANARY}", "legal")
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)  # noqa: S311  # when to kill, no secret
    kept: set[DocumentId] = set()
    finished: set[DocumentId] = set()
    for _ in range(KILLS):
        heard = feeder.until_killed(home, chance.randint(1, 12), chance.uniform(0.0, 0.02))
        assert _hits(tmp_path) == [], f"right after the kill, seed {seed}"
        kept |= {id for word, id in heard if word == "added"}
        finished |= {id for word, id in heard if word == "done"}
        touched = {id for word, id in heard if word in {"erasing", "replacing"}}
        kept -= touched  # may or may not be there, in one version or the other
        finished -= touched
        with Store.open(home, PASSPHRASE) as store:
            assert store.verify() == (), f"seed {seed}"
            assert kept <= {document.id for document in store.documents()}, f"seed {seed}"
            assert all(store.task_result(id, "task") is not None for id in finished & kept)
    assert len(kept) >= KILLS, "the workers did too little to prove anything"
    with Store.open(home, PASSPHRASE) as store:
        assert all(CANARY.encode() in store.read(id, Part.BLOB) for id in kept)
