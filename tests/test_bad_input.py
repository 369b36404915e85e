"""Bad input: a clear message with the remedy, its own exit code, and nothing else harmed."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import config
from appliance.app.view import Appliance
from tests.conftest import PASSPHRASE, QUICK, ROOT, SERVED, Desk

CLI = [sys.executable, "-m", "appliance.cli.main"]
NAMESPACES = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
needs_mounts = pytest.mark.skipif(
    NAMESPACES.returncode != 0, reason="this host allows no user and mount namespaces"
)


def says(desk: Desk, code: int, *words: str, run: tuple[str, ...]) -> None:
    ran = desk.run(*run)
    assert ran.code == code, ran.err
    for word in (*words, "What to do:"):
        assert word in ran.err, ran.err


def test_no_store(bare_desk: Desk) -> None:
    says(bare_desk, 4, str(bare_desk.home), "appliance init", run=("list",))


def test_a_second_init_changes_nothing(desk: Desk) -> None:
    before = sorted((p, p.stat().st_mtime_ns) for p in desk.home.rglob("*"))
    says(desk, 2, "store", run=("init",))
    assert sorted((p, p.stat().st_mtime_ns) for p in desk.home.rglob("*")) == before


def test_wrong_passphrase(desk: Desk, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not this one")
    ran = desk.run("list", passphrase=wrong)
    assert ran.code == 5
    assert "not this one" not in ran.err


def test_a_short_or_missing_new_passphrase(bare_desk: Desk, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text("1234567")
    assert bare_desk.run("init", passphrase=short).code == 2
    assert bare_desk.run("init", passphrase=tmp_path / "none").code == 2
    assert not (bare_desk.home / "store").exists()


def test_missing_folder_and_unknown_collection(
    desk: Desk, tmp_path: Path, folder_of: Callable[..., Path]
) -> None:
    desk.ok("collection", "create", "c")
    says(desk, 8, "none-here", run=("ingest", str(tmp_path / "none-here"), "-c", "c"))
    folder = folder_of("in", a="some text to read")
    says(desk, 7, "collection", run=("ingest", str(folder), "-c", "other"))
    says(desk, 7, "document", run=("show", "ffff"))


@pytest.mark.skipif(os.getuid() == 0, reason="root may read every folder")
def test_unreadable_folder(desk: Desk, tmp_path: Path) -> None:
    desk.ok("collection", "create", "c")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    says(desk, 8, "locked", run=("ingest", str(locked), "-c", "c"))


def test_unknown_pack_is_said_before_anything_is_read(
    desk: Desk, tmp_path: Path, folder_of: Callable[..., Path]
) -> None:
    desk.ok("collection", "create", "c")
    folder = folder_of("in", a="some text to read")
    out = str(tmp_path / "out")
    run = ("process", str(folder), "-c", "c", "--extract", "legal/none", "--out", out)
    says(desk, 9, "legal/none", "legal/contract", run=run)
    assert "[]" in desk.ok("list", "--json")


def test_a_wrong_settings_file(desk: Desk) -> None:
    (desk.home / "appliance.toml").write_text("[engine]\nmodle = 'x'\n")
    says(desk, 3, "modle", "appliance.toml", run=("list",))


def test_one_bad_file_harms_no_other(desk: Desk, folder_of: Callable[..., Path]) -> None:
    desk.ok("collection", "create", "c")
    folder = folder_of("in", good="The lease ends on 1 May 2030.", more="Another good file.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing that follows is a PDF")
    (folder / "empty.txt").write_bytes(b"")
    ran = desk.run("ingest", str(folder), "-c", "c")
    assert ran.code == 15
    assert "broken.pdf" in ran.err
    assert "empty.txt" in ran.err
    listed = desk.ok("list")
    assert "good.txt" in listed
    assert "more.txt" in listed
    assert "broken.pdf" not in listed


def test_a_damaged_object_is_named_and_the_rest_still_opens(
    desk: Desk, folder_of: Callable[..., Path]
) -> None:
    desk.ok("collection", "create", "c")
    desk.ok("ingest", str(folder_of("in", a="first text", b="second text")), "-c", "c")
    objects = [
        p for p in (desk.home / "store").rglob("*") if p.is_file() and p.stat().st_size < 400
    ]
    flipped = {}
    for path in objects:
        content = path.read_bytes()
        flipped[path] = content
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        ran = desk.run("show", "a.txt", "--text"), desk.run("show", "b.txt", "--text")
        path.write_bytes(content)
        assert {r.code for r in ran} <= {0, 6}, [r.err for r in ran]
    desk.ok("show", "a.txt", "--text")


def test_a_damaged_catalogue(desk: Desk) -> None:
    catalogue = max((desk.home / "store").glob("catalogue*"), key=lambda p: p.stat().st_size)
    content = bytearray(catalogue.read_bytes())
    content[len(content) // 2] ^= 1
    content[100] ^= 1
    catalogue.write_bytes(content)
    says(desk, 6, run=("list",))


def test_a_changed_audit_log_stops_content_actions(desk: Desk) -> None:
    log = next((desk.home / "audit").rglob("*.jsonl"))
    content = bytearray(log.read_bytes())
    content[20] ^= 1
    log.write_bytes(content)
    says(desk, 11, run=("list",))


def test_an_engine_that_cannot_start(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    root = desk.home.parent / "root"
    python = root / "envs" / "engine" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'out of reach' >&2\nexit 1\n")
    python.chmod(0o755)
    (root / "models").symlink_to(Path(sys.prefix).parent.parent / "models")
    monkeypatch.setenv("APPLIANCE_ROOT", str(root))
    says(desk, 10, run=("engine", "start"))
    assert '"running": false' in desk.ok("engine", "status", "--json")


def test_a_missing_model(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("APPLIANCE_ROOT", str(tmp_path / "nowhere"))
    says(desk, 13, "scripts/setup", run=("search", "anything"))


def test_a_question_that_is_empty(desk: Desk) -> None:
    assert desk.run("ask", "-", stdin="  \n").code == 2


@pytest.mark.parametrize("risk", ["2", "-0.1", "much"])
def test_a_risk_that_is_no_share(desk: Desk, risk: str) -> None:
    assert desk.run("ask", "what?", "--max-risk", risk).code == 2


def test_ambiguous_collection(desk: Desk) -> None:
    desk.ok("collection", "create", "a")
    desk.ok("collection", "create", "b")
    says(desk, 2, "--collection", run=("ask", "what?"))


def environment(desk: Desk) -> dict[str, str]:
    if desk.way == SERVED:
        pytest.skip("signals to a process of its own; test_remote.py ends callers of a service")
    return {
        **os.environ,
        "APPLIANCE_HOME": str(desk.home),
        "APPLIANCE_PASSPHRASE_FILE": str(desk.passphrase_file),
        "PYTHONPATH": str(ROOT),
    }


def test_ctrl_c_keeps_what_was_finished(desk: Desk, folder_of: Callable[..., Path]) -> None:
    desk.ok("collection", "create", "c")
    folder = folder_of("in", **{f"file{n:03}": f"Clause {n}. " * 200 for n in range(60)})
    command = [*CLI, "ingest", str(folder), "-c", "c"]
    process = subprocess.Popen(
        command,
        env=environment(desk),
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    objects = desk.home / "store"
    begun = time.monotonic()
    while sum(p.is_file() for p in objects.rglob("*")) < 20 and time.monotonic() - begun < 300:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "run the command again" in err
    kept = desk.ok("list", "--json").count('"version"')
    assert 0 < kept < 60
    again = desk.run("ingest", str(folder), "-c", "c")
    assert again.code == 0, again.err
    assert f"{kept} unchanged" in again.err
    assert f"{60 - kept} added" in again.err
    assert "records verify" in desk.ok("audit", "verify")


@needs_mounts
def test_a_full_disk_is_said_and_nothing_is_half_done(
    bare_desk: Desk, folder_of: Callable[..., Path]
) -> None:
    root_inside = 0  # whoever we are outside; of the 5 MiB store and log set aside two
    Appliance.create(config.load(bare_desk.home), PASSPHRASE, root_inside, cost=QUICK)
    folder = folder_of("in", **{f"big{n}": os.urandom(300_000).hex() for n in range(6)})
    small = bare_desk.home.parent / "small"
    small.mkdir()
    appliance = shlex.join([*CLI, "--home", f"{small}/home"])
    script = (
        f"mount -t tmpfs -o size=5m tmpfs {small} && cp -a {bare_desk.home} {small}/home && "
        f"{appliance} collection create c && {appliance} ingest {folder} -c c; code=$?; "
        f"{appliance} list && exit $code"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        env=environment(bare_desk),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 12, done.stderr
    assert "space" in done.stderr
    kept = [f"big{n}.txt" for n in range(6) if f"big{n}.txt" in done.stdout]
    assert 0 < len(kept) < 6, done.stdout  # whichever were read first
    assert PASSPHRASE not in done.stderr


def test_another_process_holds_the_store(desk: Desk) -> None:
    from appliance.store.store import Store

    with Store.open(desk.home, PASSPHRASE):
        says(desk, 19, run=("list",))


def test_faults_of_ours_show_no_content(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from appliance.app.warm import Warm

    def broken(*_: object) -> None:
        raise KeyError("secret content")

    monkeypatch.setattr(Warm, "library", broken)
    ran = desk.run("search", "anything")
    assert ran.code == 1
    assert "KeyError at test_bad_input.py" in ran.err
    assert "secret content" not in ran.err + ran.out


def test_errors_are_json_for_machines(desk: Desk) -> None:
    import json

    ran = desk.run("show", "ffff", "--json")
    assert ran.code == 7
    assert json.loads(ran.err)["exit_code"] == 7
    assert ran.out == ""


def test_a_store_copied_elsewhere_opens(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(desk.home, tmp_path / "copy")
    moved = Desk(tmp_path / "copy", desk.passphrase_file, desk.capture)
    moved.ok("status", "--json")
