"""A mailbox hands out its messages, one by one."""

from __future__ import annotations

from appliance.formats import kinds
from appliance.formats.mail import mbox
from appliance.formats.reading import Part, Wishes
from tests.formats.conftest import ReadAll

FIRST = b"From: a@example.com\nTo: b@example.com\nSubject: one\n\nFrom 10:00 on we meet.\n"
SECOND = b"From: b@example.com\nSubject: two\n\nBody\n"
LINE = b"From a@example.com Tue Jan  2 10:00:00 2024\n"


def test_messages(read_all: ReadAll) -> None:
    found = read_all(LINE + FIRST + b"\n" + LINE + SECOND, "inbox")

    assert found.document is None
    assert found.parts == (
        Part("message 00001.eml", FIRST + b"\n"),
        Part("message 00002.eml", SECOND),
    )


def test_quoted_lines_and_windows_line_ends() -> None:
    body = SECOND.replace(b"Body", b">From me\n>>From you\n> From us").replace(b"\n", b"\r\n")
    line = LINE.replace(b"\n", b"\r\n")

    found = mbox.read(line + body + b"\r\n" + line + body, kinds.MBOX, Wishes())

    assert len(found.parts) == 2
    assert b"\r\nFrom me\r\n>From you\r\n> From us\r\n" in found.parts[1].data


def test_going_on_later() -> None:
    data = b"\n".join([LINE + FIRST] * 5)

    found = mbox.read(data, kinds.MBOX, Wishes(first_part=3))

    assert [part.name for part in found.parts] == ["message 00004.eml", "message 00005.eml"]
