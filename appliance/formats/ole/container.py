"""OLE containers, [MS-CFB]: opened with olefile, and packed anew where a storage becomes a file.

A document embedded in another one is a storage among its streams; `pack` makes it a file again.
Runs in the confined reader child.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from appliance.sandbox.outcome import Outcome, ReadingFailed

Tree = Mapping[str, "bytes | Tree"]  # of a storage: its streams, and the storages in it

DEEPEST = 32  # storages within storages
_SECTOR = 4096  # version 4 of the format; its 109 first sectors of the table reach 457 MB
_MINI, _CUTOFF, _HEADER_PLACES = 64, 4096, 109
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5
# What olefile raises at a damaged container.
FAULTS = (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error)


class Container:
    """An opened container; paths are names from the root down, told apart without case."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            ReadingFailed: the container is damaged.
        """
        import olefile

        try:
            self._ole: Any = olefile.OleFileIO(io.BytesIO(data))
            self.paths: list[list[str]] = self._ole.listdir()
        except (*FAULTS, RecursionError) as error:
            raise ReadingFailed(Outcome.DAMAGED) from error

    def has(self, *path: str) -> bool:
        """Whether there is a stream or storage here."""
        with suppress(*FAULTS):
            return bool(self._ole.exists(list(path)))
        return False

    def stream(self, *path: str) -> bytes:
        """The bytes of a stream; empty where there is none, or where it is damaged."""
        with suppress(*FAULTS):
            return bytes(self._ole.openstream(list(path)).read())
        return b""

    def below(self, *path: str) -> list[list[str]]:
        """The paths of the streams in a storage, at any depth."""
        start = [name.lower() for name in path]
        return [p for p in self.paths if [n.lower() for n in p[: len(path)]] == start]

    def children(self, *path: str) -> list[str]:
        """The names of what lies directly in a storage, in the order of the container."""
        deeper = (p[len(path)] for p in self.below(*path) if len(p) > len(path))
        return list(dict.fromkeys(deeper))

    def tree(self, *path: str) -> Tree:
        """A storage with everything in it.

        Raises:
            ReadingFailed: storages are nested too deep.
        """
        root: dict[str, Any] = {}
        for found in self.below(*path):
            inner = found[len(path) :]
            if len(inner) > DEEPEST:
                raise ReadingFailed(Outcome.DAMAGED)
            place = root
            for name in inner[:-1]:
                place = place.setdefault(name, {})
                if not isinstance(place, dict):
                    break
            else:
                if inner:
                    place[inner[-1]] = self.stream(*found)
        return root


# --- packing --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    child: int = _FREE
    left: int = _FREE
    right: int = _FREE
    start: int = 0

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le")[:62] + b"\0\0"
        links = (self.left, self.right, self.child)
        head = struct.pack("<64sHBB3I", name, len(name), self.kind, 1, *links)
        return head + struct.pack("<16sI16sIQ", b"", 0, b"", self.start, len(self.data))


@dataclass(slots=True)
class _Sectors:
    """Sectors and the table that chains them; ``size`` is that of one."""

    size: int
    pieces: list[bytes] = field(default_factory=list)
    table: list[int] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        """Append one chain; where it begins."""
        if not data:
            return _END
        first, count = len(self.table), -(-len(data) // self.size)
        self.table += [*range(first + 1, first + count), _END]
        self.pieces.append(data.ljust(count * self.size, b"\0"))
        return first


def pack(tree: Tree) -> bytes:
    """A container with these streams (bytes) and storages (mappings)."""
    entries = [_Entry("Root Entry", _ROOT)]
    entries[0].child = _add(tree, entries)
    minis, sectors = _Sectors(_MINI), _Sectors(_SECTOR)
    for entry in entries:
        if entry.kind == _STREAM:
            entry.start = (minis if len(entry.data) < _CUTOFF else sectors).add(entry.data)
    entries[0].data = b"".join(minis.pieces)
    entries[0].start = sectors.add(entries[0].data)
    directory = sectors.add(b"".join(entry.packed() for entry in entries))
    mini_table = struct.pack(f"<{len(minis.table)}I", *minis.table)
    mini_table += b"\xff" * (-len(mini_table) % _SECTOR)
    mini_start = sectors.add(mini_table)
    per_sector = _SECTOR // 4
    count = next(n for n in range(1, 1 << 20) if n * per_sector >= len(sectors.table) + n)
    if count > _HEADER_PLACES:
        raise ReadingFailed(Outcome.TOO_LARGE)
    places = [*range(len(sectors.table), len(sectors.table) + count)]
    table = sectors.table + [_TABLE] * count
    table += [_FREE] * (count * per_sector - len(table))
    header = struct.pack(
        "<8s16s6H", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 62, 4, 65534, 12, 6, 0
    )
    header += struct.pack(
        "<8I", 0, 1, count, directory, 0, _CUTOFF, mini_start, len(mini_table) // _SECTOR
    )
    header += struct.pack("<111I", _END, 0, *places, *[_FREE] * (_HEADER_PLACES - count))
    packed_table = struct.pack(f"<{len(table)}I", *table)
    return b"".join([header.ljust(_SECTOR, b"\0"), *sectors.pieces, packed_table])


def _add(tree: Tree, entries: list[_Entry]) -> int:
    """Append the entries of one storage; the number of the one at the top."""
    numbers = []
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        content = tree[name]
        entry = _Entry(name, _STREAM if isinstance(content, bytes) else _STORAGE)
        numbers.append(len(entries))
        entries.append(entry)
        if isinstance(content, bytes):
            entry.data = content
        else:
            entry.child = _add(content, entries)
    return _balance(numbers, entries)


def _balance(numbers: Sequence[int], entries: list[_Entry]) -> int:
    """Link sorted entries as a search tree, as shallow as can be; its top."""
    if not numbers:
        return _FREE
    middle = len(numbers) // 2
    top = entries[numbers[middle]]
    top.left = _balance(numbers[:middle], entries)
    top.right = _balance(numbers[middle + 1 :], entries)
    return numbers[middle]
