"""Lays the files of a bundle out on media, and makes the manifest that lists them.

A file that does not fit is cut into chunks, each with its own hash, so that a bad medium is named;
the others stay whole.  Files go to the volumes in the order of their paths: first what the
installer needs first.  A delta holds only what an older manifest does not list.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.installer.manifest import Chunk, Entry, Manifest, Volume
from deploy.installer.verifying import BESIDE, FOLDERS
from scripts.bundling.problems import BundleProblem

SMALLEST_VOLUME = 16 << 20  # bytes
_MARGIN = 8 << 20  # of a volume, for what stands on each: manifest, signatures, installer
_PIECE = 1 << 20
LARGEST_FILE = (4 << 30) - 1  # of FAT32


@dataclass(frozen=True, slots=True)
class Packed:
    """One file that goes into the bundle, and where it lies now."""

    entry: Entry  # with no volume yet
    source: Path


def plan(
    packed: Iterable[Packed], size: int | None, known: frozenset[str]
) -> tuple[tuple[Entry, ...], tuple[Volume, ...]]:
    """Give every file its volume, or its chunks.

    Args:
        packed: the files.
        size: bytes of a volume; None for one volume without bounds.
        known: hashes that the target holds already; they take no room.

    Raises:
        BundleProblem: volumes of this size are too small.
    """
    if size is not None and size < SMALLEST_VOLUME:
        raise BundleProblem(f"a volume holds at least {SMALLEST_VOLUME >> 20} MiB")
    room = None if size is None else size - _MARGIN
    layout = _Layout(room, known)
    entries = tuple(layout.placed(item) for item in sorted(packed, key=lambda i: _turn(i.entry)))
    if any(entry.chunks for entry in entries if entry.kind == "python"):
        raise BundleProblem("a volume has to hold the Python, which unpacks the rest, in one piece")
    return entries, layout.volumes()


def _turn(entry: Entry) -> tuple[int, str]:
    """Small and first needed things first."""
    first = (
        *("python", "installer", "lock", "sbom", "provenance"),
        *("doc", "licence", "policy", "unit", "tool"),
    )
    return (first.index(entry.kind) if entry.kind in first else len(first), entry.path)


class _Layout:
    """Fills one volume after the other."""

    def __init__(self, room: int | None, known: frozenset[str]) -> None:
        self._room = room
        self._known = known
        self._used = [0]
        self._files = [0]
        self._places: dict[str, Entry] = {}

    def placed(self, item: Packed) -> Entry:
        entry = item.entry
        earlier = self._places.get(entry.sha256)
        if earlier is not None:  # the same bytes under two names are carried once
            return replace(entry, volume=earlier.volume, chunks=earlier.chunks)
        if entry.sha256 in self._known:
            placed = replace(entry, volume=self._label(0))
        elif self._room is None or entry.size <= min(self._room, LARGEST_FILE):
            if self._room is not None and self._used[-1] + entry.size > self._room:
                self._next()
            placed = replace(entry, volume=self._take(entry.size))
        else:
            placed = replace(entry, volume="", chunks=tuple(self._cut(item)))
        self._places[entry.sha256] = placed
        return placed

    def _cut(self, item: Packed) -> Iterable[Chunk]:
        assert self._room is not None  # noqa: S101 -- for the type checker; without bounds nothing is cut
        left = item.entry.size
        with item.source.open("rb") as source:
            while left:
                if self._used[-1] >= self._room:
                    self._next()
                size = min(left, self._room - self._used[-1], LARGEST_FILE)
                yield Chunk(_digest(source.fileno(), size), size, self._take(size))
                left -= size

    def _take(self, size: int) -> str:
        self._used[-1] += size
        self._files[-1] += 1
        return self._label(len(self._used) - 1)

    def _next(self) -> None:
        self._used.append(0)
        self._files.append(0)

    def _label(self, at: int) -> str:
        return f"vol{at + 1}"

    def volumes(self) -> tuple[Volume, ...]:
        pairs = zip(self._files, self._used, strict=True)
        return tuple(Volume(self._label(at), files, used) for at, (files, used) in enumerate(pairs))


def _digest(descriptor: int, size: int) -> str:
    digest = hashlib.sha256()
    while size:
        piece = os.read(descriptor, min(size, _PIECE))
        if not piece:
            raise BundleProblem("a file became shorter while it was read")
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()


def write(
    manifest: Manifest, sources: Mapping[str, Path], out: Path, known: frozenset[str]
) -> None:
    """Copy every file to its volume: ``OUT/pool`` with one volume, else ``OUT/volN/pool``.

    Args:
        sources: SHA-256 -> where the file lies now.
    """
    for sha256, path in sources.items():
        entry = next(e for e in manifest.files if e.sha256 == sha256)
        if sha256 in known:
            continue
        if not entry.chunks:
            _copy(path, 0, entry.size, _pool(manifest, out, entry.volume) / sha256[:2] / sha256)
        at = 0
        for chunk in entry.chunks:
            target = _pool(manifest, out, chunk.volume) / chunk.sha256[:2] / chunk.sha256
            _copy(path, at, chunk.size, target)
            at += chunk.size


def folders(manifest: Manifest, out: Path) -> dict[str, Path]:
    """Label of a volume -> the folder that becomes this medium."""
    if len(manifest.volumes) == 1:
        return {manifest.volumes[0].label: out}
    return {volume.label: out / volume.label for volume in manifest.volumes}


def _pool(manifest: Manifest, out: Path, label: str) -> Path:
    return folders(manifest, out)[label] / "pool" / "sha256"


def _copy(source: Path, begin: int, size: int, target: Path) -> None:
    if target.exists() and target.stat().st_size == size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with source.open("rb") as found, part.open("wb") as sink:
        found.seek(begin)
        left = size
        while left:
            piece = found.read(min(left, _PIECE))
            sink.write(piece)
            left -= len(piece)
    part.rename(target)


def clear(out: Path) -> None:
    """Empty the folder that takes the bundle, if it holds an earlier bundle and nothing else.

    Raises:
        BundleProblem: it holds something else.
    """
    if not out.exists() or not any(out.iterdir()):
        return
    volumes = all(re.fullmatch(r"vol[0-9]+", path.name) for path in out.iterdir())
    if not all(_is_bundle(folder) for folder in (out.iterdir() if volumes else (out,))):
        raise BundleProblem(f"{out} holds something else", remedy="name an empty folder with --out")
    shutil.rmtree(out)


def _is_bundle(folder: Path) -> bool:
    """Whether this folder holds a bundle or a part of one, and nothing beside it."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return names <= {*BESIDE, *FOLDERS} and bool(names & {"MANIFEST.json", "pool"})
