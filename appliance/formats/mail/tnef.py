"""Reads winmail.dat: what Outlook packs its own kind of mail into when it sends it to others.

The body in it and the files attached to it are read as those of an Outlook message.  Runs in the
confined child.  Source: [MS-OXTNEF]; the numbers of properties are those of [MS-OXPROPS].
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from appliance.documents import Tally, Unit
from appliance.formats import account, attached
from appliance.formats.attached import Attachment
from appliance.formats.build import DocumentBuilder
from appliance.formats.mail import message, msg
from appliance.formats.ole import package as ole_package
from appliance.formats.reading import Reading, Wishes
from appliance.formats.rtf import document as rtf
from appliance.formats.rtf import mail as rtf_mail
from appliance.formats.rtf.text import page_of
from appliance.formats.text import decoded
from appliance.sandbox.outcome import Outcome, ReadingFailed

MARK = 0x223E9F78
_ATTRIBUTE = struct.Struct("<BII")
_BODY, _PROPERTIES, _CODEPAGE = 0x0002800C, 0x00069003, 0x00069007
_NEW_FILE, _TITLE, _DATA, _FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_SUBJECT, _PLAIN, _HTML, _RTF, _CONTENT = 0x0037, 0x1000, 0x1013, 0x1009, 0x3701
_NAMES = (0x3707, 0x3704, 0x3001)
_NARROW, _WIDE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_MANY = 0x1000
_LENGTHS = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4} | {
    **{0x14: 8, 0x40: 8, 0x48: 16},
}
_INTERFACE = 16  # bytes before the content of an object


@dataclass(slots=True)
class _File:
    title: bytes = b""
    data: bytes = b""
    properties: dict[int, tuple[int, bytes]] = field(default_factory=dict)


def warm() -> None:
    """Import what the children need."""
    msg.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one message.

    Raises:
        ReadingFailed: damaged, too large.
    """
    builder = DocumentBuilder(media_type)
    page, body = "", b""
    properties: dict[int, tuple[int, bytes]] = {}
    files: list[_File] = []
    for number, value in _attributes(data):
        if number == _CODEPAGE:
            page = page_of(int.from_bytes(value[:4], "little"))
        elif number == _BODY:
            body = value
        elif number == _PROPERTIES:
            properties |= dict(_properties(value))
        elif number == _NEW_FILE:
            files.append(_File())
        elif files:
            _note(files[-1], number, value)
    seen = _add_body(properties, body, page, builder)
    found = [_attachment(file, page) for file in files]
    parts, following = attached.hand_out(found, wishes.first_part, builder)
    begins = data.count(_NEW_FILE.to_bytes(4, "little"))
    if begins:
        stored = len(found) - sum(bool(part.reason) for part in parts)
        builder.tally(Tally(Unit.PARTS, max(begins, len(found)), stored))
    builder.tally(account.characters(seen, builder.kept()))
    return Reading(builder.finish(), parts, following)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    if int.from_bytes(data[:4], "little") != MARK:
        raise ReadingFailed(Outcome.DAMAGED)
    at = 6
    while at + _ATTRIBUTE.size <= len(data):
        _, number, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        yield number, data[at : at + length]
        at += length + 2  # a checksum


def _note(file: _File, number: int, value: bytes) -> None:
    if number == _TITLE:
        file.title = value
    elif number == _DATA:
        file.data = value
    elif number == _FILE_PROPERTIES:
        file.properties |= dict(_properties(value))


def _properties(block: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Number, type and first value of every property; ends where the bytes make no sense."""
    count = int.from_bytes(block[:4], "little")
    at = 4
    for _ in range(min(count, len(block) // 8)):
        if at + 4 > len(block):
            return
        kind, number = struct.unpack_from("<HH", block, at)
        at += 4
        if number >= 0x8000:
            at = _past_name(block, at)
        values, at = _values(block, at, kind)
        if at < 0:
            return
        yield number, (kind, values[0] if values else b"")


def _past_name(block: bytes, at: int) -> int:
    by_name = int.from_bytes(block[at + 16 : at + 20], "little")
    length = int.from_bytes(block[at + 20 : at + 24], "little") if by_name else 0
    return at + 24 + -(-length // 4) * 4


def _values(block: bytes, at: int, kind: int) -> tuple[list[bytes], int]:
    """The values of a property and where the next begins, -1 for a type that is not known."""
    base = kind & ~_MANY
    varies = base in {_NARROW, _WIDE, _BINARY, _OBJECT}
    if not varies and base not in _LENGTHS:
        return [], -1
    count = 1
    if varies or kind & _MANY:
        count = int.from_bytes(block[at : at + 4], "little")
        at += 4
    values = []
    while count > 0 and at < len(block):
        length = _LENGTHS.get(base, 0)
        if varies:
            length = int.from_bytes(block[at : at + 4], "little")
            at += 4
        values.append(block[at : at + length])
        at += -(-length // 4) * 4
        count -= 1
    return values, at


def _text(properties: dict[int, tuple[int, bytes]], number: int, page: str) -> str:
    kind, value = properties.get(number, (0, b""))
    found = value.decode("utf-16-le", "replace") if kind == _WIDE else decoded(value, page)
    return found.rstrip("\0")


def _add_body(
    properties: dict[int, tuple[int, bytes]], body: bytes, page: str, builder: DocumentBuilder
) -> list[str]:
    seen = message.add_headers([("Subject", _text(properties, _SUBJECT, page))], builder)
    plain = _text(properties, _PLAIN, page) or decoded(body, page).rstrip("\0")
    packed = rtf_mail.unpacked(properties.get(_RTF, (0, b""))[1])
    html = _text(properties, _HTML, page) or rtf_mail.html_of(packed)
    if html.strip():
        seen += message.add_body(html, builder, html=True)
        message.add_missing(iter(re.split(r"\n\s*\n", plain.replace("\r\n", "\n"))), builder)
    elif plain.strip():
        seen += message.add_body(plain, builder, html=False)
    elif packed:
        seen += rtf.add_rtf(packed, builder)[1]
    return seen


def _attachment(file: _File, page: str) -> Attachment:
    names = (_text(file.properties, number, page) for number in _NAMES)
    name = next(filter(None, names), "") or decoded(file.title, page).rstrip("\0")
    kind, content = file.properties.get(_CONTENT, (0, b""))
    data = file.data or content
    if kind == _OBJECT:
        inner = content[_INTERFACE:]
        if int.from_bytes(inner[:4], "little") == MARK:
            return Attachment("", partial(bytes, inner), "message")
        unwrapped = ole_package.unwrap(inner or data)
        name, data = unwrapped or (name, inner or data)
    return Attachment(name, partial(bytes, data))
