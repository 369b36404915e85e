"""A real disk of four mebibytes, filled through the store, in a mount namespace of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare(1) is not installed")
def test_a_full_disk_loses_nothing_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-W", "error"]
    run = subprocess.run(
        [*command, "-m", "tests.store.feeder", "fill", str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "skip" in run.stdout or "unshare failed" in run.stderr or "uid_map" in run.stderr:
        pytest.skip("this host permits no user and mount namespace")
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "stopped by DiskFull after True",
        "sound True temporary 0",
        "kept True",
        "again True True",
    ]
