"""Every policy set that was in force, kept by its hash, so that evidence can show what decided.

Folder: ``audit/policies/<hash>/`` with the files of the set.  The hash stands in the records of the
log, so a changed copy shows.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from appliance.access.policy import SCHEMA
from appliance.errors import PolicyError
from appliance.store.files import sync_folder, write_durably


def keep(folder: Path, policies: Path, hash: str) -> None:
    """Copy policies to the audit folder, if they are not there yet; durable when this returns.

    Raises:
        PolicyError: they cannot be copied.
        DiskFull, StoreDamaged: the disk refuses.
    """
    place = folder / "policies" / hash
    if place.is_dir():
        return
    draft = place.with_name(f"{hash}.part")
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
    try:
        draft.parent.mkdir(mode=0o700, exist_ok=True)
        draft.mkdir(mode=0o700)
        write_durably([(draft / file.name, file.read_bytes()) for file in _files(policies)])
        draft.rename(place)
    except OSError as error:
        raise PolicyError(f"{place} cannot be written ({error.strerror})") from error
    sync_folder(place.parent)


def kept(folder: Path, hashes: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    """Hash, file name and content of the files of these sets, as far as they were kept."""
    for hash in hashes:
        for file in _files(folder / "policies" / hash):
            yield hash, file.name, file.read_bytes()


def _files(folder: Path) -> list[Path]:
    return sorted(file for name in (SCHEMA, "*.cedar") for file in folder.glob(name))
