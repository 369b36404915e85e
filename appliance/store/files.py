"""Files that are either whole and durable, or not there.

Written under a temporary name in the same folder, synchronised, renamed, and the folder
synchronised; a crash at any point leaves at most temporary names, which the next open removes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.durable import synchronise
from appliance.errors import NO_SPACE, DiskFull, StoreDamaged

TEMPORARY = ".new-"  # prefix of temporary names
FILE_MODE, FOLDER_MODE = 0o600, 0o700


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals about ``path`` into ours.

    Raises:
        DiskFull: no space, quota or file size left.
        StoreDamaged: anything else the system refuses.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise DiskFull(
                f"no space is left for {path}", remedy="free some space and run the command again"
            ) from error
        raise StoreDamaged(
            f"{path}: {error.strerror}", remedy="check the disk, the mount and the permissions"
        ) from error


def write_durably(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write new files, all or none of them; durable when this returns.

    The iterable is consumed one file at a time, so that large contents can be made as they go.

    Raises:
        DiskFull, StoreDamaged: as ``disk``; nothing of the files is left.
    """
    temporary: dict[Path, Path] = {}
    renamed: list[Path] = []
    try:
        for path, content in files:
            with disk(path):
                temporary[path] = _write_temporary(path.parent, content)
        for path, name in temporary.items():
            with disk(path):
                name.rename(path)
            renamed.append(path)
        for folder in {path.parent for path in temporary}:
            sync_folder(folder)
    except BaseException:
        for path in (*renamed, *temporary.values()):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def replace_durably(path: Path, content: bytes) -> None:
    """Write ``path`` anew; at every moment the old or the new content is there.

    Raises:
        DiskFull, StoreDamaged: as ``disk``; the old content is still there.
    """
    with disk(path):
        name = _write_temporary(path.parent, content)
        try:
            name.rename(path)
        except BaseException:
            name.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Create a private folder, durably; one that exists is left as it is."""
    if path.is_dir():
        return
    with disk(path):
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable (fsync(2) on a file does not)."""
    with disk(path):
        synchronise(path)


def _write_temporary(folder: Path, content: bytes) -> Path:
    name = folder / f"{TEMPORARY}{secrets.token_hex(8)}"
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            name.unlink()
        raise
    finally:
        os.close(descriptor)
    return name
