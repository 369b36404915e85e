"""Outlook messages: headers, the forms of the body, attachments, messages within messages."""

from __future__ import annotations

import struct

import pytest

from appliance.documents import Tally, Unit
from appliance.errors import InputUnreadable
from appliance.formats import kinds
from appliance.formats.mail import message as mail
from appliance.formats.mail import msg
from appliance.formats.ole.container import Tree, pack
from appliance.formats.reading import Reading, Wishes
from appliance.formats.rtf import mail as rtf_mail
from tests.conftest import SAMPLES
from tests.formats.conftest import ReadAll

FIXED = "__properties_version1.0"
PAGE = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}"
    rb"{\*\htmltag19 <html>}{\*\htmltag50 <body>}\htmlrtf {\htmlrtf0 {\*\htmltag64 <p>}"
    rb"Gr\'fc\'dfe \u8364?{\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 bold\htmlrtf }\htmlrtf0"
    rb"{\*\htmltag92 </b>}\htmlrtf only rtf\par\htmlrtf0 {\*\htmltag72 </p>}{\*\htmltag58 </body>}}"
)


def text(number: int, value: str) -> dict[str, bytes]:
    return {f"__substg1.0_{number:04X}001F": value.encode("utf-16-le")}


def fixed(head: int, *entries: tuple[int, int, bytes], attachments: int = 0) -> dict[str, bytes]:
    """Numbers of fixed length; ``head``: bytes before them."""
    begin = bytearray(head)
    if head > 20:
        begin[20:24] = struct.pack("<I", attachments)
    rows = (struct.pack("<HHI8s", kind, number, 6, value) for number, kind, value in entries)
    return {FIXED: bytes(begin) + b"".join(rows)}


def packed(rtf: bytes) -> bytes:
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def attachment(name: str, data: bytes, number: int = 0) -> dict[str, bytes | Tree]:
    entries = fixed(8, (0x3705, 3, struct.pack("<I", 1)))
    streams = {**entries, **text(0x3707, name), "__substg1.0_37010102": data}
    return {f"__attach_version1.0_#{number:08X}": streams}


def read(tree: Tree) -> Reading:
    return msg.read(pack(tree), kinds.MSG, Wishes())


def words(found: Reading) -> list[str]:
    assert found.document is not None
    return [element.span.of(found.document.text) for element in found.document.elements]


def test_a_message_of_outlook(read_all: ReadAll) -> None:
    found = read_all((SAMPLES / "legacy" / "attachment.msg").read_bytes(), "a.msg")

    assert found.document is not None
    assert found.document.title == "Fake email with attachment"
    assert "Here's the attachments!" in found.document.text
    assert found.document.text.count("Lots of whitespace") == 1
    assert [(part.name, part.data) for part in found.parts] == [
        ("fake-attachment.txt", b"Hey this is a fake attachment!")
    ]
    assert found.document.unexplained() == ()


def test_headers() -> None:
    recipients: dict[str, Tree] = {
        f"__recip_version1.0_#{number:08X}": {
            **fixed(8, (0x0C15, 3, struct.pack("<I", kind))),
            **text(0x3001, name),
            **text(0x39FE, address),
        }
        for number, (kind, name, address) in enumerate(
            [(1, "Bob", "bob@example.com"), (1, "Cy", ""), (2, "Dee", "dee@example.com")]
        )
    }
    moment = struct.pack("<Q", 133_486_632_000_000_000)
    top = {**text(0x37, "Offer"), **text(0x0C1A, "Ada"), **text(0x5D01, "ada@example.com")}

    found = read({**top, **recipients, **fixed(32, (0x39, 0x40, moment)), **text(0x1000, "Body.")})

    assert words(found) == [
        *("Subject: Offer", "From: Ada <ada@example.com>", "To: Bob <bob@example.com>; Cy"),
        *("Cc: Dee <dee@example.com>", "Date: 2024-01-02 10:00:00+00:00", "Body."),
    ]


def test_a_page_within_rtf() -> None:
    assert rtf_mail.html_of(PAGE).replace("\r\n", "") == (
        "<html><body><p>Grüße €<b>bold</b></p></body>"
    )
    found = read({**fixed(32), **text(0x37, "x"), "__substg1.0_10090102": packed(PAGE)})

    assert words(found) == ["Subject: x", "Grüße €bold"]


def test_rtf_that_is_no_page() -> None:
    rtf = rb"{\rtf1\ansi One\par Two\par}"

    found = read({**fixed(32), **text(0x37, "x"), "__substg1.0_10090102": packed(rtf)})

    assert words(found) == ["Subject: x", "One", "Two"]


def test_packed_rtf() -> None:
    """The example of [MS-OXRTFCP] 4.1.1."""
    stream = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
        "0af32068656c090020627705b06c647d0a800fa0"
    )

    assert rtf_mail.unpacked(stream) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"


def test_plain_text_counts_where_it_says_more() -> None:
    page = {"__substg1.0_10130102": b"<p>One</p>"}

    found = read({**fixed(32), **page, **text(0x1000, "One\r\n\r\nTwo")})

    assert words(found) == ["One", "Two"]


def test_a_message_within_a_message() -> None:
    inner: dict[str, bytes | Tree] = {
        **fixed(24, (0x39, 0x40, struct.pack("<Q", 133_486_632_000_000_000))),
        **text(0x37, "Inner"),
        **text(0x1000, "Forty thousand."),
        **attachment("deep.txt", b"deep"),
    }
    storage: dict[str, bytes | Tree] = {
        **fixed(8, (0x3705, 3, struct.pack("<I", 5))),
        "__substg1.0_3701000D": inner,
    }
    outer: dict[str, bytes | Tree] = {
        **fixed(32, attachments=1),
        **text(0x37, "Outer"),
        **text(0x1000, "Body."),
    }

    found = read({**outer, "__attach_version1.0_#00000000": storage})

    assert [part.name for part in found.parts] == ["message 1.msg"]
    assert kinds.sniff(found.parts[0].data, "") == kinds.MSG
    again = msg.read(found.parts[0].data, kinds.MSG, Wishes())
    assert words(again) == [
        *("Subject: Inner", "Date: 2024-01-02 10:00:00+00:00", "Forty thousand."),
    ]
    assert [part.name for part in again.parts] == ["deep.txt"]


def test_attachments_that_are_not_there_are_said_to_be_missing() -> None:
    link = fixed(8, (0x3705, 3, struct.pack("<I", 4)))
    tree = {**fixed(32, attachments=3), **text(0x1000, "Body."), **attachment("a.txt", b"a", 1)}

    found = read({**tree, "__attach_version1.0_#00000000": {**link, **text(0x3707, "l.txt")}})

    assert [(part.name, part.reason) for part in found.parts] == [
        *(("l.txt", mail.ELSEWHERE), ("a.txt", "")),
    ]
    assert found.document is not None
    assert found.document.unexplained() == (Tally(Unit.PARTS, 3, 1),)


def test_an_encrypted_message_is_said_to_be_so(read_all: ReadAll) -> None:
    with pytest.raises(InputUnreadable, match="encrypted"):
        read_all((SAMPLES / "legacy" / "encrypted.msg").read_bytes(), "a.msg")
