"""Space set aside so that a document can be erased when the disk is full.

Erasing writes to the catalogue's journal; without the reserve a full disk could not be freed from
within.  The file holds nothing but zeros.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from appliance.store.files import FILE_MODE

# Erasing on a full disk copies the journal back into the catalogue, which may grow by what the
# journal holds: 128 pages of 4 KiB, and as many again that were added after the last copy failed.
RESERVE_BYTES = 1024 * 1024


class Reserve:
    """A file of ``RESERVE_BYTES`` that is given up in need and filled again at the next open."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self) -> None:
        """Set the space aside if there is any; a disk that is full already is not an error here."""
        if self._path.exists() and self._path.stat().st_size == RESERVE_BYTES:
            return
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            except OSError:
                self._path.unlink()
            finally:
                os.close(descriptor)

    def spend(self) -> bool:
        """Give the space up; says whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
