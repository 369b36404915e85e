"""The files of a folder, in a fixed order; what is left out is said.

Symbolic links are not followed: a link in a folder of documents may lead anywhere on the machine.
Hidden files and folders (a name that begins with a dot) are settings of programs, not documents.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

from appliance.errors import InputUnreadable
from appliance.ingest.handed import FileSource
from appliance.store import keyfile

OWN = "the appliance keeps or writes it itself"
ALIKE = "another file's name is spelled the same here; rename one of them"


@dataclass(frozen=True, slots=True)
class Found:
    """One regular file; ``name`` is its path relative to the folder, with forward slashes."""

    path: FileSource  # what it is read from; a path of this process's own user, or handed over
    name: str
    size: int = 0  # bytes, when it was listed
    changed: int = 0  # nanoseconds since 1970, when it was last written


@dataclass(frozen=True, slots=True)
class Skipped:
    """One entry that is not taken, and why."""

    name: str
    reason: str
    aside: bool = field(default=False, compare=False)  # hidden or left out on purpose: no failure


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds, both sorted by name."""

    files: tuple[Found, ...]
    skipped: tuple[Skipped, ...]

    def __iter__(self) -> Iterator[Found | Skipped]:
        """What is not taken, then every file."""
        yield from self.skipped
        yield from self.files


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files of a folder are wanted.

    A pattern is a glob (``*``, ``?``, ``[...]``) on the whole name or on its last part; a folder
    that ``exclude`` names is left out with all in it.  So is a store, and what a run writes
    (``written``): a hot folder that holds either would never come to rest.
    """

    include: tuple[str, ...] = ()  # none: every file
    exclude: tuple[str, ...] = ()
    limit: int | None = None  # the first so many files
    written: tuple[Path, ...] = ()  # files and folders of results, there or to be

    def leaves_out(self, name: str, *, folder: bool = False) -> bool:
        """Whether this entry is not wanted."""
        if any(_fits(name, pattern) for pattern in self.exclude):
            return True
        return not folder and bool(self.include) and not any(_fits(name, p) for p in self.include)


EVERYTHING = Choice()


def walk(folder: Path, choice: Choice = EVERYTHING) -> Listing:
    """List a folder and the folders in it.

    Raises:
        InputUnreadable: the folder is missing, is no folder, or may not be read.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputUnreadable(f"{folder} {what}", remedy="name an existing folder")
    if _is_store(folder):
        raise InputUnreadable(f"{folder} is a store", remedy="name the folder of the documents")
    files: list[Found] = []
    skipped: list[Skipped] = []
    try:
        _list(folder, choice, files, skipped)
    except OSError as error:
        raise InputUnreadable(
            f"{folder} cannot be read: {error.strerror}", remedy="check its permissions"
        ) from error
    files.sort(key=lambda found: (found.name, str(found.path)))
    skipped += [Skipped(b.name, ALIKE) for a, b in pairwise(files) if a.name == b.name]
    files = [found for at, found in enumerate(files) if not at or found.name != files[at - 1].name]
    if choice.limit is not None:
        beyond = files[choice.limit :]
        skipped += [Skipped(f.name, f"beyond the first {choice.limit}", True) for f in beyond]
        files = files[: choice.limit]
    return Listing(tuple(files), tuple(sorted(skipped, key=lambda entry: entry.name)))


def _list(top: Path, choice: Choice, files: list[Found], skipped: list[Skipped]) -> None:
    written = {_place(path.stat()) for path in choice.written if path.exists()}
    waiting = [(str(top), "")]  # no recursion: a path may have 2,000 steps
    while waiting:
        folder, prefix = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    found = _looked_at(entry, prefix, choice, written)
                    if isinstance(found, Skipped):
                        skipped.append(found)
                    elif isinstance(found, Found):
                        files.append(found)
                    else:
                        waiting.append((entry.path, f"{prefix}{entry.name}/"))
        except OSError as error:
            if not prefix:
                raise
            reason = f"folder cannot be read: {error.strerror}"
            skipped.append(Skipped(_shown(prefix.rstrip("/")), reason))


def _looked_at(
    entry: os.DirEntry[str], prefix: str, choice: Choice, written: set[tuple[int, int]]
) -> Found | Skipped | None:
    """One entry of a folder; None for a folder in it."""
    name = _shown(prefix + entry.name)
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Skipped(name, f"cannot be read: {error.strerror}")
    if said := _reason_to_skip(name, facts.st_mode, choice):
        return said
    folder = stat.S_ISDIR(facts.st_mode)
    if _place(facts) in written or (folder and _is_store(Path(entry.path))):
        return Skipped(name, OWN, aside=True)
    if folder:
        return None
    return Found(Path(entry.path), name, facts.st_size, facts.st_mtime_ns)


def _reason_to_skip(name: str, mode: int, choice: Choice) -> Skipped | None:
    if name.rpartition("/")[2].startswith("."):
        return Skipped(name, "hidden", aside=True)
    if choice.leaves_out(name, folder=stat.S_ISDIR(mode)):
        return Skipped(name, "left out by a pattern", aside=True)
    if stat.S_ISLNK(mode):
        return Skipped(name, "symbolic link, not followed")
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    return Skipped(name, "not a regular file")


def _is_store(folder: Path) -> bool:
    return (folder / "store" / keyfile.NAME).is_file()


def _place(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.rstrip("/")) or fnmatchcase(name.rpartition("/")[2], pattern)


def _shown(name: str) -> str:
    """A name that can be stored and printed: bytes that are no UTF-8 are written as numbers."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
