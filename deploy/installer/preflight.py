"""What the machine must offer, looked at before anything is written.

`look` reads the machine into `Facts`; `judge` is pure.  Every check says what was found, what is
needed and the remedy.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .manifest import Manifest

GIB = 1 << 30
LEAST_MEMORY = {"core": 2 * GIB, "cpu": 4 * GIB, "gpu": 8 * GIB}
INODES = {"core": 50_000, "cpu": 110_000, "gpu": 160_000}
# Installed bytes for each byte of a wheel, with byte code: 4.05 measured on the core variant; the
# others by what their wheels hold.
UNPACKED = {"core": 4.2, "cpu": 3.6, "gpu": 2.6}
EARLIEST = 1_780_000_000  # a clock before June 2026 is wrong: this program is younger
FORBIDDEN = (
    *("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "NGC_API_KEY", "OPENAI_API_KEY"),
    *("http_proxy", "https_proxy", "all_proxy"),
)


@dataclass(frozen=True)
class Facts:
    """The machine, as far as the checks need it."""

    machine: str
    glibc: tuple[int, int]
    python: tuple[int, int]
    free_disk: int  # bytes where the prefix lies
    free_inodes: int
    memory: int
    driver: int  # NVIDIA's major version; 0: none
    capability: int  # compute capability times ten; 0: none
    compiler: bool
    headers: bool  # Python's own, for that compiler
    exec_mount: bool  # whether programs may be run from where the prefix lies
    swap: int  # bytes of swap that is not known to be encrypted
    clock: float
    seccomp: bool
    environment: tuple[str, ...]  # forbidden variables that are set


@dataclass(frozen=True)
class Check:
    """One line of the preflight; ``ok`` None means: not fatal, but say it."""

    name: str
    ok: bool | None
    found: str
    needed: str
    remedy: str = ""


def judge(facts: Facts, manifest: Manifest, missing: int) -> tuple[Check, ...]:
    """Every check; ``missing`` bytes are not in the pool yet."""
    return (
        *_platform_checks(facts, manifest),
        *_room_checks(facts, manifest, missing),
        *_gpu_checks(facts, manifest),
        *_safety_checks(facts),
    )


def _platform_checks(facts: Facts, manifest: Manifest) -> tuple[Check, ...]:
    glibc = tuple(int(part) for part in manifest.targets.glibc.split("."))
    python = "{}.{}".format(*facts.python)
    return (
        Check(
            "processor",
            facts.machine == manifest.targets.machine,
            facts.machine,
            manifest.targets.machine,
            "use the bundle that was built for this kind of machine",
        ),
        Check(
            "glibc",
            facts.glibc >= glibc,
            "{}.{}".format(*facts.glibc),
            f">= {manifest.targets.glibc}",
            "use Debian 11, Ubuntu 20.04, RHEL 9 or later",
        ),
        Check(
            "Python",
            python == manifest.targets.python,
            python,
            manifest.targets.python,
            f"install Python {manifest.targets.python}, or use a bundle that carries it",
        ),
    )


def _room_checks(facts: Facts, manifest: Manifest, missing: int) -> tuple[Check, ...]:
    wheels = sum(entry.size for entry in manifest.of_kind("wheel"))
    needed = missing + int(wheels * UNPACKED[manifest.variant])
    least = LEAST_MEMORY[manifest.variant]
    return (
        Check(
            "disk",
            facts.free_disk >= needed,
            _gib(facts.free_disk),
            f">= {_gib(needed)}",
            "free some space, or choose another place with --prefix DIR",
        ),
        Check(
            "inodes",
            facts.free_inodes >= INODES[manifest.variant] or facts.free_inodes == 0,
            str(facts.free_inodes) if facts.free_inodes else "no limit",
            f">= {INODES[manifest.variant]}",
            "choose a file system with more inodes for --prefix",
        ),
        Check(
            "memory",
            facts.memory >= least,
            _gib(facts.memory),
            f">= {_gib(least)}",
            "give the machine more memory",
        ),
        Check(
            "programs run from the prefix",
            facts.exec_mount,
            "yes" if facts.exec_mount else "no (noexec)",
            "yes",
            "choose a --prefix on a file system that is mounted without noexec",
        ),
    )


def _gpu_checks(facts: Facts, manifest: Manifest) -> tuple[Check, ...]:
    if manifest.variant != "gpu":
        return ()
    driver, capability = manifest.targets.driver, manifest.targets.capability
    return (
        Check(
            "NVIDIA driver",
            facts.driver >= driver,
            str(facts.driver or "none"),
            f">= {driver}",
            "install the driver for CUDA 13, or use the cpu variant",
        ),
        Check(
            "compute capability",
            facts.capability >= capability,
            f"{facts.capability / 10}" if facts.capability else "no GPU",
            f">= {capability / 10}",
            "use a newer GPU, or the cpu variant",
        ),
        Check(
            "C compiler",
            facts.compiler,
            "found" if facts.compiler else "none",
            "gcc or clang",
            "Triton compiles on the machine: install gcc",
        ),
        Check(
            "Python's headers",
            facts.headers,
            "found" if facts.headers else "no Python.h",
            "Python.h",
            "Triton compiles against them: install python3-dev (Debian) or python3-devel (RHEL)",
        ),
    )


def _safety_checks(facts: Facts) -> tuple[Check, ...]:
    return (
        Check(
            "seccomp filters",
            facts.seccomp,
            "yes" if facts.seccomp else "no",
            "yes",
            "use a kernel with CONFIG_SECCOMP_FILTER",
        ),
        Check(
            "swap",
            None if facts.swap else True,
            _gib(facts.swap) if facts.swap else "none",
            "none, or encrypted",
            "turn it off or encrypt it: pages of memory with documents may be written there",
        ),
        Check(
            "clock",
            None if facts.clock < EARLIEST else True,
            time.strftime("%Y-%m-%d", time.gmtime(facts.clock)),
            "the present day",
            "set the clock: the audit log takes its times from it",
        ),
        Check(
            "environment",
            None if facts.environment else True,
            ", ".join(facts.environment) or "clean",
            "no proxies, no tokens for the outside",
            "unset these variables: nothing here may use them",
        ),
    )


def look(prefix: Path, environ: dict[str, str]) -> Facts:
    """Read the machine; ``prefix`` need not exist yet."""
    place = machine.existing(prefix)
    disk = os.statvfs(place)
    return Facts(
        machine=platform.machine(),
        glibc=machine.glibc(),
        python=sys.version_info[:2],
        free_disk=shutil.disk_usage(place).free,
        free_inodes=disk.f_favail,
        memory=machine.memory(),
        driver=machine.driver(),
        capability=_capability(),
        compiler=any(shutil.which(name) for name in ("gcc", "clang")),
        headers=Path(sysconfig.get_path("include", "posix_prefix"), "Python.h").exists(),
        exec_mount=not disk.f_flag & os.ST_NOEXEC,
        swap=_open_swap(),
        clock=time.time(),
        seccomp="Seccomp:" in machine.text(Path("/proc/self/status")),
        environment=tuple(n for n in FORBIDDEN if environ.get(n) or environ.get(n.upper())),
    )


def _capability() -> int:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    command = [tool, "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.findall(r"(\d+)\.(\d+)", shown.stdout)
    return min((int(major) * 10 + int(minor) for major, minor in found), default=0)


def _open_swap() -> int:
    """Bytes of swap that lies neither in memory nor on a device of the device mapper."""
    lines = [line.split() for line in machine.text(Path("/proc/swaps")).splitlines()[1:]]
    return sum(
        int(words[2]) * 1024
        for words in lines
        if len(words) > 2 and not re.match(r"/dev/(zram|dm-|mapper/)", words[0])
    )


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
