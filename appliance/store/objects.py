"""Sealed files under random names: ``objects/<first two digits>/<32 hex digits>``.

Knows bytes and names only; what a file means stands in the catalogue and in its seal.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from appliance.errors import SealBroken
from appliance.store.files import TEMPORARY, disk, make_folder, write_durably

# A crash leaves the objects of one document and its results; more unknown files than this mean
# that the catalogue is older than the objects, and then nothing is removed.
MOST_ORPHANS = 256


def new_object_ids(count: int) -> tuple[str, ...]:
    """Fresh names in one folder, so that one fsync makes them all durable."""
    shard = secrets.token_hex(1)
    return tuple(shard + secrets.token_hex(15) for _ in range(count))


class ObjectFolder:
    """The folder of sealed files of one store."""

    def __init__(self, root: Path) -> None:
        self._root = root
        make_folder(root)

    def path(self, object_id: str) -> Path:
        """Where an object lies."""
        return self._root / object_id[:2] / object_id

    def write(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Write sealed contents under new names, all or none, durable on return.

        Raises:
            DiskFull, StoreDamaged: the disk refuses; nothing is left.
        """
        write_durably(self._placed(objects))

    def read(self, object_id: str) -> bytes:
        """The sealed content of one object.

        Raises:
            SealBroken: there is no such file.
            StoreDamaged: the disk refuses.
        """
        path = self.path(object_id)
        try:
            with disk(path):
                return path.read_bytes()
        except Exception as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise SealBroken(
                    f"{path} is missing", remedy="restore the store from a backup"
                ) from None
            raise

    def remove(self, object_ids: Iterable[str]) -> None:
        """Unlink objects; what cannot be unlinked now is collected at the next open."""
        for object_id in object_ids:
            with suppress(OSError):
                self.path(object_id).unlink(missing_ok=True)

    def ids(self) -> frozenset[str]:
        """The names of all objects present."""
        return frozenset(path.name for path in self._files() if not _is_temporary(path))

    def sweep(self, live: frozenset[str]) -> int:
        """Remove what a killed process left behind; returns how many files that was."""
        orphans = self.ids() - live
        leftovers = [path for path in self._files() if _is_temporary(path)]
        if len(orphans) <= MOST_ORPHANS:
            leftovers += map(self.path, sorted(orphans))
        for path in leftovers:
            with disk(path):
                path.unlink(missing_ok=True)
        return len(leftovers)

    def _placed(self, objects: Iterable[tuple[str, bytes]]) -> Iterator[tuple[Path, bytes]]:
        for object_id, content in objects:
            path = self.path(object_id)
            make_folder(path.parent)
            yield path, content

    def _files(self) -> Iterator[Path]:
        with disk(self._root):
            for folder in self._root.iterdir():
                if folder.is_dir():
                    yield from folder.iterdir()


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(TEMPORARY)
