"""What the service of an engine says of it to other users.

The kernel shows a process's namespaces and counters to the user of that process alone.  An engine
that is a service with a user of its own is therefore looked at by its service, which leaves what
it saw beside the socket, for those who may use that.  It is that user's word, and marked as such.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.egress.verdict import Item
from appliance.plain import from_plain, to_plain

EVERY_S = 60.0  # so often the service looks
STALE_S = 180.0  # what is older says nothing
MODE = 0o640  # the owner and the group, as the socket
_LARGEST = 1 << 16  # bytes
_LONGEST = 400  # characters of a reason


@dataclass(frozen=True, slots=True)
class _Told:
    at: float  # seconds since the machine began, asleep or not
    items: tuple[Item, ...]


def beside(socket: Path) -> Path:
    """Where it stands for the engine at this socket."""
    return socket.with_name(socket.name + ".attested")


def write(socket: Path, items: Sequence[Item]) -> None:
    """Leave ``items`` for others, in one step.

    Raises:
        OSError: it cannot be written.
    """
    path = beside(socket)
    fresh = path.with_name(path.name + ".part")
    fresh.write_text(json.dumps(to_plain(_Told(_now(), tuple(items)))), "utf-8")
    fresh.chmod(MODE)
    fresh.replace(path)


def read(socket: Path, owner: int, part: str) -> tuple[Item, ...]:
    """What the service of user ``owner`` said last, each item marked as told; empty where nothing
    is there that is whole, of that user's making, of this ``part`` and of the last minutes.
    """
    try:
        untrusted_told = from_plain(_Told, json.loads(_content(beside(socket), owner)))
    except (OSError, ValueError, RecursionError):
        return ()
    age = _now() - untrusted_told.at
    if not 0 <= age <= STALE_S or not all(_fits(item, part) for item in untrusted_told.items):
        return ()
    told = f"; so its own service, {age:.0f} s ago"
    return tuple(replace(item, reason=item.reason + told) for item in untrusted_told.items)


def _content(path: Path, owner: int) -> bytes:
    """Of a file that only the owner can have written."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as f:
        for found in (os.fstat(f.fileno()), path.parent.stat()):
            if found.st_uid != owner or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise ValueError("somebody else could have written it")
        content = f.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError("too large")
    return content


def _fits(item: Item, part: str) -> bool:
    texts = (item.name, item.reason, *item.controls)
    return item.part == part and all(len(t) <= _LONGEST and t.isprintable() for t in texts)


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
