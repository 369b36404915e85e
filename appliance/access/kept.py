"""Every policy set that was in force, kept by its hash, so that evidence can show what decided.

Folder: ``audit/policies/<hash>/`` with the files of the set.  The hash stands in the records of the
log, so a changed copy shows.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from appliance.access.policy import SCHEMA
from appliance.errors import PolicyError


def keep(folder: Path, policies: Path, hash: str) -> None:
    """Copy the policies in force to the audit folder, if they are not there yet.

    Raises:
        PolicyError: they cannot be copied.
    """
    place = folder / "policies" / hash
    if place.is_dir():
        return
    draft = folder / "policies" / f"{hash}.{os.getpid()}.part"
    try:
        draft.parent.mkdir(mode=0o700, exist_ok=True)
        draft.mkdir(mode=0o700)
        for file in _files(policies):
            shutil.copyfile(file, draft / file.name)
            (draft / file.name).chmod(0o600)
        draft.rename(place)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if place.is_dir():  # somebody else kept the same set at the same moment
            return
        raise PolicyError(f"{place} cannot be written ({error.strerror})") from error


def kept(folder: Path, hashes: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    """Hash, file name and content of the files of these sets, as far as they were kept."""
    for hash in hashes:
        for file in _files(folder / "policies" / hash):
            yield hash, file.name, file.read_bytes()


def _files(folder: Path) -> list[Path]:
    return sorted(file for name in (SCHEMA, "*.cedar") for file in folder.glob(name))
