"""Start and stop with a program that stands in for vLLM, behind the real launcher and its walls."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import offline
from appliance.config import EngineSettings, Settings
from appliance.engine import processes, server
from appliance.engine.isolation import Isolation
from appliance.errors import ConfigError, EngineUnavailable, ModelError
from tests.engine.stand_in import answering, environment

QUIET = EngineSettings(start_timeout_s=30)


@pytest.fixture
def root() -> Iterator[Path]:
    """A short folder, because a socket's path is bounded."""
    folder = Path(tempfile.mkdtemp(prefix="ap-"))
    yield folder
    shutil.rmtree(folder)


def started(settings: Settings) -> list[str]:
    told: list[str] = []
    server.start(settings, told.append)
    return told


def test_start_status_stop(root: Path) -> None:
    settings = environment(root, "serve()")
    told = started(settings)
    found = server.status(settings)
    try:
        assert "answers after" in told[-1]
        assert found.running
        assert (found.model, len(found.digest)) == ("tiny", 64)
        assert found.isolation in set(Isolation)
        assert found.pid is not None
    finally:
        server.stop(settings)
    assert not server.status(settings).running
    assert processes.members(found.pid) == ()
    assert not settings.engine_socket.exists()
    assert not (settings.run / "tmp").exists()
    server.stop(settings)  # once more is no error


def test_everything_it_writes_is_private_and_nothing_is_inherited(root: Path) -> None:
    os.environ["HTTPS_PROXY"] = "http://proxy.example"
    try:
        settings = environment(
            root,
            "import json, resource\n"
            "open('seen.json', 'w').write(json.dumps([dict(os.environ), sys.argv,"
            " resource.getrlimit(resource.RLIMIT_CORE)]))\nserve()",
        )
        started(settings)
    finally:
        del os.environ["HTTPS_PROXY"]
    try:
        for path in settings.run.rglob("*"):
            assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path
        assert stat.S_IMODE(settings.run.stat().st_mode) == 0o700
        assert settings.engine_socket.stat().st_uid == os.getuid()
        seen, argv, core = json.loads((settings.run / "seen.json").read_text())
    finally:
        server.stop(settings)
    assert offline.SWITCHES.items() <= seen.items()
    assert not [name for name in seen if offline.is_forbidden(name)]
    assert seen["TMPDIR"].startswith(str(settings.run))
    assert seen["HOME"].startswith(str(settings.run))
    assert core == [0, 0]
    assert argv[argv.index("--structured-outputs-config") + 1] == '{"backend": "guidance"}'
    assert "--trust-remote-code" not in argv


def test_a_second_start_finds_the_first_even_while_it_is_starting(root: Path) -> None:
    wait = "while not os.path.exists('go'): time.sleep(0.05)"
    settings = environment(root, f"open('starts', 'a').write('x')\n{wait}\nserve()")
    told: list[list[str]] = [[], []]
    threads = [
        threading.Thread(target=server.start, args=(settings, told[n].append)) for n in (0, 1)
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 120
    while not any("another command" in line for line in told[0] + told[1]):
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    (settings.run / "go").touch()
    for thread in threads:
        thread.join()
    try:
        server.start(settings, told[0].append)
        assert (settings.run / "starts").read_text() == "x"
        assert any("another command" in line for line in told[0] + told[1])
    finally:
        server.stop(settings)


def test_a_crash_is_explained_and_leaves_nothing(root: Path) -> None:
    settings = environment(
        root,
        "import subprocess; subprocess.Popen(['sleep', '61.375'])\n"
        "print('torch.OutOfMemoryError: out of memory', flush=True); sys.exit(1)",
    )
    with pytest.raises(EngineUnavailable, match="not enough memory") as caught:
        started(settings)
    assert "cpu_kv_cache_gib" in caught.value.remedy
    assert not server.status(settings).running
    assert not (settings.run / "engine.json").exists()
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if b"61.375" in _read(p)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_an_engine_that_never_answers_is_ended(root: Path) -> None:
    settings = environment(root, "time.sleep(600)", EngineSettings(start_timeout_s=1))
    with pytest.raises(EngineUnavailable, match="within 1 s"):
        started(settings)
    assert not (settings.run / "engine.json").exists()


def test_an_interrupt_leaves_no_half_started_engine(root: Path) -> None:
    written = "open('written', 'w').write(str(os.getpid())); os.rename('written', 'pid')"
    settings = environment(root, f"{written}; time.sleep(600)")

    def interrupt(line: str) -> None:
        if not line.startswith("starting"):
            return  # of walls that could not be put to the test
        while not (settings.run / "pid").exists():
            time.sleep(0.05)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        server.start(settings, interrupt)
    found = processes.identify(int((settings.run / "pid").read_text()))
    assert found is None or not processes.is_alive(found)


def test_an_interrupt_right_after_the_launch_leaves_none_either(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = environment(root, "serve()")
    launched: list[subprocess.Popen[bytes]] = []

    def interrupted(*arguments: object) -> None:
        launched.append(launch(*arguments))  # type: ignore[arg-type]
        raise KeyboardInterrupt

    launch = server._launch
    monkeypatch.setattr(server, "_launch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        started(settings)
    assert launched[0].wait(60) is not None
    assert not server.status(settings).running
    assert not (settings.run / "engine.json").exists()


def test_an_engine_that_is_busy_is_not_taken_for_one_that_hangs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = (
        "answer = Handler.do_GET\n"
        "def busy(self):\n"
        "    while os.path.exists('busy'): time.sleep(0.05)\n"
        "    answer(self)\n"
        "Handler.do_GET = busy\n"
    )
    settings = environment(root, f"{busy}serve()")
    started(settings)
    pid = server.status(settings).pid
    mark = settings.run / "busy"
    mark.touch()
    later = threading.Timer(1, mark.unlink, kwargs={"missing_ok": True})
    try:
        monkeypatch.setattr(server, "HEALTH_S", 0.2)
        assert not server.status(settings).running
        later.start()
        assert started(settings) == []
        assert server.status(settings).pid == pid
    finally:
        mark.unlink(missing_ok=True)
        if later.is_alive():
            later.join()
        server.stop(settings)


def test_a_killed_engine_is_seen_and_the_next_start_clears_its_socket(root: Path) -> None:
    settings = environment(root, "serve()")
    started(settings)
    pid = server.status(settings).pid
    assert pid is not None
    for member in processes.members(pid):
        os.kill(member, signal.SIGKILL)
    while processes.members(pid):
        time.sleep(0.02)
    assert settings.engine_socket.exists()
    assert not server.status(settings).running
    started(settings)
    try:
        assert server.status(settings).running
    finally:
        server.stop(settings)


def test_a_number_used_again_is_not_the_engine(root: Path) -> None:
    settings = environment(root, "serve()")
    started(settings)
    server.stop(settings)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as innocent:
        found = processes.identify(innocent.pid)
        assert found is not None
        record = {
            "pid": innocent.pid,
            "started": found.started - 1,
            "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
            "model": "tiny",
            "digest": "0" * 64,
            "since": "",
        }
        (settings.run / "engine.json").write_text(json.dumps(record))
        assert not server.status(settings).running
        server.stop(settings)
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"pid": 1}'])
def test_a_damaged_record_is_no_engine(root: Path, content: bytes) -> None:
    settings = environment(root, "serve()")
    settings.run.mkdir(parents=True)
    (settings.run / "engine.json").write_bytes(content)
    assert not server.status(settings).running
    server.stop(settings)


def test_an_engine_of_a_service_manager_is_used(root: Path) -> None:
    settings = environment(root, "sys.exit(1)")
    path = root / "other.sock"
    served = replace(settings, engine=replace(settings.engine, socket=str(path)))
    with answering(path, lambda path, body: (200, b"")):
        server.start(served, lambda _: None)
        assert server.status(served) == server.EngineStatus(True, socket=str(path))
        server.stop(served)
        assert server.status(served).running


def test_a_foreign_program_on_the_socket_is_left_alone(root: Path) -> None:
    settings = environment(root, "serve()")
    settings.run.mkdir(parents=True)
    with (
        answering(settings.engine_socket, lambda path, body: (500, b"")),
        pytest.raises(EngineUnavailable, match="something else"),
    ):
        started(settings)


def test_a_missing_environment_and_a_changed_model_are_named(root: Path) -> None:
    settings = environment(root, "serve()")
    (settings.models / "tiny/config.json").write_text("[]")
    with pytest.raises(ModelError, match=r"config\.json"):
        started(settings)
    (settings.models / "tiny/config.json").write_text("{}")
    shutil.rmtree(root / "envs")
    with pytest.raises(EngineUnavailable, match="no engine in") as caught:
        started(settings)
    assert "scripts/setup" in caught.value.remedy


def test_a_socket_path_that_no_socket_can_have_is_a_wrong_setting(root: Path) -> None:
    settings = environment(root, "serve()")
    long = replace(settings, engine=replace(settings.engine, socket="/tmp/" + "x" * 120))
    with pytest.raises(ConfigError, match="too long"):
        started(long)


def test_a_home_with_a_long_name_still_works(root: Path) -> None:
    settings = environment(root, "serve()")
    settings = replace(settings, home=root / ("h" * 66))  # engine.sock just fits
    started(settings)
    try:
        assert server.status(settings).running
    finally:
        server.stop(settings)


def test_a_run_folder_of_another_user_is_refused(root: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    settings = environment(root, "serve()")
    settings.run.mkdir(parents=True)
    os.chown(settings.run, 65534, 65534)
    with pytest.raises(EngineUnavailable, match="belongs to another user"):
        started(settings)


def test_the_engine_outlives_the_command_that_started_it(root: Path) -> None:
    settings = environment(root, "serve()")
    program = (
        "import sys; from pathlib import Path; from appliance.config import *;"
        "from appliance.engine import server;"
        "r = Path(sys.argv[1]); e = EngineSettings(model='tiny');"
        "server.start(Settings(home=r / 'home', root=r, engine=e), print)"
    )
    package = Path(server.__file__).parent.parent.parent
    subprocess.run(
        [sys.executable, "-c", program, str(root)], check=True, cwd=package, capture_output=True
    )
    try:
        assert server.status(settings).running
    finally:
        server.stop(settings)
