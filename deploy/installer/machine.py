"""What the machine is, read from the system: for the preflight here and for a set-up in place."""

from __future__ import annotations

import os
import re
from pathlib import Path

_LIMIT = Path("/sys/fs/cgroup/memory.max")  # a container's own
_DRIVER = Path("/proc/driver/nvidia/version")


def glibc() -> tuple[int, int]:
    """Version of the GNU C library; (0, 0) where another one is."""
    try:
        name = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        name = ""
    match = re.search(r"(\d+)\.(\d+)", name)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def memory() -> int:
    """Bytes of memory that may be used."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = text(_LIMIT).strip()
    return min(whole, int(limit)) if limit.isdigit() else whole


def driver() -> int:
    """The major version of NVIDIA's driver; 0 where there is none."""
    return driver_version(text(_DRIVER))


def driver_version(told: str) -> int:
    """The major version in ``/proc/driver/nvidia/version``; 0 when it says none."""
    match = re.search(r"\s(\d{3,4})\.\d+", told)
    return int(match[1]) if match else 0


def existing(place: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    while not place.exists():
        place = place.parent
    return place


def text(file: Path) -> str:
    """A file of the system as text; empty where it cannot be read."""
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
