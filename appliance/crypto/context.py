"""What a sealed record is, in canonical typed bytes that the seal binds.

A record that is copied to another place, another object, another version or another store no
longer matches its context and does not open.  The encoding is injective: every field carries its
type and its length, so no two contexts share an encoding (store/FORMAT.md, "Context").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PREFIX = b"appliance/context/v1\x00"
_TEXT, _NUMBER = 1, 2


@dataclass(frozen=True, slots=True)
class Context:
    """The meaning of one sealed record."""

    kind: str  # keyring | key/root | key/collection | key/document | name | blob | text | ...
    store: str  # store id, 32 hex digits
    collection: str  # collection id, or empty for what belongs to the whole store
    object: str  # id of the document, key or object file
    version: int  # of the object
    term: int  # number of the key-encryption key in force when it was sealed

    def encode(self) -> bytes:
        """The bytes to bind.

        Raises:
            ValueError: a text longer than 65,535 bytes, a number outside 64 bits.
        """
        texts = (self.kind, self.store, self.collection, self.object)
        numbers = (self.version, self.term)
        return b"".join((_PREFIX, *map(_text, texts), *map(_number, numbers)))


def _text(value: str) -> bytes:
    encoded = value.encode("utf-8")
    if len(encoded) > 0xFFFF:
        raise ValueError("a text in a context has at most 65,535 bytes")
    return struct.pack(">BH", _TEXT, len(encoded)) + encoded


def _number(value: int) -> bytes:
    if not 0 <= value < 1 << 64:
        raise ValueError("a number in a context has 64 bits")
    return struct.pack(">BQ", _NUMBER, value)
