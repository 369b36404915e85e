"""A file's bytes, from its path or from whoever opened it and handed it over.

The resident service never opens a path of a caller: the caller opens the file with their own
rights, and the descriptor comes over the socket.  What it leads to is looked at before it is read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from appliance.errors import InputUnreadable

PIECE = 4 << 20  # bytes asked of the kernel at a time


class Handed:
    """An open file of somebody else; closed when nobody refers to it any more."""

    def __init__(self, name: str, descriptor: int | None, fault: str = "") -> None:
        """Take over a descriptor.

        Args:
            name: what the file is called in messages to whoever handed it over.
            descriptor: open for reading; None: it could not be opened there.
            fault: why it could not be opened, in the words of the system.
        """
        self._name, self._descriptor, self._fault = name, descriptor, fault

    def __str__(self) -> str:
        return self._name

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def read(self, limit: int) -> bytes:
        """The whole file, of at most ``limit`` bytes.

        Raises:
            InputUnreadable: it was not opened, is no regular file, cannot be read or is too large.
        """
        if self._descriptor is None:
            raise _unread(self._name, self._fault)
        try:
            return _whole(self._descriptor, self._name, limit)
        except OSError as error:
            raise _unread(self._name, str(error.strerror)) from error


FileSource = Path | Handed


def opened(file: Path) -> int:
    """A descriptor for reading; one that became a link or waits like a pipe is not followed.

    Raises:
        OSError: it cannot be opened.
    """
    return os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def bytes_of(file: FileSource, limit: int) -> bytes:
    """The whole file; one that became a link or a pipe since it was listed is not opened.

    Raises:
        InputUnreadable: it cannot be read, is no regular file any more or is too large.
    """
    if isinstance(file, Handed):
        return file.read(limit)
    try:
        descriptor = opened(file)
        try:
            return _whole(descriptor, str(file), limit)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unread(str(file), str(error.strerror)) from error


def _whole(descriptor: int, name: str, limit: int) -> bytes:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        raise InputUnreadable(f"{name} is no regular file any more", remedy="run again")
    pieces, at = [], 0 if facts.st_size <= limit else limit + 1  # what is too large is not read
    while at <= limit and (piece := os.pread(descriptor, min(PIECE, limit + 1 - at), at)):
        pieces.append(piece)
        at += len(piece)
    if at > limit:
        raise InputUnreadable(
            f"{name} is larger than {limit >> 20} MiB",
            remedy="raise [reader] max_input_mib in appliance.toml",
        )
    return b"".join(pieces)


def _unread(name: str, why: str) -> InputUnreadable:
    return InputUnreadable(f"{name}: {why}", remedy="check that the file exists and may be read")
