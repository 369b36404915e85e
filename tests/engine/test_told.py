"""What the service of an engine says of it: only the last minutes, only from its own user."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.egress.verdict import Item, Verdict
from appliance.engine import told

PART = "running engine"
SAID = (
    Item(PART, "namespace", Verdict.PASS, "its own", controls=("SC-7",)),
    Item(PART, "counters", Verdict.FAIL, "1 attempts to reach outside", enforced=False),
)


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    tmp_path.chmod(0o750)
    told.write(tmp_path / "engine.sock", SAID)
    return tmp_path / "engine.sock"


def test_what_is_said_is_heard_and_marked_as_told(socket: Path) -> None:
    heard = told.read(socket, os.getuid(), PART)
    assert [(i.name, i.verdict, i.enforced) for i in heard] == [
        (i.name, i.verdict, i.enforced) for i in SAID
    ]
    assert all(re.search(r"; so its own service, \d+ s ago$", i.reason) for i in heard)
    assert told.beside(socket).stat().st_mode & 0o777 == told.MODE
    assert [path.name for path in socket.parent.iterdir()] == [told.beside(socket).name]


@pytest.mark.parametrize("seconds", [told.STALE_S + 1, -1000])
def test_the_old_and_the_future_say_nothing(
    socket: Path, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = told._now() + seconds
    monkeypatch.setattr(told, "_now", lambda: now)
    assert told.read(socket, os.getuid(), PART) == ()


def test_somebody_elses_word_is_none(socket: Path) -> None:
    assert told.read(socket, os.getuid() + 1, PART) == ()
    told.beside(socket).chmod(0o660)
    assert told.read(socket, os.getuid(), PART) == ()
    told.beside(socket).chmod(0o640)
    socket.parent.chmod(0o770)
    assert told.read(socket, os.getuid(), PART) == ()


def changed(change: Callable[[dict[str, object]], object]) -> Callable[[bytes], bytes]:
    def apply(content: bytes) -> bytes:
        said = json.loads(content)
        change(said["items"][0])
        return json.dumps(said).encode()

    return apply


@pytest.mark.parametrize(
    "spoil",
    [
        changed(lambda item: item.update(part="reader")),
        changed(lambda item: item.update(reason="fine\x1b[2J")),
        changed(lambda item: item.update(reason="x" * 500)),
        changed(lambda item: item.update(verdict="SPLENDID")),
        changed(lambda item: item.pop("name")),
        lambda content: content[:-1],
        lambda content: content + b" " * (1 << 16),
        lambda _: b"[" * 60_000,
        lambda _: b"\xff",
        lambda _: b"",
    ],
)
def test_what_is_not_whole_says_nothing(socket: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = told.beside(socket)
    path.write_bytes(spoil(path.read_bytes()))
    assert told.read(socket, os.getuid(), PART) == ()


def test_a_link_a_pipe_and_nothing_say_nothing(socket: Path) -> None:
    path = told.beside(socket)
    kept = path.rename(path.with_name("kept"))
    assert told.read(socket, os.getuid(), PART) == ()
    path.symlink_to(kept)
    assert told.read(socket, os.getuid(), PART) == ()
    path.unlink()
    os.mkfifo(path, 0o640)
    assert told.read(socket, os.getuid(), PART) == ()
