"""Large pages make forks of a large process cheaper, and change nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOT_HERE = 77
_BODY = """
import ctypes, os, resource, sys, time
sys.path.insert(0, sys.argv[1])
from appliance.sandbox import pages
prctl = ctypes.CDLL(None).prctl
prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: small pages first, also where large ones are the rule
data = os.urandom(1 << 20) * 256
prctl(41, 0, 0, 0, 0)
maps = os.open("/proc/self/maps", os.O_RDONLY)
def used():  # processor time, which does not grow where others have the processors
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
def fork():
    began = used()
    child = os.fork()
    if child == 0:
        os._exit(data[-1] != last)
    assert os.waitpid(child, 0)[1] == 0
    return used() - began
last = data[-1]
small = min(fork() for _ in range(40))
if pages.gather(maps) < 200 << 20:
    sys.exit(77)
large = min(fork() for _ in range(40))
assert data == data[: 1 << 20] * 256
assert large < small / 2, (small, large)
"""


def test_forking_a_large_process_gets_cheaper() -> None:
    ran = subprocess.run(
        [sys.executable, "-I", "-c", _BODY, str(ROOT)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if ran.returncode == NOT_HERE:
        pytest.skip("this kernel does not gather pages")
    assert ran.returncode == 0, ran.stderr


def test_small_areas_and_files_are_left_alone(tmp_path: Path) -> None:
    from appliance.sandbox import pages

    maps = tmp_path / "maps"
    maps.write_text(
        "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"
        "7f1000000000-7f1004000000 rw-p 00000000 08:01 77 /some/file\n"
        "7f2000000000-7f2004000000 r--p 00000000 00:00 0 \n"
        "7f3000001000-7f3004001000 rw-p 00000000 00:00 0 \n"
        "7f4000000000-7f4004000000 rw-p 00000000 00:00 0 [stack]\n"
    )
    opened = os.open(maps, os.O_RDONLY)
    try:
        assert list(pages._areas(opened)) == [(0x7F3000200000, 0x7F3004000000)]
    finally:
        os.close(opened)
