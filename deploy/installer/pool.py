"""The pool: every file of every release by its SHA-256, imported whole or not at all.

A file enters under a temporary name, is hashed while it is copied, is made durable and then gets
its name; what lies under its hash is therefore whole.  Importing is resumable: what is there is
read again, for disks forget, and only copied again where it is not what its hash says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .files import sync

_PIECE = 1 << 20  # bytes
_PART = ".part"


class PoolProblem(Exception):
    """A file of a bundle or of the pool is not what its hash says; the message names it."""


@dataclass(frozen=True)
class Piece:
    """One run of bytes to be read: a whole file, or a chunk of one."""

    source: Path
    sha256: str
    size: int
    name: str  # what to call it in a message


def pooled(pool: Path, sha256: str) -> Path:
    """Where the file of this hash lies."""
    return pool / "sha256" / sha256[:2] / sha256


def add(pool: Path, sha256: str, size: int, pieces: Iterable[Piece]) -> Path:
    """Bring one file into the pool from its pieces; nothing is taken of them if it is there.

    Raises:
        PoolProblem: a piece is missing, cut, longer, or has another hash; its name is in the
            message, and nothing of the file is kept.
        OSError: the medium or the disk refuses.
    """
    target = pooled(pool, sha256)
    if is_whole(pool, sha256, size):
        return target
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    part = target.with_name(target.name + _PART)
    whole = hashlib.sha256()
    try:
        with part.open("wb") as sink:
            for piece in pieces:
                for block in _checked(piece):
                    whole.update(block)
                    sink.write(block)
            sink.flush()
            os.fsync(sink.fileno())
        if whole.hexdigest() != sha256 or part.stat().st_size != size:
            raise PoolProblem(f"{target.name}: the pieces do not make the file")
        part.chmod(0o444)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    sync(target.parent)
    return target


def is_whole(pool: Path, sha256: str, size: int) -> bool:
    """Whether the pool holds this file, every byte of it."""
    target = pooled(pool, sha256)
    try:
        check(target, sha256, size, target.name)
    except (PoolProblem, OSError):
        return False
    return True


def prune(pool: Path, wanted: Collection[str]) -> None:
    """Remove every file whose hash is not wanted, and what an import that was ended left."""
    for path in (pool / "sha256").glob("*/*"):
        if path.name not in wanted:
            path.unlink()


def check(path: Path, sha256: str, size: int, name: str) -> None:
    """Read a file that should have this hash.

    Raises:
        PoolProblem: it is missing, cut, longer, or has another hash.
    """
    for _ in _checked(Piece(path, sha256, size, name)):
        pass


def _checked(piece: Piece) -> Iterator[bytes]:
    """The bytes of a piece; the error comes after the last one, so use them only when it ends."""
    digest = hashlib.sha256()
    left = piece.size
    try:
        with piece.source.open("rb") as source:
            while block := source.read(_PIECE):
                left -= len(block)
                if left < 0:
                    raise PoolProblem(f"{piece.name}: longer than the manifest says")
                digest.update(block)
                yield block
    except FileNotFoundError as error:
        raise PoolProblem(f"{piece.name}: missing") from error
    if left:
        raise PoolProblem(f"{piece.name}: cut, {left} bytes are missing")
    if digest.hexdigest() != piece.sha256:
        raise PoolProblem(f"{piece.name}: changed, its SHA-256 is not the manifest's")
