"""Writes OLE containers for tests: [MS-CFB] version 3, sectors of 512 bytes, as small as it gets.

Not for use outside tests: everything is in one chain of directory entries and nothing is balanced.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

SECTOR = 512
MINI = 64
CUTOFF = 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

Tree = Mapping[str, "bytes | Tree"]


def compound(tree: Tree) -> bytes:
    """A container with these streams (bytes) and storages (mappings)."""
    entries: list[list[object]] = [["Root Entry", 5, _FREE, b"", _FREE]]
    entries[0][2] = _add(tree, entries)
    mini, mini_fat = b"", list[int]()
    starts: dict[int, int] = {}
    for at, entry in enumerate(entries):
        data = entry[3]
        assert isinstance(data, bytes)
        if entry[1] == 2 and 0 < len(data) < CUTOFF:
            count = -(-len(data) // MINI)
            starts[at] = len(mini_fat)
            mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + count), _END]
            mini += data.ljust(count * MINI, b"\0")
    entries[0][3] = mini
    sectors: list[bytes] = []
    fat: list[int] = []

    def chain(data: bytes) -> int:
        if not data:
            return _END
        first, count = len(fat), -(-len(data) // SECTOR)
        fat.extend([*range(first + 1, first + count), _END])
        padded = data.ljust(count * SECTOR, b"\0")
        sectors.extend(padded[i : i + SECTOR] for i in range(0, len(padded), SECTOR))
        return first

    for at, entry in enumerate(entries):
        data = entry[3]
        assert isinstance(data, bytes)
        if at not in starts and entry[1] != 1:
            starts[at] = chain(data)
    table = b"".join(_entry(entry, starts.get(at, 0)) for at, entry in enumerate(entries))
    directory = chain(table.ljust(-(-len(table) // SECTOR) * SECTOR, b"\0"))
    mini_start = chain(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(4, b"\xff"))
    mini_count = sum(1 for _ in range(0, 4 * len(mini_fat), SECTOR))
    count = next(n for n in range(1, 109) if n * (SECTOR // 4) >= len(fat) + n)
    first_fat = len(fat)
    fat += [_FAT] * count
    fat += [_FREE] * (count * (SECTOR // 4) - len(fat))
    header = struct.pack(
        "<8s16s6H10I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
        *(0x3E, 3, 0xFFFE, 9, 6, 0),
        *(0, 0, count, directory, 0, CUTOFF, mini_start if mini_fat else _END, mini_count),
        *(_END, 0),
    )
    places = [*range(first_fat, first_fat + count)]
    header += struct.pack("<109I", *places, *[_FREE] * (109 - count))
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _add(tree: Tree, entries: list[list[object]]) -> int:
    """Append the entries of one storage as a chain of right siblings; the number of the first."""
    names = sorted(tree, key=lambda name: (len(name), name.upper()))
    first = _FREE
    previous: list[object] | None = None
    for name in names:
        content = tree[name]
        at = len(entries)
        leaf = isinstance(content, bytes)
        entry: list[object] = [name, 2 if leaf else 1, _FREE, content if leaf else b"", _FREE]
        entries.append(entry)
        if previous is None:
            first = at
        else:
            previous[4] = at
        previous = entry
        if not isinstance(content, bytes):
            entry[2] = _add(content, entries)
    return first


def _entry(entry: list[object], start: int) -> bytes:
    name, kind, child, data, right = entry
    assert isinstance(name, str)
    assert isinstance(data, bytes)
    wide = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBB3I16sI16sIQ",
        wide,
        *(len(wide), kind, 1, _FREE, right, child, b"", 0, b"", start, len(data)),
    )
