"""Promise P7: killed, failed or full at any point, the next run goes on and nothing is lost.

A part of what ``scripts/faults`` does in full: the main job on real files and the real store, log
and reader, with a test double for the language model's server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.conftest import ROOT

STRACE = shutil.which("strace")
KINDS = ("matrix", "kills", "troubles") if STRACE else ("kills", "troubles")
SMALL = ("--sample", "30", "--kills", "15", "--files", "8")


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``scripts/faults`` found; it has to have found no violation."""
    record = tmp_path_factory.mktemp("faults") / "record.json"
    ran = subprocess.run(
        [str(ROOT / "scripts" / "faults"), *KINDS, *SMALL, "--json", str(record)],
        env={**os.environ, "TMPDIR": "/tmp"},  # short: a socket has a bounded path
        capture_output=True,
        text=True,
        timeout=3600,  # nine minutes on two cores that others use
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(record.read_text("utf-8"))
    assert found["violations"] == 0
    return found


@pytest.mark.skipif(STRACE is None, reason="strace is not installed: system calls cannot be failed")
def test_a_call_that_fails_or_kills_loses_nothing(struck: dict[str, Any]) -> None:
    found = struck["matrix"]
    assert (found["trials"], found["struck"]) == (30, 30), found["missed"]
    assert found["points"] > 100
    assert {what.split()[1] for what in found["classes"]} == {"KILL", "EIO", "ENOSPC"}


def test_kills_at_random_moments_end_in_the_same_results(struck: dict[str, Any]) -> None:
    found = struck["kills"]
    assert (found["kills"], found["files"]) == (15, 8)
    assert found["campaigns"] >= 1


def test_troubles_from_outside_are_overcome_by_the_next_run(struck: dict[str, Any]) -> None:
    """A full disk, a file too large for its reader, killed readers, an engine that crashes."""
    assert set(struck["troubles"]) >= {"memory", "readers", "engine"}
