"""The message within a signature: S/MIME that is signed and not encrypted, so that it can be read.

Source: RFC 8551 3.5.2, RFC 5652 5 (SignedData), X.690 (BER).  The signature is not checked.
"""

from __future__ import annotations

from appliance.formats.attached import DAMAGED, Unreadable

_SIGNED = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_SEQUENCE, _OCTETS, _OCTET_PIECES, _CONTEXT = 0x30, 0x04, 0x24, 0xA0  # tags
_TO_AN_END_MARK = 0x80  # a length that is not given
_DEEPEST = 16


def is_signed(data: bytes) -> bool:
    """Whether this is a signed message and not an encrypted one."""
    return _SIGNED in data[:64]


def content(data: bytes) -> bytes:
    """What was signed.

    Raises:
        Unreadable: nothing that makes sense.
    """
    info = _inner(memoryview(data), _SEQUENCE)
    signed = _inner(_inner(_after(info), _CONTEXT), _SEQUENCE)
    wrapped = _inner(_after(_after(signed)), _SEQUENCE)
    octets = b"".join(_octets(_inner(_after(wrapped), _CONTEXT)))
    if not octets:
        raise Unreadable(DAMAGED)
    return octets


def _value(data: memoryview, depth: int = 0) -> tuple[int, memoryview, memoryview]:
    """Tag, content and what follows of the first value; a view, because it may be long."""
    if len(data) < 2 or depth > _DEEPEST:
        raise Unreadable(DAMAGED)
    tag, length = data[0], data[1]
    at = 2
    if length == _TO_AN_END_MARK:
        rest = data[at:]
        while len(rest) >= 2 and (rest[0] or rest[1]):
            _, _, rest = _value(rest, depth + 1)
        return tag, data[at : len(data) - len(rest)], rest[2:]
    if length > _TO_AN_END_MARK:
        at += length - _TO_AN_END_MARK
        length = int.from_bytes(data[2:at], "big")
    return tag, data[at : at + length], data[at + length :]


def _inner(data: memoryview, tag: int) -> memoryview:
    found, inner, _ = _value(data)
    if found != tag:
        raise Unreadable(DAMAGED)
    return inner


def _after(data: memoryview) -> memoryview:
    return _value(data)[2]


def _octets(data: memoryview, depth: int = 0) -> list[bytes]:
    """A string, also one that is cut into pieces."""
    pieces: list[bytes] = []
    rest = data
    while len(rest) and depth < _DEEPEST:
        tag, inner, rest = _value(rest)
        if tag == _OCTET_PIECES:
            pieces += _octets(inner, depth + 1)
        elif tag == _OCTETS:
            pieces.append(bytes(inner))
        else:
            break
    return pieces
