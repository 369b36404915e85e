"""What time it is, said in three ways, so that a stepped wall clock does not confuse the log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Moment:
    """The wall clock (RFC 3339, UTC, microseconds), and the monotonic clock since one boot."""

    time: str
    boot: str
    mono_ns: int


def now() -> Moment:
    """This moment, by the machine's clocks."""
    second, rest = divmod(time.time_ns(), 1_000_000_000)
    return Moment(f"{_to_the_second(second)}.{rest // 1000:06d}Z", _boot(), time.monotonic_ns())


@lru_cache(maxsize=2)
def _to_the_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@cache
def _boot() -> str:
    """The kernel's random id of this boot (proc(5)); where it is hidden, the word "unknown"."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "unknown"
