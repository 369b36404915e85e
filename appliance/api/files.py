"""A file on its way to the core: the caller opens it with their own rights and hands it over."""

from __future__ import annotations

import os
from dataclasses import dataclass

from appliance.api.frames import Garbled
from appliance.ingest.folder import Found, Skipped
from appliance.ingest.handed import Handed, opened

LONGEST_NAME = 4096  # bytes, as paths are on Linux


@dataclass(frozen=True, slots=True)
class Offered:
    """A file of a caller; its descriptor comes beside it, unless it could not be opened."""

    shown: str  # in messages to the caller; it is never opened
    name: str
    size: int  # bytes
    changed: int  # nanoseconds since 1970
    fault: str = ""  # why it could not be opened


Entry = Offered | Skipped | None


def offer(entry: Found | Skipped | None) -> tuple[Entry, tuple[int, ...]]:
    """What is said of an entry, and the descriptors that go with it; to be closed once sent."""
    if not isinstance(entry, Found):
        return entry, ()
    offered = Offered(str(entry.path), entry.name, entry.size, entry.changed)
    if isinstance(entry.path, Handed):
        raise TypeError("a file that was handed over is not handed on")
    try:
        return offered, (opened(entry.path),)
    except OSError as error:
        fault = error.strerror or "cannot be opened"
        return Offered(offered.shown, offered.name, 0, entry.changed, fault), ()


def taken(entry: Entry, untrusted: tuple[int, ...]) -> Found | Skipped | None:
    """The entry in the core, which owns the descriptor from now on.

    Raises:
        Garbled: a file came without a descriptor, with several, or with an impossible name.
    """
    wanted = int(isinstance(entry, Offered) and not entry.fault)
    if len(untrusted) != wanted or not _possible(entry):
        for descriptor in untrusted:
            os.close(descriptor)
        raise Garbled("a file was not handed over as it has to be")
    if not isinstance(entry, Offered):
        return entry
    source = Handed(entry.shown, untrusted[0] if untrusted else None, entry.fault)
    return Found(source, entry.name, entry.size, entry.changed)


def _possible(entry: Entry) -> bool:
    if entry is None:
        return True
    name = entry.name
    steps = name.split("/")
    sound = bool(name) and len(name.encode("utf-8", "replace")) <= LONGEST_NAME and "\0" not in name
    named = sound and not {"", ".", ".."} & set(steps)
    return named and (not isinstance(entry, Offered) or entry.size >= 0)
