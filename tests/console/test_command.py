"""`appliance console` as a process: where it listens, for whom, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appliance.console.serving import on_port, on_socket
from appliance.errors import UsageError
from tests.conftest import Desk

ASKED = b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of a short name: that of a socket has 107 bytes at most."""
    with TemporaryDirectory(prefix="console-") as folder:
        yield Path(folder)


def test_it_answers_its_owner_on_a_socket_and_ends_clean(desk: Desk, place: Path) -> None:
    path = place / "console.sock"
    command = ["--home", str(desk.home), "console", "--socket", str(path)]
    started = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", *command],
        env={**os.environ, "APPLIANCE_PASSPHRASE_FILE": str(desk.passphrase_file)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stderr
        assert started.stderr.readline() == f"The console answers at {path} until Ctrl-C.\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"200 OK" in _asked(path)
    finally:
        started.send_signal(signal.SIGTERM)
        rest = started.communicate(timeout=300)[1]
    assert "Traceback" not in rest
    assert started.returncode in {0, 130, 143, -signal.SIGTERM}
    assert not path.exists()


def _asked(path: Path) -> bytes:
    for _ in range(100):
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(str(path))
            except OSError:
                time.sleep(0.05)
                continue
            line.sendall(ASKED)
            return b"".join(iter(lambda: line.recv(65536), b""))
    raise AssertionError("nobody answers")


def test_it_listens_on_loopback_only(place: Path) -> None:
    with on_port(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
        with pytest.raises(UsageError):
            on_port(listening.getsockname()[1])
    with on_socket(place / "s"), pytest.raises(UsageError):
        on_socket(place / "s")


def test_a_port_and_a_socket_exclude_each_other(desk: Desk, tmp_path: Path) -> None:
    ran = desk.run("console", "--port", "1", "--socket", str(tmp_path / "s"))
    assert ran.code == UsageError.exit_code
    assert "exclude" in ran.err
