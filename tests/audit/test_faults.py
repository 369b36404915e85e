"""A part of the audit log's fault matrix; `scripts/faults audit` tries every call."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.faulting import tracing

ROOT = Path(__file__).parents[2]
TRIALS = 9
_SCRIPT = """
import random, sys
from pathlib import Path
from scripts.faulting import records, tracing
points, found = records.measure(Path(sys.argv[1]), tracing.found(), 1, {trials}, random.Random(3))
print(points, len(found), sum(one.struck for one in found))
for one in found:
    for said in one.violations:
        print(one.where, said)
"""


@pytest.mark.skipif(tracing.found() is None, reason="strace is not installed")
def test_no_fault_leaves_an_effect_without_intent_or_a_release_without_outcome(
    tmp_path: Path,
) -> None:
    """In a process of its own: what forks must have no threads."""
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(trials=TRIALS), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    if "strace could not attach" in ran.stderr:
        pytest.skip("this host lets nobody trace a process")
    first, *violations = ran.stdout.splitlines() or [ran.stderr]
    points, trials, struck = map(int, first.split())
    assert points > 100
    assert trials == TRIALS
    assert struck >= TRIALS - 1  # in which thread a call falls is not always the same
    assert violations == []
