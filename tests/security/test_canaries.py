"""Promise P2: nothing lies in clear, also after kill -9 in the middle of the batch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import ROOT, Desk

PERSON = "Wilhelmina Quillfeather"
WORD = "xanthoproteic"
NAME = "quillfeather-v-brassknocker"
QUESTION = "Does the zorbalite clause bind?"
MATTER = "matter-of-brassknocker"
LABEL = "privileged-zanzibar"
CANARIES = (PERSON, WORD, NAME, QUESTION, "zorbalite", MATTER, LABEL, "brassknocker")


def text(number: int) -> str:
    clause = f"{PERSON} shall deliver {number} {WORD} samples to brassknocker under the agreement."
    return f"AGREEMENT {number}\n\n" + "\n\n".join(f"{n}. {clause}" for n in range(40))


def folder_of_canaries(where: Path, count: int) -> Path:
    folder = where / "in"
    folder.mkdir()
    for number in range(count):
        (folder / f"{NAME}-{number}.txt").write_text(text(number))
    return folder


def bytes_under(*folders: Path) -> bytes:
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            found.append(os.fsencode(path.name))
            if path.is_file() and not path.is_symlink():
                with suppress(FileNotFoundError):  # an engine at work removes files of its own
                    found.append(path.read_bytes())
    return b"\n".join(found)


def clear(content: bytes) -> list[str]:
    forms = [(c, c.encode()) for c in CANARIES] + [(c, c.encode("utf-16-le")) for c in CANARIES]
    lower = content.lower()
    return [canary for canary, form in forms if form.lower() in lower]


def environment(desk: Desk, scratch: Path) -> dict[str, str]:
    return {
        **os.environ,
        "APPLIANCE_HOME": str(desk.home),
        "APPLIANCE_PASSPHRASE_FILE": str(desk.passphrase_file),
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(scratch),
    }


def test_the_scan_finds_what_lies_in_clear(tmp_path: Path) -> None:
    assert WORD in clear(bytes_under(folder_of_canaries(tmp_path, 1)))


def test_nothing_in_clear_after_ingest_and_search(desk: Desk, tmp_path: Path) -> None:
    folder = folder_of_canaries(tmp_path, 2)
    desk.ok("collection", "create", MATTER)
    desk.ok("ingest", str(folder), "-c", MATTER, "--label", f"kind={LABEL}")
    assert WORD in desk.ok("search", QUESTION, "-c", MATTER)
    assert clear(bytes_under(desk.home)) == []


@pytest.mark.engine
def test_nothing_in_clear_after_kill_9_in_the_middle_of_the_batch(
    desk: Desk, tmp_path: Path, engine_socket: Path
) -> None:
    (desk.home / "appliance.toml").write_text(f'[engine]\nsocket = "{engine_socket}"\n')
    folder = folder_of_canaries(tmp_path, 3)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    desk.ok("collection", "create", MATTER)
    out = tmp_path / "out"
    run = [
        "process",
        str(folder),
        "-c",
        MATTER,
        "--ask",
        QUESTION,
        "--summarize",
        "--out",
        str(out),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", *run],
        env=environment(desk, scratch),
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    results = out / "results.jsonl"
    begun = time.monotonic()
    while not (results.exists() and results.stat().st_size) and time.monotonic() - begun < 1200:
        time.sleep(0.01)
    command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert clear(command_line) == []
    assert clear(bytes_under(desk.home, scratch, engine_socket.parent)) == []

    again = desk.run(*run, "--json")
    assert again.code == 0, again.err
    counts = json.loads(again.out)
    assert counts["done"] + counts["kept"] == 6
    assert counts["kept"] >= 1
    assert "records verify" in desk.ok("audit", "verify")
    assert clear(bytes_under(desk.home)) == []
