"""A local socket that crosses network namespaces is out of reach once its folder is covered."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.sandbox import covers

ROOT = str(Path(covers.__file__).parent.parent.parent)
PROGRAM = """
import socket, sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from appliance.sandbox import confine, covers
folder = Path(sys.argv[2])
def reach():
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(folder / "s"))
confine.isolate_network()
before = reach()
left = covers.cover([folder, folder / "none"])
print(before, reach() != 0, len(left), sorted(p.name for p in folder.parent.iterdir()))
"""


def test_a_covered_socket_cannot_be_reached_and_the_host_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as service:
        service.bind(str(folder / "s"))
        service.listen()
        ran = subprocess.run(
            [sys.executable, "-I", "-c", PROGRAM, ROOT, str(folder)],
            capture_output=True,
            text=True,
            check=True,
        )
        if ran.stdout.startswith("0 False 1"):
            pytest.skip("this host allows no mount namespaces")
        assert ran.stdout == "0 True 0 ['service']\n", ran.stderr
        assert (folder / "s").exists()


def test_nothing_there_takes_nothing_away(tmp_path: Path) -> None:
    def seen() -> tuple[str, list[str]]:  # other mounts come and go as other programs like
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return str(Path("/proc/self/ns/mnt").readlink()), [m for m in mounts if str(tmp_path) in m]

    before = seen()
    assert covers.cover([tmp_path / "none"]) == ()
    assert seen() == before
