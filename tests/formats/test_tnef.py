"""winmail.dat: the body and the files in it."""

from __future__ import annotations

import struct

import pytest

from appliance.documents import Tally, Unit
from appliance.errors import InputUnreadable
from appliance.formats import attached, kinds
from appliance.formats.mail import tnef
from appliance.formats.reading import Reading, Wishes
from tests.formats.conftest import ReadAll


def attribute(number: int, value: bytes, level: int = 1) -> bytes:
    return (
        struct.pack("<BII", level, number, len(value))
        + value
        + struct.pack("<H", sum(value) & 0xFFFF)
    )


def stream(*attributes: bytes) -> bytes:
    return struct.pack("<IH", tnef.MARK, 1) + b"".join(attributes)


def properties(*rows: bytes) -> bytes:
    return struct.pack("<I", len(rows)) + b"".join(rows)


def text(number: int, value: str, name: str = "") -> bytes:
    raw = value.encode("utf-16-le")
    named = b""
    if name:
        wide = name.encode("utf-16-le")
        named = bytes(16) + struct.pack("<II", 1, len(wide)) + wide + bytes(-len(wide) % 4)
    head = struct.pack("<HH", 0x1F, number) + named + struct.pack("<II", 1, len(raw))
    return head + raw + bytes(-len(raw) % 4)


def number(identity: int) -> bytes:
    return struct.pack("<HHI", 3, identity, 7)


def read(data: bytes) -> Reading:
    return tnef.read(data, kinds.TNEF, Wishes())


def words(found: Reading) -> list[str]:
    assert found.document is not None
    return [element.span.of(found.document.text) for element in found.document.elements]


def test_body_and_files(read_all: ReadAll) -> None:
    inner = stream(attribute(0x0002800C, b"Forty thousand."))
    content = struct.pack("<HHII", 0x0D, 0x3701, 1, 16 + len(inner)) + bytes(16) + inner
    data = stream(
        attribute(0x00069007, struct.pack("<II", 1252, 0)),
        attribute(0x00069003, properties(text(0x8001, "n", "abc"), number(5), text(0x37, "Offer"))),
        attribute(0x0002800C, "Grüße\r\n\r\nBody.".encode("cp1252")),
        attribute(0x00069002, bytes(14), 2),
        attribute(0x00018010, b"SHORT.TXT\0", 2),
        attribute(0x0006800F, b"letter", 2),
        attribute(0x00069005, properties(text(0x3707, "A long name.txt")), 2),
        attribute(0x00069002, bytes(14), 2),
        attribute(0x00069005, properties(content), 2),
    )

    found = read_all(data, "winmail.dat")

    assert words(found) == ["Subject: Offer", "Grüße", "Body."]
    assert [part.name for part in found.parts] == ["A long name.txt", "message 2.dat"]
    assert found.parts[0].data == b"letter"
    assert words(read(found.parts[1].data)) == ["Forty thousand."]
    assert found.document is not None
    assert Tally(Unit.PARTS, 2, 2) in found.document.tallies


def test_a_page_within_rtf() -> None:
    rtf = rb"{\rtf1\fromhtml1{\*\htmltag64 <p>}Hello{\*\htmltag72 </p>}}"
    packed = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    row = struct.pack("<HHII", 0x102, 0x1009, 1, len(packed)) + packed + bytes(-len(packed) % 4)

    assert words(read(stream(attribute(0x00069003, properties(row))))) == ["Hello"]


def test_a_file_without_bytes_is_said_to_be_empty() -> None:
    found = read(stream(attribute(0x0002800C, b"Body."), attribute(0x00069002, bytes(14), 2)))

    assert [part.reason for part in found.parts] == [attached.EMPTY]
    assert found.document is not None
    assert found.document.unexplained() == ()


@pytest.mark.parametrize(
    "block",
    [
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<IHHI", 9, 0x1F, 0x37, 0xFFFFFFFF),
        struct.pack("<IHH", 9, 0x77, 0x37) + bytes(99),
        struct.pack("<IHH16xII", 9, 0x1F, 0x8037, 1, 0xFFFFFFFF),
    ],
)
def test_properties_that_make_no_sense_end(block: bytes) -> None:
    body = attribute(0x0002800C, b"Body.")

    assert words(read(stream(attribute(0x00069003, block), body)))[-1] == "Body."


def test_something_else_is_damaged(read_all: ReadAll) -> None:
    with pytest.raises(InputUnreadable):
        read_all(b"\x78\x9f\x3e\x22", "winmail.dat")
