"""What the machine must have, looked at before anything is downloaded.

``look`` reads the machine into a ``Host``; ``lacks`` judges it and is pure.
"""

from __future__ import annotations

import importlib
import importlib.util
import platform
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from deploy.installer import machine

GIB = 1 << 30
OLDEST_GLIBC = (2, 31)  # llguidance, which vLLM decodes with, has no wheel for an older one
OLDEST_DRIVER = 580  # NVIDIA's for CUDA 13, which the locked PyTorch is built for
NEEDED_MODULES = ("ctypes", "lzma", "bz2", "ssl", "sqlite3", "zlib", "venv")
LEAST_MEMORY = 4 * GIB
# Measured, rounded up: the finished environment plus the wheels that lie there while it is made.
DISK = {"app": 4 * GIB, "engine-cpu": 5 * GIB, "engine-gpu": 18 * GIB, "models": 1 * GIB}


@dataclass(frozen=True, slots=True)
class Host:
    """Facts about the machine. ``driver`` is NVIDIA's major version, 0 when there is none."""

    python: tuple[int, int]
    free_threaded: bool
    missing_modules: tuple[str, ...]
    has_pip: bool
    system: str
    machine: str
    glibc: tuple[int, int]
    memory: int  # bytes
    free_disk: int  # bytes
    driver: int


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing, and what to do about it."""

    what: str
    remedy: str


def look(folder: Path) -> Host:
    """Read the facts; ``folder`` is where the installation goes."""
    return Host(
        python=sys.version_info[:2],
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        missing_modules=tuple(m for m in NEEDED_MODULES if not _importable(m)),
        has_pip=_importable("ensurepip") or _importable("pip"),
        system=platform.system(),
        machine=platform.machine(),
        glibc=machine.glibc(),
        memory=machine.memory(),
        free_disk=shutil.disk_usage(machine.existing(folder)).free,
        driver=machine.driver(),
    )


def has_gpu() -> bool:
    """Whether an NVIDIA GPU can be used from here."""
    return Path("/dev/nvidiactl").exists() and any(Path("/dev").glob("nvidia[0-9]*"))


def lacks(host: Host, parts: tuple[str, ...]) -> tuple[Lack, ...]:
    """What is missing for making ``parts`` (keys of ``DISK``); empty when all is well."""
    return (*_platform_lacks(host), *_python_lacks(host), *_room_lacks(host, parts))


def _platform_lacks(host: Host) -> list[Lack]:
    found = []
    if host.system != "Linux" or host.machine not in {"x86_64", "AMD64"}:
        found.append(
            Lack(
                f"this machine is {host.system} on {host.machine}",
                "use Linux on x86-64; the locked wheels are for it",
            )
        )
    elif host.glibc < OLDEST_GLIBC:
        have = "another C library" if host.glibc == (0, 0) else "glibc {}.{}".format(*host.glibc)
        found.append(
            Lack(
                f"{have} is here; glibc 2.31 or later is needed",
                "use Debian 11, Ubuntu 20.04, RHEL 9 or later",
            )
        )
    return found


def _python_lacks(host: Host) -> list[Lack]:
    found = []
    version = "{}.{}".format(*host.python)
    if not (3, 11) <= host.python < (3, 14) or host.free_threaded:
        kind = " (free-threaded)" if host.free_threaded else ""
        found.append(
            Lack(
                f"this is Python {version}{kind}",
                "use Python 3.11, 3.12 or 3.13: PYTHON=/path/to/python3.12 scripts/setup",
            )
        )
    if host.missing_modules:
        found.append(
            Lack(
                f"Python's own modules are missing: {', '.join(host.missing_modules)}",
                "install the full Python package of your system, or build Python with these",
            )
        )
    if not host.has_pip:
        found.append(
            Lack(
                "this Python has neither ensurepip nor pip",
                f"Debian, Ubuntu: apt-get install python{version}-venv; "
                f"RHEL: dnf install python{version}-pip",
            )
        )
    return found


def _room_lacks(host: Host, parts: tuple[str, ...]) -> list[Lack]:
    found = []
    if host.memory < LEAST_MEMORY:
        found.append(
            Lack(
                f"{host.memory / GIB:.1f} GiB of memory; the language model needs 4 GiB",
                "give the machine (or the container) more memory; 8 GiB is comfortable",
            )
        )
    needed = sum(DISK[part] for part in parts)
    if host.free_disk < needed:
        found.append(
            Lack(
                f"{host.free_disk / GIB:.1f} GiB free on disk; {needed / GIB:.0f} GiB are needed",
                "free some space, or choose another place with --root DIR",
            )
        )
    if "engine-gpu" in parts and 0 < host.driver < OLDEST_DRIVER:
        found.append(
            Lack(
                f"NVIDIA's driver is version {host.driver}; {OLDEST_DRIVER} or later is needed",
                "update the driver, or use --cpu",
            )
        )
    return found


def _importable(module: str) -> bool:
    if importlib.util.find_spec(module) is None:
        return False
    if module not in {"ctypes", "lzma", "bz2", "ssl", "sqlite3", "zlib"}:
        return True
    try:  # these are found without their compiled half, and fail only when imported
        importlib.import_module(module)
    except ImportError:
        return False
    return True
