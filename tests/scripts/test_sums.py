"""The hashes of the locks are those of the locks."""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.installing import relock

FOLDER = Path(__file__).parents[2] / "offline-wheels"


def test_every_lock_has_its_hash_and_sha256sum_agrees() -> None:
    assert (FOLDER / relock.SUMS).read_text("ascii") == relock.sums(FOLDER)
    assert relock.sums(FOLDER).count("\n") == len(list(FOLDER.glob("*.lock"))) + 1  # models.toml
    command = ["sha256sum", "--check", "--strict", "--quiet", relock.SUMS]
    subprocess.run(command, cwd=FOLDER, check=True)
