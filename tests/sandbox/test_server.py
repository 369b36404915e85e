"""A document can ruin its own reading and nothing else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import offline
from appliance.config import ReaderSettings
from appliance.errors import (
    ApplianceError,
    InputUnreadable,
    ReaderUnready,
    ReaderViolation,
    SandboxError,
)
from appliance.sandbox.server import ReaderServer

WORKER = "tests.sandbox.misbehaving"
SMALL = ReaderSettings(
    memory_mib=256, cpu_seconds=2, wall_seconds=10, max_input_mib=1, max_output_mib=8
)


@pytest.fixture(scope="module")
def server() -> Iterator[ReaderServer]:
    with ReaderServer.start(SMALL, Path(sys.executable), worker=WORKER) as server:
        yield server


def test_the_document_arrives_whole_and_the_answer_comes_back(server: ReaderServer) -> None:
    document = os.urandom(1 << 20)

    assert server.read(document, "echo") == document
    assert server.read(document, "wishes", "pässwort".encode()) == "pässwort".encode()


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        ("crash", InputUnreadable, "crashed"),
        ("spin", InputUnreadable, "more time"),
        ("sleep", InputUnreadable, "more time"),
        ("eat", InputUnreadable, "more memory"),
        ("abort", InputUnreadable, "crashed"),
        ("flood", InputUnreadable, "larger"),
        ("garbage", ReaderViolation, "break its bounds"),
        ("nothing", ReaderViolation, "break its bounds"),
        ("unconfined", ReaderViolation, "break its bounds"),
        ("fails", InputUnreadable, "damaged"),
        ("locked", InputUnreadable, "needs a password"),
        ("no-such-act", InputUnreadable, "damaged"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_document_is_read(
    server: ReaderServer, act: str, error: type[ApplianceError], words: str
) -> None:
    began = time.monotonic()
    with pytest.raises(error, match=words) as caught:
        server.read(b"", act)

    assert time.monotonic() - began < 120
    assert caught.value.remedy
    assert "words of a document" not in f"{caught.value} {caught.value.__cause__}"
    assert server.read(b"next", "echo") == b"next"


def test_an_answer_without_end_is_cut_at_once() -> None:
    patient = replace(SMALL, cpu_seconds=600, wall_seconds=600)
    with ReaderServer.start(patient, Path(sys.executable), worker=WORKER) as server:
        began = time.monotonic()
        with pytest.raises(InputUnreadable, match="larger"):
            server.read(b"", "flood")

        assert time.monotonic() - began < 60  # and not when the time of the child is up


def test_a_server_that_dies_is_started_again(server: ReaderServer) -> None:
    with pytest.raises(ReaderUnready, match="ended before it answered"):
        server.read(b"", "server-dies")

    assert server.read(b"next", "echo") == b"next"


def test_what_cannot_be_loaded_is_no_fault_of_the_document(
    server: ReaderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ReaderUnready, match="'is-not-there' could not be loaded") as caught:
        server.read(b"", "is-not-there")
    assert "no module of this name" not in str(caught.value)

    with monkeypatch.context() as hasty:
        hasty.setattr("appliance.sandbox.exchange.WARM_SECONDS", 1)
        with pytest.raises(ReaderUnready, match="ended before it answered"):
            server.read(b"", "never-loads")

    assert server.read(b"next", "echo") == b"next"


def test_a_server_with_a_second_thread_does_not_fork() -> None:
    with (
        ReaderServer.start(SMALL, Path(sys.executable), worker=WORKER) as server,
        pytest.raises(SandboxError, match="could not be confined"),
    ):
        server.read(b"", "two-threads")


def test_a_document_larger_than_the_limit_is_not_sent(server: ReaderServer) -> None:
    with pytest.raises(InputUnreadable, match="larger"):
        server.read(bytes((1 << 20) + 1), "echo")


def test_an_interpreter_that_is_not_there_is_named() -> None:
    with pytest.raises(SandboxError, match="no/such/python"):
        ReaderServer.start(SMALL, Path("/no/such/python"))


def test_a_worker_that_cannot_be_imported_is_an_error() -> None:
    with pytest.raises(SandboxError, match="ended before it answered"):
        ReaderServer.start(SMALL, Path(sys.executable), worker="appliance.no_such_module")


def test_the_child_sees_nothing_of_the_callers_environment(
    server: ReaderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_PASSPHRASE_FILE", "/secret")
    server.close()  # start a new one under the changed environment

    seen = server.read(b"", "environment").decode()

    assert "secret" not in seen
    for name, value in offline.SWITCHES.items():
        assert f"{name}={value}" in seen
    known = {*offline.SWITCHES, "PATH", "HOME", "LANG", "LC_CTYPE"}
    names = {line.split("=", 1)[0] for line in seen.splitlines()}
    assert {name for name in names - known if not name.endswith("_NUM_THREADS")} == set()


def test_the_child_holds_input_and_output_only(server: ReaderServer, tmp_path: Path) -> None:
    with (tmp_path / "opened").open("w") as opened:
        os.set_inheritable(opened.fileno(), True)

        assert server.read(b"", "descriptors") == b"0 1 2 4"  # 3, the input, is closed once read


def test_the_process_ends_when_it_is_closed() -> None:
    server = ReaderServer.start(SMALL, Path(sys.executable), worker=WORKER)
    pid = server.pid
    assert pid is not None

    server.close()

    assert not Path(f"/proc/{pid}").exists()
    assert server.pid is None
