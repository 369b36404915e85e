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
        timeout=300,
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
confine.limit(memory=64 << 20, cpu_seconds=60, files=8)
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


def test_the_empty_network_alone_stops_every_connection() -> None:
    run("""
for address in ("127.0.0.1", "192.0.2.1"):
    with socket.socket() as made:
        made.settimeout(5)
        try:
            made.connect((address, 9))
        except OSError as error:
            assert error.errno in (errno.ENETUNREACH, errno.ECONNREFUSED), error
        else:
            raise AssertionError(address)
""")


def test_landlock_alone_stops_tcp_and_signals_outwards() -> None:
    run("""
from appliance.sandbox import landlock
if landlock.version() < 6:
    sys.exit(77)
outside = os.fork()
if outside == 0:
    import time
    time.sleep(600)
    os._exit(0)
inside = os.fork()
if inside == 0:
    confine.only_read([])
    refused = 0
    with socket.socket() as made:
        refused += not allowed(lambda: made.bind(("127.0.0.1", 0)))
        refused += not allowed(lambda: made.connect(("127.0.0.1", 9)))
    try:
        os.kill(outside, 9)
    except PermissionError:
        refused += 1
    os._exit(refused)
assert os.waitstatus_to_exitcode(os.waitpid(inside, 0)[1]) == 3
os.kill(outside, 9)
os.waitpid(outside, 0)
""")


def test_the_servers_filter_alone_stops_sockets_programs_and_tracing() -> None:
    run("""
import ctypes
from appliance.sandbox import calls
libc = ctypes.CDLL(None, use_errno=True)
confine.deny(calls.SERVER)
assert not allowed(lambda: socket.socket(socket.AF_INET))
assert not allowed(lambda: os.execv("/bin/true", ["true"]))
assert libc.ptrace(0, 0, None, None) == -1 and ctypes.get_errno() == errno.EACCES
assert libc.syscall(425, 1, None) == -1 and ctypes.get_errno() == errno.EACCES
child = os.fork()  # this it must be able to do
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
""")


def test_limits_alone_stop_writing(tmp_path: Path) -> None:
    run(f"""
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
confine.limit(memory=64 << 20, cpu_seconds=60, files=8)
made = os.open({str(tmp_path / "made")!r}, os.O_WRONLY | os.O_CREAT)
try:
    os.write(made, b"x")
except OSError as error:
    assert error.errno == errno.EFBIG, error
else:
    raise AssertionError("written")
""")


def test_the_documents_filter_alone_stops_opening_for_writing(tmp_path: Path) -> None:
    run(f"""
confine.document_calls_only()
assert not allowed(lambda: os.open({str(tmp_path / "made")!r}, os.O_WRONLY | os.O_CREAT))
""")
    assert not (tmp_path / "made").exists()


def test_a_user_of_its_own_has_no_right_outside() -> None:
    run("""
from appliance.sandbox import namespaces
network, user = namespaces.enter()
if not user:
    sys.exit(77)
assert network
def forbidden(attempt):
    try:
        attempt()
    except PermissionError:
        return True
    return False
assert forbidden(lambda: socket.sethostname(socket.gethostname()))
assert forbidden(lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
assert [name for _, name in socket.if_nameindex()] == ["lo"]
""")


def test_what_a_mount_namespace_leaves_is_all_there_is(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "gone").write_text("x")
    run(f"""
from appliance.sandbox import namespaces
folder = Path({str(tmp_path)!r})
if not namespaces.enter()[1] and os.geteuid() != 0:
    sys.exit(77)
namespaces.only_see([folder / "kept", folder / "kept" / "file", folder / "not there"])
assert (folder / "kept" / "file").read_text() == "x"
assert not (folder / "gone").exists() and not Path("/etc/passwd").exists()
assert not Path("/proc/self").exists()
for name in (folder / "kept" / "new", folder / "new", Path("/new")):
    try:
        name.write_text("x")
    except OSError as error:
        assert error.errno == errno.EROFS, error
    else:
        raise AssertionError(name)
""")
