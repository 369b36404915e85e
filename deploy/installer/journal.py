"""What was done to this installation: one line of JSON for each step that changed it.

The appliance takes these lines into its audit log when a store is made or opened, so that the
import of the software is the first thing on record there.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

FILE = "installs.jsonl"


@dataclass(frozen=True)
class Line:
    """One step."""

    action: str  # install | upgrade | rollback | refused
    release: str
    serial: int
    manifest: str  # SHA-256
    signer: str  # fingerprint of the key, or how the signature was checked
    previous: str = ""
    allowed_older: bool = False
    time: str = ""
    uid: int = -1


def write(state: Path, line: Line) -> None:
    """Append one line, durable when this returns."""
    state.mkdir(mode=0o755, parents=True, exist_ok=True)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {**asdict(line), "time": now, "uid": os.getuid()}
    data = (json.dumps(told, sort_keys=True) + "\n").encode()
    descriptor = os.open(state / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and not _ends_whole(state / FILE):
            data = b"\n" + data  # a line that a power cut left unfinished stays by itself
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(state / FILE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_once(state: Path, line: Line) -> None:
    """Append a line unless it is the last one: an earlier run was ended after it said so."""
    last = read(state)[-1:]
    if not last or replace(last[0], time="", uid=-1) != line:
        write(state, line)


def read(state: Path) -> tuple[Line, ...]:
    """The whole lines, oldest first."""
    try:
        rows = (state / FILE).read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    lines = []
    for row in rows:
        try:
            lines.append(Line(**json.loads(row)))
        except (ValueError, TypeError):
            continue
    return tuple(lines)


def highest_serial(state: Path) -> int:
    """The highest serial that was ever installed here; a lower one is a step back."""
    return max((line.serial for line in read(state) if line.action != "refused"), default=0)


def digest(manifest: bytes) -> str:
    """What names a manifest in a line."""
    return hashlib.sha256(manifest).hexdigest()


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
