"""One process at a time works on a store, readers included.

The index in memory and the key caches assume that nobody else changes the catalogue, and SQLCipher
runs without its shared-memory file for the same reason.  The lock ends with the process that holds
it, however it ends (flock(2)).
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from appliance.errors import StoreBusy
from appliance.store.files import FILE_MODE, disk


class StoreLock:
    """An exclusive lock on one file, held until ``release``."""

    def __init__(self, path: Path) -> None:
        """Take the lock without waiting.

        Raises:
            StoreBusy: another process, or another open store of this one, holds it.
        """
        with disk(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreBusy(
                f"{path.parent} is in use by process {holder or 'unknown'}",
                remedy="wait until that process ends, or stop it, and run the command again",
            ) from None
        with suppress(OSError):  # the number is for the message only; a full disk must not matter
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode("ascii"), 0)

    def release(self) -> None:
        """Give the lock back; harmless when repeated."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
