"""Takes the installer's journal into the audit log: which software this is, is on record first.

The installer runs before there is a store, and writes a line for each step into
``state/installs.jsonl`` beside its releases.  Each line becomes one system record, whole and
sealed, once for each store: the log itself says which lines it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.audit.log import AuditLog
from appliance.audit.records import Actor, Kind
from appliance.errors import AuditError

ACTIONS = ("install", "upgrade", "rollback")
REFUSED = "refused"  # an older bundle was put in; recorded as an installation that was refused
LINE = "line"  # name of the sealed string
LONGEST = 4096  # characters of a line; the installer writes about 400
LARGEST = 8 << 20  # bytes of the journal


@dataclass(frozen=True, slots=True)
class _Step:
    """One line of the journal."""

    action: str
    status: str
    serial: int
    uid: int
    line: str


def take_over(log: AuditLog, journal: Path | None) -> int:
    """Record each line of the journal that the log does not hold yet; how many that were.

    Raises:
        AuditError: the journal cannot be read, or a record not be written.
    """
    steps = tuple(_steps(journal)) if journal else ()
    if not steps:
        return 0
    held = [record for record in log.records(Kind.SYSTEM) if record.action in ACTIONS]
    fresh = [s for s in steps if not any(log.holds(record, LINE, s.line) for record in held)]
    for step in fresh:
        log.event(
            Kind.SYSTEM,
            step.action,
            Actor(step.uid),
            status=step.status,
            counts={"serial": step.serial},
            private={LINE: step.line},
        )
    return len(fresh)


def _steps(journal: Path) -> Iterator[_Step]:
    try:
        with journal.open("rb") as file:
            untrusted = file.read(LARGEST + 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise AuditError(
            f"{journal} cannot be read: {error.strerror}",
            remedy="let everybody read it: what was installed belongs into the audit log",
        ) from error
    if len(untrusted) > LARGEST:
        raise AuditError(f"{journal} is larger than the installer ever writes it")
    for row in untrusted.splitlines():
        step = _step(row)
        if step is not None:
            yield step


def _step(untrusted_row: bytes) -> _Step | None:
    """None for a line that a power cut left unfinished."""
    try:
        line = untrusted_row.decode("ascii")
        told = json.loads(line)
        action, serial, uid = told["action"], told["serial"], told["uid"]
    except (ValueError, TypeError, KeyError):
        return None
    numbers = all(type(n) is int and 0 <= n < 1 << 32 for n in (serial, uid))
    if not numbers or len(line) > LONGEST or action not in (*ACTIONS, REFUSED):
        return None
    if action == REFUSED:
        return _Step(ACTIONS[0], REFUSED, serial, uid, line)
    return _Step(action, "done", serial, uid, line)
