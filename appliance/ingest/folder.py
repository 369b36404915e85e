"""The files of a folder, in a fixed order; what is left out is said.

Symbolic links are not followed: a link in a folder of documents may lead anywhere on the machine.
Hidden files and folders (a name that begins with a dot) are settings of programs, not documents.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InputUnreadable


@dataclass(frozen=True, slots=True)
class Found:
    """One regular file; ``name`` is its path relative to the folder, with forward slashes."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """One entry that is not taken, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds, both sorted by name."""

    files: tuple[Found, ...]
    skipped: tuple[Skipped, ...]


def walk(folder: Path) -> Listing:
    """List a folder and the folders in it.

    Raises:
        InputUnreadable: the folder is missing, is no folder, or may not be read.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputUnreadable(f"{folder} {what}", remedy="name an existing folder")
    files: list[Found] = []
    skipped: list[Skipped] = []
    try:
        _list(folder, "", files, skipped)
    except OSError as error:
        raise InputUnreadable(
            f"{folder} cannot be read: {error.strerror}", remedy="check its permissions"
        ) from error
    return Listing(
        tuple(sorted(files, key=lambda found: found.name)),
        tuple(sorted(skipped, key=lambda entry: entry.name)),
    )


def _list(folder: Path, prefix: str, files: list[Found], skipped: list[Skipped]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = _shown(prefix + entry.name)
            if reason := _reason_to_skip(entry):
                skipped.append(Skipped(name, reason))
            elif entry.is_dir(follow_symlinks=False):
                try:
                    _list(Path(entry.path), prefix + entry.name + "/", files, skipped)
                except OSError as error:
                    skipped.append(Skipped(name, f"folder cannot be read: {error.strerror}"))
            else:
                files.append(Found(Path(entry.path), name))


def _reason_to_skip(entry: os.DirEntry[str]) -> str:
    if entry.name.startswith("."):
        return "hidden"
    if entry.is_symlink():
        return "symbolic link, not followed"
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else "not a regular file"


def _shown(name: str) -> str:
    """A name that can be stored and printed: bytes that are no UTF-8 become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")
