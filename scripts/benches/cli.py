"""How long `appliance --help` takes, as a whole process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from scripts.benches.figure import Figure

RUNS = 15
BOUND_S = 0.3


def measure(root: Path) -> list[Figure]:
    """Median wall time of a warm start."""
    command = [str(Path(sys.executable).with_name("appliance")), "--help"]
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=root)
        times.append(time.perf_counter() - begun)
    median = statistics.median(times)
    on = f"median of {RUNS} processes"
    return [Figure("cli", "appliance --help", median, "s", "<= 0.3 s", median <= BOUND_S, on)]
