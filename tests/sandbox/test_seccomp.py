"""The tables of system calls against the kernel's own, and each rule of the filter by itself."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import SandboxError
from appliance.sandbox import calls, seccomp

ROOT = Path(__file__).parent.parent.parent
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
NEVER = {*calls.SOCKETS, *calls.PROCESSES, "connect", "memfd_create", "unshare", "mount", "bpf"}
_HEAD = """
import ctypes, errno, mmap, os, signal
from appliance.sandbox import seccomp
libc = ctypes.CDLL(None, use_errno=True)
def error(name, *arguments):
    wide = [ctypes.c_long(argument) for argument in arguments]
    if libc.syscall(ctypes.c_long(seccomp.calls.NUMBERS[os.uname().machine][name]), *wide) == -1:
        return errno.errorcode[ctypes.get_errno()]
    return "none"
seccomp.install(seccomp.document())
"""


def ends(body: str) -> int:
    """Exit status, or the signal as a negative number, of Python under the document's filter."""
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{_HEAD}{body}",
        ],
        capture_output=True,
        timeout=300,
        check=False,
    )
    if ran.returncode > 0:
        raise AssertionError(ran.stderr.decode())
    return ran.returncode


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_are_the_kernels(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    lines = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    kernel = {name: int(number) for name, number in lines}
    if machine == "aarch64":  # the generic table names this one by its width
        kernel["newfstatat"] = kernel.get("fstatat", kernel.get("newfstatat", 79))

    for name, number in calls.NUMBERS[machine].items():
        assert kernel[name] == number, name


@pytest.mark.parametrize("machine", calls.NUMBERS)
def test_every_name_is_known_and_none_is_in_two_lists(machine: str) -> None:
    lists = (calls.ALLOWED, calls.NO_RIGHT, calls.NO_SUCH_CALL, calls.NO_TERMINAL)
    named = [name for names in lists for name in names]

    assert len(named) == len(set(named))
    assert not NEVER & set(named)
    anywhere = {name for numbers in calls.NUMBERS.values() for name in numbers}
    assert set(named) <= anywhere
    modern = {
        "read",
        "newfstatat",
        "openat",
        "mmap",
        "mprotect",
        "execve",
        "clone3",
        "io_uring_setup",
    }
    assert modern <= set(calls.NUMBERS[machine])


def test_the_filter_for_the_other_machine_is_built_too(monkeypatch: pytest.MonkeyPatch) -> None:
    here = seccomp.document()
    other = next(machine for machine in calls.NUMBERS if machine != platform.machine())
    monkeypatch.setattr(platform, "machine", lambda: other)

    assert len(seccomp.document()) > 100
    assert seccomp.document() != here


def test_a_machine_without_a_table_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "m68k")

    with pytest.raises(SandboxError, match="m68k"):
        seccomp.denying(["socket"])


def test_what_reading_takes_is_allowed() -> None:
    assert not ends("""
import json, zlib
with open(os.__file__, "rb") as source:
    zlib.decompress(zlib.compress(source.read()))
mmap.mmap(-1, 1 << 20)
bytearray(64 << 20)
os.urandom(8), os.getpid(), os.uname(), os.cpu_count(), os.sched_getaffinity(0)
assert error("prlimit64", 0, 7, 0, 0) == "none"
""")


def test_what_libraries_only_try_is_an_error() -> None:
    assert not ends("""
assert error("ioctl", 1, 0x5401, 0) == "ENOTTY"
assert error("sched_setaffinity", 0, 0, 0) == "EACCES"
assert error("prctl", 15, 0, 0, 0, 0) == "EACCES"
assert error("mbind", 0, 0, 0, 0, 0, 0) == "ENOSYS"
assert error("fcntl", 1, 8, os.getpid()) == "EACCES"  # F_SETOWN: signals to others
assert error("fcntl", 1, 1) == "none"
assert error("tgkill", os.getpid(), os.getpid(), signal.SIGABRT) == "EPERM"
path = ctypes.create_string_buffer(b"/tmp/left-behind")
for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND, 0o20200000):
    assert error("openat", -100, ctypes.addressof(path), flags, 0o600) == "EACCES"
assert error("openat", -100, ctypes.addressof(path), os.O_RDONLY | os.O_CLOEXEC) == "ENOENT"
limit = (ctypes.c_ulong * 2)(8, 8)
assert error("prlimit64", 0, 7, ctypes.addressof(limit), 0) == "EPERM"
assert error("prlimit64", 0, 7, 1 << 40, 0) == "EPERM"  # the upper half of a pointer counts
""")


def test_aborting_is_a_crash_and_no_violation() -> None:
    assert ends("os.abort()") in (-6, -11, -5, -4)


@pytest.mark.parametrize(
    "act",
    [
        'error("tgkill", os.getpid(), os.getpid(), signal.SIGKILL)',
        'error("tkill", os.getpid(), 0)',
        'error("kill", os.getpid(), signal.SIGABRT)',
        'error("mprotect", 0, 4096, 5)',
        'error("mmap", 0, 4096, 7, 0x22, -1, 0)',
        'error("mmap", 0, 4096, 5, 0x22, -1, 0)',
        'error("mmap", 0, 4096, 5, 1, os.open(os.__file__, os.O_RDONLY), 0)',
        'error("mmap", 0, 4096, 7, 2, os.open(os.__file__, os.O_RDONLY), 0)',
        'error("clone3", 0, 0)',
        'error("memfd_create", 0, 0)',
        'error("connect", -1, 0, 0)',
        'error("pivot_root", 0, 0)',
    ],
)
def test_the_rest_ends_the_process(act: str) -> None:
    assert ends(act) == -31


def test_modules_with_machine_code_can_still_be_loaded() -> None:
    assert not ends(
        'error("mmap", 0, 4096, 5, 2, os.open(os.__file__, os.O_RDONLY), 0) == "none" or 1 / 0'
    )
