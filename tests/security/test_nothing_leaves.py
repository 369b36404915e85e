"""Promise P1 for the app itself: it reads and searches without trying to reach anything.

The commands run in an empty network namespace of their own, where every attempt has no route and
is counted by the kernel (``OutNoRoutes``); the control shows that the counter counts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SAMPLES, Desk

EMPTY = ["unshare", "--user", "--net", "--map-current-user"]
ALLOWED = subprocess.run([*EMPTY, "true"], capture_output=True, check=False)
pytestmark = pytest.mark.skipif(
    ALLOWED.returncode != 0, reason="this host allows no network namespaces"
)
ATTEMPT = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('8.8.8.8', 9))"


def attempts(script: str, desk: Desk) -> int:
    """What the kernel counted while ``script`` ran in a namespace of its own."""
    environment = {
        **os.environ,
        "APPLIANCE_HOME": str(desk.home),
        "APPLIANCE_PASSPHRASE_FILE": str(desk.passphrase_file),
        "PYTHONPATH": str(ROOT),
        "PYTHON": sys.executable,
    }
    counted = f"set -e; {script}; cat /proc/self/net/snmp /proc/self/net/snmp6"
    done = subprocess.run(
        [*EMPTY, "sh", "-c", counted],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    six = re.search(r"^Ip6OutNoRoutes\s+(\d+)$", done.stdout, re.M)
    names, values = re.findall(r"^Ip: (.*)$", done.stdout, re.M)
    four = dict(zip(names.split(), values.split(), strict=True))["OutNoRoutes"]
    return int(four) + (int(six.group(1)) if six else 0)


def test_the_counter_counts(desk: Desk) -> None:
    assert attempts(f'"$PYTHON" -c "{ATTEMPT}" || true', desk) > 0


def test_the_app_tries_nothing(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for sample in sorted((SAMPLES / "demo").rglob("*")):
        if sample.suffix in {".docx", ".eml", ".html", ".md", ".txt", ".xlsx"}:
            (folder / sample.name).write_bytes(sample.read_bytes())
    appliance = '"$PYTHON" -m appliance.cli.main'
    script = (
        f"{appliance} collection create c >/dev/null; "
        f"{appliance} ingest {folder} -c c >/dev/null; "
        f'{appliance} search "back pain" -c c >/dev/null; '
        f"{appliance} audit verify >/dev/null"
    )
    assert attempts(script, desk) == 0
