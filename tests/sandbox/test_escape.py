"""What a hostile document could try, with every layer in place and with layers left out."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.config import ReaderSettings
from appliance.errors import ReaderViolation, SandboxError
from appliance.sandbox import server as server_module
from appliance.sandbox.probe import REQUIRED, Layer
from appliance.sandbox.server import ReaderServer
from tests.sandbox.misbehaving import FORBIDDEN

SMALL = ReaderSettings(memory_mib=256, cpu_seconds=5, wall_seconds=20, max_input_mib=1)
LEFT_BEHIND = Path("/tmp/left-behind")


def start(worker: str = "misbehaving", home: Path | None = None) -> ReaderServer:
    return ReaderServer.start(
        SMALL, Path(sys.executable), worker=f"tests.sandbox.{worker}", home=home
    )


@pytest.fixture(scope="module")
def server() -> Iterator[ReaderServer]:
    with start() as server:
        yield server


def test_every_required_layer_holds(server: ReaderServer) -> None:
    assert server.layers & REQUIRED == REQUIRED


@pytest.mark.parametrize("act", FORBIDDEN)
def test_a_forbidden_act_ends_the_child_and_no_more(server: ReaderServer, act: str) -> None:
    pid = server.pid

    with pytest.raises(ReaderViolation, match="do what is forbidden"):
        server.read(b"", act)

    assert server.read(b"next", "echo") == b"next"
    assert server.pid == pid


@pytest.mark.parametrize("act", ["open", "list", "proc", "write", "overwrite", "folder", "rename"])
def test_no_file_is_read_made_or_changed(server: ReaderServer, act: str) -> None:
    assert server.read(b"", act) == str(errno.EACCES).encode()
    assert not LEFT_BEHIND.exists()


def test_limits_stay_as_they_are(server: ReaderServer) -> None:
    assert server.read(b"", "own-limits") == str(errno.EPERM).encode()


def test_the_warm_process_has_no_powers_either(server: ReaderServer) -> None:
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert status["Threads"] == "1"


# --- layers left out ------------------------------------------------------------------------------


def test_without_the_filter_the_reader_does_not_start() -> None:
    with pytest.raises(SandboxError, match=r"could not be confined: missing: .*no processes"):
        start("unconfined")


def test_with_every_file_in_sight_the_reader_does_not_start() -> None:
    with pytest.raises(SandboxError, match="missing: no files"):
        start("open_files")


def test_without_limits_the_reader_does_not_start() -> None:
    with pytest.raises(SandboxError, match="missing: memory limit"):
        start("unlimited")


def test_a_file_system_of_a_few_folders_stands_in_for_landlock() -> None:
    with start("unlocked") as server:
        assert Layer.NO_FILES in server.layers
        assert server.read(b"", "open") == str(errno.ENOENT).encode()
        assert server.read(b"", "proc") == str(errno.ENOENT).encode()
        assert server.read(b"", "write") == str(errno.EACCES).encode()  # the filter, by itself
        assert server.read(b"", "overwrite") == str(errno.EACCES).encode()
    assert not LEFT_BEHIND.exists()


# --- proofs ---------------------------------------------------------------------------------------


def test_the_proof_tries_the_data_home(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("x")
    start(home=tmp_path).close()

    with pytest.raises(SandboxError, match="missing: no files"):
        # a home where modules lie can be read, so the proof must notice
        start(home=Path(server_module.__file__).parent)


@pytest.mark.parametrize("constant", ["PROVE_DOCUMENTS", "PROVE_SECONDS"])
def test_a_lost_layer_is_noticed_by_the_next_proof(
    monkeypatch: pytest.MonkeyPatch, constant: str
) -> None:
    with start() as server:
        assert server.read(b"x", "loses-its-filter") == b"x"
        assert server.read(b"x", "echo") == b"x"  # not yet noticed
        monkeypatch.setattr(server_module, constant, 0)

        with pytest.raises(SandboxError, match=r"missing: .*no processes"):
            server.read(b"x", "echo")

        assert server.pid is None
        assert Layer.NO_PROCESSES not in server.layers


def test_a_proof_is_repeated_only_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "PROVE_DOCUMENTS", 3)
    with start() as server:
        server.read(b"x", "loses-its-filter")
        server.read(b"x", "echo")
        server.read(b"x", "finds-its-filter")
        for _ in range(8):
            assert server.read(b"x", "echo") == b"x"


def test_a_child_that_claims_to_be_unconfined_is_not_believed(server: ReaderServer) -> None:
    with pytest.raises(ReaderViolation, match="break its bounds"):
        server.read(b"", "unconfined")


def test_a_child_that_truly_is_unconfined_stops_everything() -> None:
    with start() as server:
        server.read(b"x", "loses-its-filter")

        with pytest.raises(SandboxError, match="missing"):
            server.read(b"", "unconfined")
