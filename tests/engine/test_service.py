"""The engine in the foreground: the real command, with the stand-in engine behind the walls."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.config import Settings
from appliance.egress.verdict import Verdict
from appliance.engine import server, told
from appliance.engine.attested import RUNNING
from appliance.errors import EngineUnavailable
from tests.engine.stand_in import environment


@pytest.fixture
def root() -> Iterator[Path]:
    """A short folder, because a socket's path is bounded."""
    folder = Path(tempfile.mkdtemp(prefix="ap-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def manager(root: Path) -> Iterator[socket.socket]:
    """Listens as a service manager does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(root / "notify"))
        listening.settimeout(300)
        yield listening


def foreground(settings: Settings, root: Path, *words: str) -> subprocess.Popen[str]:
    settings.home.mkdir(exist_ok=True)
    (settings.home / "appliance.toml").write_text(f'[engine]\nmodel = "{settings.engine.model}"\n')
    program = "from appliance.cli.main import run; run()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--home", str(settings.home), "engine", "run", *words],
        env={
            "PATH": "/usr/bin:/bin",
            "APPLIANCE_ROOT": str(settings.root),
            "NOTIFY_SOCKET": str(root / "notify"),
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_says_ready_when_it_answers_and_ends_the_engine_when_ended(
    root: Path, manager: socket.socket
) -> None:
    settings = environment(root, "serve()")
    shared = root / "shared.sock"
    with foreground(settings, root, "--socket", str(shared), "--shared") as child:
        assert manager.recv(100) == b"READY=1"
        mode = shared.stat().st_mode & 0o777
        said = told.read(shared, os.getuid(), RUNNING)
        child.send_signal(signal.SIGTERM)
        assert child.wait(300) == 143
    assert mode == 0o660
    assert {item.verdict for item in said} == {Verdict.PASS}
    assert not shared.exists()
    assert not told.beside(shared).exists()
    assert server.status(settings).pid is None


def test_the_end_of_the_engine_is_the_end_of_the_service(
    root: Path, manager: socket.socket
) -> None:
    settings = environment(root, "serve()")
    with foreground(settings, root) as child:
        assert manager.recv(100) == b"READY=1"
        mode = settings.engine_socket.stat().st_mode & 0o077
        pid = server.status(settings).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert child.wait(300) == EngineUnavailable.exit_code
        assert "Error:" in (child.stderr.read() if child.stderr else "")
    assert mode == 0
    assert not settings.engine_socket.exists()


def test_a_second_one_is_refused(root: Path, manager: socket.socket) -> None:
    settings = environment(root, "serve()")
    with foreground(settings, root) as child:
        assert manager.recv(100) == b"READY=1"
        with foreground(settings, root) as second:
            assert second.wait(300) == EngineUnavailable.exit_code
        assert server.status(settings).running
        child.terminate()
        assert child.wait(300) == 143
