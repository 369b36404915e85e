"""Each power that is taken is gone, and was there before: in a process of its own per test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_HEAD = """
import errno, os, socket, sys
from pathlib import Path
from appliance.sandbox import confine
if not confine.isolate_network():
    sys.exit(77)
def allowed(attempt):
    try:
        attempt()
    except OSError as error:
        assert error.errno == errno.EACCES, error
        return False
    return True
"""
NO_NAMESPACE = 77


def run(body: str) -> None:
    """Run Python in a network namespace of its own; skip where the host forbids namespaces."""
    ran = subprocess.run(
        [sys.executable, "-c", _HEAD + body],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if ran.returncode == NO_NAMESPACE:
        pytest.skip("this host forbids network namespaces")
    assert ran.returncode == 0, ran.stderr


def test_no_sockets_of_any_family() -> None:
    run("""
families = [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK]
assert all(allowed(lambda: socket.socket(family, socket.SOCK_DGRAM)) for family in families)
confine.deny_sockets()
assert not any(allowed(lambda: socket.socket(family, socket.SOCK_DGRAM)) for family in families)
assert not allowed(socket.socketpair)
""")


def test_only_the_named_families() -> None:
    run("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
confine.only_families([socket.AF_UNIX, socket.AF_NETLINK])
assert libc.syscall(425, 1, None) == -1 and ctypes.get_errno() == errno.EACCES
assert allowed(lambda: socket.socket(socket.AF_UNIX))
assert allowed(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
assert not allowed(lambda: socket.socket(socket.AF_INET))
assert not allowed(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
""")


def test_io_uring_is_no_way_around() -> None:
    run("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
confine.deny_sockets()
assert libc.syscall(425, 1, None) == -1 and ctypes.get_errno() == errno.EACCES
""")


def test_no_program_and_no_process() -> None:
    run("""
child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
confine.deny(confine.PROCESS_CALLS)
assert not allowed(os.fork)
assert not allowed(lambda: os.execv("/bin/true", ["true"]))
assert not allowed(lambda: os.kill(1, 0))
""")


def test_the_filter_reaches_children() -> None:
    run("""
confine.deny_sockets()
child = os.fork()
if child == 0:
    os._exit(1 if allowed(lambda: socket.socket(socket.AF_INET)) else 0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""")


def test_files_only_below_the_named_folders(tmp_path: Path) -> None:
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / "file").write_text("x")
    (tmp_path / "other").write_text("x")
    run(f"""
folder = Path({str(tmp_path)!r})
if confine.only_read([folder / "read", folder / "not there"]):
    assert (folder / "read" / "file").read_text() == "x"
    assert not allowed((folder / "other").read_text)
    assert not allowed(lambda: (folder / "read" / "new").write_text("x"))
    assert not allowed(lambda: (folder / "read" / "file").unlink())
""")


def test_limits_hold() -> None:
    run("""
confine.limit(memory=64 << 20, cpu_seconds=1, files=8)
try:
    bytes(200 << 20)
except MemoryError:
    pass
else:
    raise AssertionError("memory")
opened = []
try:
    while len(opened) < 20:
        opened.append(os.dup(0))
except OSError as error:
    assert error.errno == errno.EMFILE
assert len(opened) < 8
""")


def test_no_capability_is_left() -> None:
    run("""
confine.drop_capabilities()
effective = [l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("Cap")]
left = {line.split()[0]: int(line.split()[1], 16) for line in effective}
assert left["CapEff:"] == left["CapPrm:"] == 0, left
""")


def test_the_new_network_has_no_way_out() -> None:
    run("""
devices = Path("/proc/net/dev").read_text().splitlines()[2:]
assert [line.split(":")[0].strip() for line in devices] == ["lo"]
assert Path("/proc/net/route").read_text().splitlines()[1:] == []
""")
