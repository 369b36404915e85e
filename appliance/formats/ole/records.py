"""Records of PowerPoint and of office drawings: a header of eight bytes, then bytes or records.

Sources: [MS-PPT] 2.3.1, [MS-ODRAW] 2.2.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 64  # containers within containers
_HEADER = struct.Struct("<HHI")
_CONTAINER = 0xF


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``data`` is what follows its header, cut where the file ends."""

    kind: int
    instance: int
    container: bool
    data: memoryview

    def children(self) -> Iterator[Record]:
        """The records in a container; none in any other."""
        return records(self.data) if self.container else iter(())

    def child(self, kind: int) -> Record | None:
        """The first record of one kind directly in a container."""
        return next((record for record in self.children() if record.kind == kind), None)

    def number(self, at: int, *, signed: bool = False) -> int:
        """Four bytes as a number; 0 beyond the end."""
        return int.from_bytes(self.data[at : at + 4], "little", signed=signed)


def records(data: bytes | memoryview) -> Iterator[Record]:
    """The records that follow one another in these bytes, up to where they make no sense."""
    view = memoryview(data)
    at = 0
    while at + _HEADER.size <= len(view):
        head, kind, length = _HEADER.unpack_from(view, at)
        at += _HEADER.size
        yield Record(kind, head >> 4, head & 0xF == _CONTAINER, view[at : at + length])
        at += length


def record_at(data: bytes | memoryview, at: int) -> Record | None:
    """The record that begins here."""
    return next(records(memoryview(data)[at : at + _HEADER.size + _length(data, at)]), None)


def _length(data: bytes | memoryview, at: int) -> int:
    return int.from_bytes(data[at + 4 : at + 8], "little")


def flattened(record: Record, depth: int = 0) -> Iterator[Record]:
    """The record and every one in it, in the order of the file."""
    yield record
    if depth < DEEPEST:
        for inner in record.children():
            yield from flattened(inner, depth + 1)
