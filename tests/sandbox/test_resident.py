"""What a keeper of secrets gives up: in every thread, proved, and found out where it is not so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_HEAD = """
import ctypes, errno, os, resource, socket, sys, threading
from appliance.errors import SandboxError, UsageError
from appliance.sandbox import calls, confine, resident, seccomp
libc = ctypes.CDLL(None, use_errno=True)
def makes(family):
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except OSError as error:
        assert error.errno in (errno.EACCES, errno.EAFNOSUPPORT), error
        return False
    return True
class Early:  # a thread that runs before the lock and tries after it
    def __init__(self):
        self.go, self.found = threading.Event(), []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
    def run(self):
        confine.drop_capabilities()
        self.go.wait()
        self.found = [makes(socket.AF_INET), makes(socket.AF_NETLINK), makes(socket.AF_UNIX)]
        self.ring = libc.syscall(425, 1, None), ctypes.get_errno()
    def tried(self):
        self.go.set()
        self.thread.join()
        return self.found
"""


def run(body: str) -> None:
    """Run Python in a process of its own."""
    command = [sys.executable, "-c", _HEAD + body]
    environment = {"PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_only_local_sockets_in_threads_from_before_and_after_the_lock() -> None:
    run("""
assert makes(socket.AF_INET)
early = Early()
locked = resident.lock()
late = Early()
for thread in (early, late):
    assert thread.tried() == [False, False, True]
    assert thread.ring == (-1, errno.EACCES)
assert not makes(socket.AF_INET6) and makes(socket.AF_UNIX)
assert locked.refused == 63 and locked.threads >= 1
""")


def test_no_rights_no_core_no_look_at_its_memory_and_nothing_comes_back() -> None:
    run("""
resident.lock()
status = open("/proc/self/status").read()
for name in ("CapEff", "CapPrm", "CapBnd" if os.geteuid() == 0 else "CapAmb"):
    assert f"{name}:\\t0000000000000000" in status, status
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert libc.prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
assert libc.syscall(101, 16, 1, 0, 0) == -1 and ctypes.get_errno() == errno.EACCES  # ptrace
child = os.fork()
if child == 0:
    os.execv(sys.executable, [sys.executable, "-c", "import socket; socket.socket()"])
assert os.waitpid(child, 0)[1] != 0
""")


def test_a_thread_outside_the_filter_is_found() -> None:
    run("""
early = Early()
confine.drop_capabilities()
seccomp.install(seccomp.families((socket.AF_UNIX,)))  # this thread alone
try:
    resident.prove_threads()
except SandboxError as error:
    assert "Seccomp" in error.message or "NoNewPrivs" in error.message
else:
    raise AssertionError("not found")
early.tried()
""")


def test_a_thread_that_ends_while_it_is_looked_at_is_none() -> None:
    run("""
from pathlib import Path
def ended(path):
    raise ProcessLookupError(errno.ESRCH, "No such process")
Path.read_bytes = ended
assert resident.prove_threads() == 0
""")


def test_a_lock_that_leaves_a_family_open_is_no_lock() -> None:
    run("""
def leaky():
    seccomp.install_everywhere(seccomp.families((socket.AF_UNIX, socket.AF_INET)))
confine.only_local_everywhere = leaky
try:
    resident.lock()
except SandboxError as error:
    assert error.message.endswith(": 2")
else:
    raise AssertionError("not found")
""")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_becomes_the_named_user_for_good() -> None:
    run("""
locked = resident.lock("nobody")
assert locked.user == "nobody" and os.getresuid() == (65534,) * 3
assert os.getgroups() in ([], [65534])
try:
    os.setuid(0)
except PermissionError:
    pass
else:
    raise AssertionError("came back")
""")


def test_an_unknown_user_is_said() -> None:
    run("""
try:
    resident.become("no such user")
except UsageError:
    sys.exit(0)
sys.exit(1)
""")
