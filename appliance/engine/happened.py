"""What happened to the engine while no audit log was open: started, stopped, found dead.

The engine is started and ended by commands that open no store, and by a helping process that holds
no key.  Each writes one line into the run folder; whoever opens the log next takes the lines over.
They are as good as a file of the same user can be: a help to the officer, no proof.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

STARTED, STOPPED, DIED = "engine_start", "engine_stop", "engine_crash"
_FILE, _TAKEN = "events.jsonl", "events.taken"
_LARGEST = 1 << 20  # bytes; a line has about 130


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to an engine."""

    action: str
    time: str  # RFC 3339, UTC, seconds
    digest: str  # of the model's manifest, 64 hex digits; empty: not known


def note(run: Path, action: str, digest: str) -> None:
    """Write a line; where that fails the engine's life goes on."""
    time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    line = json.dumps({"action": action, "time": time, "digest": digest}) + "\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with suppress(OSError):
        file = os.open(run / _FILE, flags, 0o600)
        try:
            if os.fstat(file).st_size < _LARGEST:
                os.write(file, line.encode("ascii"))
        finally:
            os.close(file)


def waiting(run: Path) -> tuple[Happening, ...]:
    """What was written since; `forget` it once it is on record, or it comes again."""
    taken = run / _TAKEN
    with suppress(OSError):
        if not taken.exists():
            (run / _FILE).rename(taken)
        return tuple(_read(taken.read_bytes()[:_LARGEST]))
    return ()


def forget(run: Path) -> None:
    """What `waiting` gave is on record."""
    with suppress(OSError):
        (run / _TAKEN).unlink()


def _read(untrusted: bytes) -> Iterator[Happening]:
    for line in untrusted.splitlines():
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            told = json.loads(line)
            action, time, digest = (str(told[name]) for name in ("action", "time", "digest"))
            datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            hexadecimal = not digest or (len(digest) == 64 and int(digest, 16) >= 0)
            if action in {STARTED, STOPPED, DIED} and hexadecimal:
                yield Happening(action, time, digest)
