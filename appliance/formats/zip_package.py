"""Opens zip containers of office files, with bounds, and also those that are cut or damaged.

The table of contents of a zip file stands at its end: a copy that broke off has none.  The members
in front of the break are whole all the same, each behind a header of its own (APPNOTE.TXT 4.3.7),
and are read from there; so is the begin of a member whose bytes are damaged further on.

Runs in the confined reader child.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass

from appliance.sandbox.outcome import Outcome, ReadingFailed

LARGEST_MEMBER = 256 << 20  # bytes once unpacked
MOST_BYTES = 1 << 30  # unpacked in all
MOST_MEMBERS = 100_000
# What zipfile and what it unpacks with raise at damage, and at a method that they do not know.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, struct.error),
    *(EOFError, OSError, ValueError, IndexError),
)

_MARK = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3I2H")
_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8  # flag bits
_STORED, _DEFLATED = 0, 8
_STEP = 512  # packed bytes at a time: as much may be lost before damage
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member's packed bytes stand; ``size`` is 0 where its header does not say."""

    at: int
    method: int
    size: int


class Package:
    """The members of a zip container, by name with forward slashes."""

    def __init__(self, data: bytes) -> None:
        """Read the table of contents, or look for the members where there is none.

        Raises:
            ReadingFailed: not a zip container, too many members, or all of it is encrypted.
        """
        self._data = data
        self._unpacked = 0
        self._archive: zipfile.ZipFile | None = None
        self._found: dict[str, _Member] = {}
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self.damaged: set[str] = set()  # members of which only the begin could be read
        self.cut = False  # the table of contents is missing
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            entries = self._archive.infolist()
            self._entries = {plain_name(e.filename): e for e in entries if not e.is_dir()}
        except DAMAGE:
            self.cut = True
            self._found = found_members(data)
        if not 0 < len(self.names) <= MOST_MEMBERS:
            raise ReadingFailed(Outcome.TOO_LARGE if self.names else Outcome.DAMAGED)

    @property
    def names(self) -> list[str]:
        """Every member, in the order of the container."""
        return list(self._found if self._archive is None else self._entries)

    def named(self, pattern: str) -> list[str]:
        """The members whose whole name matches, ``slide2`` before ``slide10``."""
        matching = re.compile(pattern, re.I)
        return sorted(filter(matching.fullmatch, self.names), key=_in_counting_order)

    def __contains__(self, name: str) -> bool:
        return name in (self._found if self._archive is None else self._entries)

    def size(self, name: str) -> int:
        """How many bytes a member claims to hold."""
        entry = self._entries.get(name)
        return entry.file_size if entry else self._found[name].size

    def read(self, name: str) -> bytes:
        """The bytes of a member; of a damaged one (see `damaged`) the begin, perhaps nothing.

        Raises:
            KeyError: there is no such member.
            ReadingFailed: it is encrypted, or larger than the bounds.
        """
        if self._archive is None:
            unpacked = self._salvaged(name, self._found[name])
        else:
            unpacked = self._read_entry(name, self._entries[name])
        self._unpacked += len(unpacked)
        if len(unpacked) > LARGEST_MEMBER or self._unpacked > MOST_BYTES:
            raise ReadingFailed(Outcome.TOO_LARGE)
        return unpacked

    def begin(self, name: str, length: int) -> bytes:
        """The first bytes of a member; fewer of one that is shorter or damaged."""
        entry = self._entries.get(name)
        if self._archive is None or entry is None or entry.flag_bits & _ENCRYPTED:
            return self.read(name)[:length]
        try:
            with self._archive.open(entry) as member:
                return member.read(length)
        except DAMAGE:
            return b""

    def _read_entry(self, name: str, entry: zipfile.ZipInfo) -> bytes:
        assert self._archive is not None  # noqa: S101 -- the caller looked
        if entry.flag_bits & _ENCRYPTED:
            raise ReadingFailed(Outcome.ENCRYPTED)
        try:
            with self._archive.open(entry) as member:
                return member.read(LARGEST_MEMBER + 1)
        except DAMAGE:
            found = _member_at(self._data, entry.header_offset)
            return self._salvaged(name, found[1]) if found else self._lost(name)

    def _salvaged(self, name: str, member: _Member) -> bytes:
        end = member.at + member.size if member.size else len(self._data)
        packed = memoryview(self._data)[member.at : end]
        if member.method == _STORED:
            whole, unpacked = len(packed) == member.size, bytes(packed)
        elif member.method == _DEFLATED:
            unpacked, whole, _ = _inflated(packed)
        else:
            return self._lost(name)
        if not whole or self._archive is not None:
            self.damaged.add(name)
        return unpacked

    def _lost(self, name: str) -> bytes:
        self.damaged.add(name)
        return b""


def plain_name(name: str) -> str:
    """A member's name with forward slashes and without one in front."""
    return name.replace("\\", "/").lstrip("/")


def found_members(data: bytes) -> dict[str, _Member]:
    """The members whose headers stand in the bytes themselves; encrypted ones are left out."""
    members: dict[str, _Member] = {}
    at = data.find(_MARK)
    while at >= 0 and len(members) <= MOST_MEMBERS:
        found = _member_at(data, at)
        following = at + len(_MARK)
        if found:
            name, member = found
            members[name] = member
            following = member.at + member.size
        at = data.find(_MARK, following)
    return members


def _member_at(data: bytes, at: int) -> tuple[str, _Member] | None:
    if len(data) < at + _HEADER.size or data[at : at + 4] != _MARK:
        return None
    fields = _HEADER.unpack_from(data, at)
    flags, method, packed_size, name_length, extra_length = (fields[i] for i in (2, 3, 7, 9, 10))
    begin = at + _HEADER.size
    name = plain_name(data[begin : begin + name_length].decode("utf-8", "replace"))
    if flags & _ENCRYPTED or not name or name.endswith("/"):
        return None
    start = begin + name_length + extra_length
    size = 0 if flags & _SIZES_FOLLOW else min(packed_size, max(len(data) - start, 0))
    if flags & _SIZES_FOLLOW and method == _DEFLATED:
        size = _inflated(memoryview(data)[start:], keep=False)[2]
    return name, _Member(start, method, size)


def _inflated(packed: memoryview, *, keep: bool = True) -> tuple[bytes, bool, int]:
    """What unpacks, whether all of it did, and how many packed bytes that took."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    size = 0
    try:
        for at in range(0, len(packed), _STEP):
            piece = inflate.decompress(packed[at : at + _STEP], LARGEST_MEMBER + 1 - size)
            size += len(piece)
            if keep:
                pieces.append(piece)
            if inflate.eof:
                taken = min(at + _STEP, len(packed)) - len(inflate.unused_data)
                return b"".join(pieces), True, taken
            if size > LARGEST_MEMBER:
                raise ReadingFailed(Outcome.TOO_LARGE)
    except zlib.error:
        pass
    return b"".join(pieces), False, len(packed)


def _in_counting_order(name: str) -> list[tuple[int, str]]:
    parts = _NUMBERS.split(name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
