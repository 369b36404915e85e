"""The files of the audit log: numbered segments of lines, only ever appended to.

``log/000000.jsonl``, ``log/000001.jsonl``, ... hold one record per line, 0600, in a folder 0700.
A line is acknowledged only when ``fdatasync`` has returned.  Before every append the open file is
compared with the file of that name: replaced, removed, shortened or lengthened by somebody else,
and nothing is written any more.  A crash or a full disk can leave one last line without its end;
nothing was acknowledged for it, and ``repair`` removes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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


def first_place(folder: Path) -> Place:
    """Where the first record of a log stands, or would stand."""
    return Place(segment(folder, 0), 1)


def segments(folder: Path) -> tuple[Path, ...]:
    """All segments, in order.

    Raises:
        AuditError: no log, a number is missing, or something else lies in the folder.
    """
    where = folder_of(folder)
    try:
        entries = sorted(os.scandir(where), key=lambda entry: entry.name)
    except OSError as error:
        raise AuditError(f"{where}: the audit log cannot be read ({_reason(error)})") from error
    for number, entry in enumerate(entries):
        if not _NAME.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
            raise AuditError(f"{where / entry.name} does not belong to the audit log")
        if entry.name != f"{number:06d}.jsonl":
            raise AuditError(f"{segment(folder, number)} is missing from the audit log")
    return tuple(where / entry.name for entry in entries)


def lines(folder: Path) -> Iterator[Line]:
    """Every line of every segment, in order.

    Raises:
        AuditError: as ``segments``, or a file cannot be read.
    """
    for path in segments(folder):
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    whole = line.endswith(b"\n")
                    yield Line(path, number, line[:-1] if whole else line, whole)
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
    """Appends lines to one segment, each durable when ``append`` returns."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open a segment, or make a new one.

        Raises:
            AuditError: it cannot be opened, or exists and should not.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self.path = path
        try:
            self._file = os.open(path, flags | (os.O_CREAT | os.O_EXCL if create else 0), 0o600)
            self._size = os.fstat(self._file).st_size
            if create:
                sync_folder(path.parent)
        except OSError as error:
            raise AuditError(f"{path} cannot be opened ({_reason(error)})") from error

    def append(self, line: bytes) -> None:
        """Write one line and its newline; durable on return.

        Raises:
            AuditError: it may not be durable. The writer must not be used again.
        """
        data = line + b"\n"
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

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _check_identity(self) -> None:
        ours, theirs = os.fstat(self._file), os.stat(self.path, follow_symlinks=False)
        same = (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)
        if not same or ours.st_size != self._size:
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
        sync_folder(path.parent)
    except OSError as error:
        raise AuditError(f"{path} cannot be written ({_reason(error)})", remedy=_STOPPED) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
