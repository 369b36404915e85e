"""Takes into the audit log what happened while it was not open: engines, attempts to unseal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.audit.log import AuditLog
from appliance.audit.records import Actor, Kind
from appliance.config import Settings
from appliance.engine import happened, larger
from appliance.errors import WrongPassphrase

_FAILED = "failed-openings"  # in the home folder: one byte for each
_MOST = 1 << 16


def take_over_engines(log: AuditLog, settings: Settings) -> int:
    """Record what happened to the engines since; how many records that made.

    Raises:
        AuditError: a record cannot be written.
    """
    count = 0
    for run in (settings.run, larger.of(settings, settings.engine.model).run):
        found = happened.waiting(run)
        for one in found:
            status = "crashed" if one.action == happened.DIED else "done"
            private = {"since": one.time, "model": one.digest}
            log.event(Kind.SYSTEM, one.action, Actor(os.getuid()), status=status, private=private)
        if found:
            happened.forget(run)
        count += len(found)
    return count


@contextmanager
def counting_failures(home: Path) -> Iterator[None]:
    """Remember that the store was not opened in the block because the secret was wrong."""
    try:
        yield
    except WrongPassphrase:
        with suppress(OSError), (home / _FAILED).open("ab") as file:
            if file.tell() < _MOST:
                file.write(b".")
        raise


def take_over_failures(log: AuditLog, home: Path) -> None:
    """Record how often it was tried in vain to open the store, now that it is open.

    Raises:
        AuditError: the record cannot be written.
    """
    file = home / _FAILED
    with suppress(OSError):
        attempts = file.stat().st_size
        counts, me = {"attempts": attempts}, Actor(os.getuid())
        log.event(Kind.SECURITY, "unseal_failed", me, status="failed", counts=counts)
        file.unlink()
