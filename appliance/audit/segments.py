"""The files of the audit log: numbered segments of lines, only ever appended to.

``log/000000.jsonl``, ``log/000001.jsonl``, ... hold one record per line, 0600, in a folder 0700.
Lines are acknowledged only when ``fdatasync`` has returned.  Before every append the open file is
compared with the file of that name: replaced, removed, shortened or lengthened by somebody else,
and nothing is written any more.  A crash or a full disk can leave one last line without its end;
nothing was acknowledged for it, and ``repair`` removes it.  The first segments may have been
removed when their time was over; ``closed`` says what stays of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from appliance.audit import closed
from appliance.audit.room import Room
from appliance.durable import synchronise
from appliance.errors import AuditError

_NAME = re.compile(r"[0-9]{6}\.jsonl")
_STOPPED = "content actions stop until the log is whole; run `appliance audit verify`"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands; lines count from 1."""

    segment: Path
    line: int

    def __str__(self) -> str:
        return f"{self.segment} line {self.line}"

    def next(self) -> Place:
        """The line below."""
        return Place(self.segment, self.line + 1)


class Line(NamedTuple):
    """One line without its newline; ``whole`` is False where the newline is missing."""

    segment: Path
    number: int
    data: bytes
    whole: bool = True

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.segment, self.number)


def folder_of(folder: Path) -> Path:
    """Where the segments of the audit folder ``folder`` lie."""
    return folder / "log"


def segment(folder: Path, number: int) -> Path:
    """The file of one segment."""
    return folder_of(folder) / f"{number:06d}.jsonl"


def number_of(path: Path) -> int:
    """The number of a segment."""
    return int(path.stem)


def segments(folder: Path) -> tuple[Path, ...]:
    """All segments that are there, in order; the first ones may have been removed.

    Raises:
        AuditError: no log, a number is missing, or something else lies in the folder.
    """
    where = folder_of(folder)
    try:
        entries = sorted(os.scandir(where), key=lambda entry: entry.name)
    except OSError as error:
        raise AuditError(f"{where}: the audit log cannot be read ({_reason(error)})") from error
    first = _first_kept(folder, entries[0].name) if entries else 0
    for number, entry in enumerate(entries, start=first):
        if not _NAME.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
            raise AuditError(f"{where / entry.name} does not belong to the audit log")
        if entry.name != f"{number:06d}.jsonl":
            raise AuditError(f"{segment(folder, number)} is missing from the audit log")
    return tuple(where / entry.name for entry in entries)


def _first_kept(folder: Path, name: str) -> int:
    """The number that the first file has to have: 0, or that behind a signed root."""
    number = int(name[:6]) if _NAME.fullmatch(name) else 0
    return number if number and closed.file_of(folder, number - 1).is_file() else 0


def lines(folder: Path) -> Iterator[Line]:
    """Every line of every segment, in order.

    Raises:
        AuditError: as ``segments``, or a file cannot be read.
    """
    for path in segments(folder):
        yield from lines_of(path)


def lines_of(path: Path, offset: int = 0, before: int = 0) -> Iterator[Line]:
    """The lines of one segment from a byte on, of which ``before`` lines stand above.

    Raises:
        AuditError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            for number, line in enumerate(file, start=before + 1):
                whole = line.endswith(b"\n")
                yield Line(path, number, line[:-1] if whole else line, whole)
                if not whole:  # it is being written; its end would look like a line of its own
                    return
    except OSError as error:
        raise AuditError(f"{path} cannot be read ({_reason(error)})") from error


def repair(folder: Path) -> int:
    """Cut the last segment behind its last newline; returns how many bytes that took away.

    Raises:
        AuditError: the file cannot be changed.
    """
    paths = segments(folder)
    if not paths:
        return 0
    try:
        with paths[-1].open("r+b") as file:
            data = file.read()
            torn = len(data) - (data.rfind(b"\n") + 1)
            if torn:
                file.truncate(len(data) - torn)
                os.fsync(file.fileno())
        return torn
    except OSError as error:
        raise AuditError(f"{paths[-1]} cannot be repaired ({_reason(error)})") from error


class Writer:
    """Appends to one segment what is durable when ``append`` returns."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open a segment, or make a new one.

        Raises:
            AuditError: it cannot be opened, or exists and should not.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self.path, self._name = path, str(path)
        try:
            self._file = os.open(path, flags | (os.O_CREAT | os.O_EXCL if create else 0), 0o600)
            found = os.fstat(self._file)
            self._size, self._identity = found.st_size, (found.st_dev, found.st_ino)
            if create:
                synchronise(path.parent)
        except OSError as error:
            raise AuditError(f"{path} cannot be opened ({_reason(error)})") from error
        self._room = Room(self._file)

    def append(self, data: bytes) -> None:
        """Write whole lines; durable on return.

        Raises:
            AuditError: they may not be durable. The writer must not be used again.
        """
        try:
            self._check_identity()
            written = os.write(self._file, data)
            if written != len(data):
                raise AuditError(f"{self.path}: only part of a record was written", remedy=_STOPPED)
            os.fdatasync(self._file)
        except OSError as error:
            raise AuditError(
                f"{self.path} cannot be written ({_reason(error)})", remedy=_STOPPED
            ) from error
        self._size += len(data)

    def has_room(self) -> bool:
        """Whether more than the last reserve is set aside for this file, after trying for it.

        Raises:
            AuditError: the disk fails.
        """
        try:
            return self._room.reaches(self._size)
        except OSError as error:
            raise AuditError(
                f"{self.path} cannot be written ({_reason(error)})", remedy=_STOPPED
            ) from error

    def close(self, *, full: bool = False) -> None:
        """Close the file; a full one gives back what was set aside for it."""
        if full:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
        os.close(self._file)

    def _check_identity(self) -> None:
        there = os.lstat(self._name)  # the same file: then its size is that of ours
        if (there.st_dev, there.st_ino) != self._identity or there.st_size != self._size:
            raise AuditError(f"{self.path} is no longer the file it was", remedy=_STOPPED)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a small file at once: all of the old or all of the new, durable on return.

    Raises:
        AuditError: the old file may still be there.
    """
    draft = path.with_name(path.name + ".new")
    try:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            if os.write(file, data) != len(data):
                raise AuditError(f"{draft}: only part was written", remedy=_STOPPED)
            os.fsync(file)
        finally:
            os.close(file)
        draft.rename(path)
        synchronise(path.parent)
    except OSError as error:
        raise AuditError(f"{path} cannot be written ({_reason(error)})", remedy=_STOPPED) from error


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
