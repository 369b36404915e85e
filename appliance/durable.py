"""What a crash must not take back: fsync(2) of one path."""

from __future__ import annotations

import os
from pathlib import Path


def synchronise(path: Path) -> None:
    """Make a file's content durable, or the names in a folder, which a file's own fsync is not.

    Raises:
        OSError: the disk refuses.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
