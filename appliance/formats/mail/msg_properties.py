"""Properties of a message, a recipient or an attachment in an MSG file.  Source: [MS-OXMSG] 2.4."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Iterable

from appliance.formats.ole.container import Container
from appliance.formats.rtf.text import page_of
from appliance.formats.text import decoded

_STREAM = "__substg1.0_{:04X}{:04X}"
_PROPERTIES = "__properties_version1.0"
_WIDE, _NARROW, _BINARY, _TIME = 0x1F, 0x1E, 0x102, 0x40
_CODEPAGES = (0x3FDE, 0x3FFD)  # of the message, of the store
_HEADS = {True: 32, False: 8}  # bytes before the entries: of a message, of what lies in it
_ENTRY = struct.Struct("<HHI8s")
_COUNT_AT = 20
_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
_LAST = 3_000 * 365 * 86_400  # seconds


class Properties:
    """The properties in one storage, by their number."""

    def __init__(self, container: Container, path: tuple[str, ...]) -> None:
        self.path = path
        self._container = container
        self._head = container.stream(*path, _PROPERTIES)
        self._fixed: dict[int, tuple[int, bytes]] = {}
        at = _HEADS[not path]
        while at + _ENTRY.size <= len(self._head):
            kind, number, _, value = _ENTRY.unpack_from(self._head, at)
            self._fixed[number] = (kind, value)
            at += _ENTRY.size

    def text(self, number: int) -> str:
        """A text, empty without one."""
        wide = self._container.stream(*self.path, _STREAM.format(number, _WIDE))
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._container.stream(*self.path, _STREAM.format(number, _NARROW))
        if not narrow:
            return ""
        pages = [page_of(self.number(place)) for place in _CODEPAGES]
        return decoded(narrow, next(filter(None, pages), "")).rstrip("\0")

    def first(self, numbers: Iterable[int]) -> str:
        """The first of several texts that is not empty."""
        return next(filter(None, map(self.text, numbers)), "")

    def binary(self, number: int) -> bytes:
        """Bytes, empty without any."""
        return self._container.stream(*self.path, _STREAM.format(number, _BINARY))

    def number(self, number: int) -> int:
        """A number of four bytes, 0 without one."""
        return int.from_bytes(self._fixed.get(number, (0, b""))[1][:4], "little")

    def moment(self, number: int) -> datetime.datetime | None:
        """A moment, None without one or where it makes no sense."""
        kind, value = self._fixed.get(number, (0, b""))
        seconds = int.from_bytes(value, "little") // 10_000_000
        if kind != _TIME or not 0 < seconds < _LAST:
            return None
        return _EPOCH + datetime.timedelta(seconds=seconds)

    def count_of_attachments(self) -> int:
        """How many the message says that it has; only of the message itself."""
        return int.from_bytes(self._head[_COUNT_AT : _COUNT_AT + 4], "little") & 0xFFFF
