"""The oldest segment of a log goes; what was signed of it stays, and with it the log verifies."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from appliance.audit import closed, segments
from appliance.audit.closed import Closed
from appliance.durable import synchronise
from appliance.errors import AuditError, NotFound


def oldest(folder: Path, origin: str, public_key: bytes, still_open: Collection[str]) -> Closed:
    """What was signed of the oldest segment that is there, if it may go.

    Args:
        folder: the audit folder.
        origin: the log's name.
        public_key: of the log.
        still_open: ids of the intents without an outcome.

    Raises:
        NotFound: it is the one that is written to.
        AuditError: nothing was signed of it, or an act that began in it is still open.
    """
    paths = segments.segments(folder)
    if len(paths) < 2:
        raise NotFound("there is no full segment that could be removed")
    found = closed.read(folder, segments.number_of(paths[0]), origin, public_key)
    if found is None:
        raise AuditError(f"{paths[0]} cannot be removed: nothing was signed of it")
    if set(found.unanswered) & set(still_open):
        raise AuditError(f"{paths[0]} cannot be removed: an act that began in it is still open")
    return found


def discard(folder: Path, found: Closed) -> None:
    """Remove the file; its removal is on record already.

    Raises:
        AuditError: it cannot be removed.
    """
    path = segments.segment(folder, found.number)
    try:
        path.unlink()
        synchronise(path.parent)
    except OSError as error:
        raise AuditError(f"{path} cannot be removed ({error.strerror})") from error
