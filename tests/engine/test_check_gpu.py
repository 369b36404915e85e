"""The check for machines with a GPU says so where there is none, with an exit code of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "check_gpu"


def test_without_a_gpu_it_says_so() -> None:
    if any(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is a GPU; run scripts/check_gpu itself")
    ran = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    assert "no GPU" in ran.stdout


def test_wrong_arguments_are_not_a_missing_gpu() -> None:
    ran = subprocess.run([SCRIPT, "--nonsense"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
