"""Reading tries no connection (promise P1), counted by the kernel, with a positive control.

The readers run in a network namespace without a route and without the system-call filter, so that
an attempt would show: the kernel counts packets for which it has no route.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from appliance import offline

ROOT = Path(__file__).parent.parent.parent
NO_NAMESPACE = 77
_READ = """
import sys
from pathlib import Path
from appliance.sandbox import confine
if not confine.isolate_network():
    sys.exit(77)
from appliance.formats import kinds, worker
from appliance.formats.reading import Wishes
from appliance.sandbox.outcome import ReadingFailed
for family in kinds.Family:
    worker.warm(family)
documents = {
    ".txt": b"The parties agree. It is so.",
    ".html": b"<p>The parties agree.</p><img src='http://192.0.2.1/x.png'>",
    ".md": b"# Title",
    ".eml": b"Subject: x\\n\\nbody",
    ".xml": b"<!DOCTYPE a SYSTEM 'http://192.0.2.1/a.dtd'><a>It is so.</a>",
}
for suffix, data in documents.items():
    try:
        worker.read(kinds.family(data), Wishes(suffix).encode(), data)
    except ReadingFailed:
        pass
import onnxruntime  # recognises text; since 1.29 it starts an uploader when it is imported
import time
def tried():
    lines = Path("/proc/net/snmp").read_text().splitlines()
    names, values = [line.split() for line in lines if line.startswith("Ip:")]
    sixes = dict(l.split() for l in Path("/proc/net/snmp6").read_text().splitlines())
    return int(values[names.index("OutNoRoutes")]) + int(sixes.get("Ip6OutNoRoutes", 0))
until = time.monotonic() + float(sys.argv[1])  # reports are sent by threads, and not at once
while not tried() and time.monotonic() < until:
    time.sleep(0.05)
print(tried())
"""


def attempts(switches: dict[str, str], seconds: int) -> int:
    """How many packets without a route reading a few documents produced; until the first one."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _READ, str(seconds)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **switches},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if ran.returncode == NO_NAMESPACE:
        pytest.skip("this host forbids network namespaces")
    assert ran.returncode == 0, ran.stderr[-2000:]
    return int(ran.stdout.splitlines()[-1])


def test_with_the_switches_nothing_is_tried() -> None:
    assert attempts(offline.SWITCHES, 15) == 0


def test_without_the_switches_attempts_are_seen() -> None:
    assert attempts({}, 300) > 0
