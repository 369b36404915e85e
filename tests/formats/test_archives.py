"""Archives hand out every member, or say why not; nothing in them leads elsewhere or explodes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Sequence

import pytest

from appliance.errors import InputUnreadable
from appliance.formats import attached, kinds, reading
from appliance.formats.archives import members, zip_members
from appliance.formats.reading import Part, Reading, Wishes
from tests.formats.conftest import ReadAll

LETTER = b"Dear Ann, see you on Monday.\n"


def zipped(
    *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the same name twice
        for name, data in members:
            target.writestr(name, data)
    return out.getvalue()


def parts(data: bytes, kind: str = kinds.ZIP, *passwords: str) -> tuple[Part, ...]:
    return members.read(data, kind, Wishes(passwords=passwords)).parts


def test_every_member_is_a_part(read_all: ReadAll) -> None:
    data = zipped(("a/letter.txt", LETTER), ("a/", b""), ("b.zip", zipped(("c", b"x"))))

    found = read_all(data, "x.zip")

    assert found.document is None
    assert [(part.name, part.reason) for part in found.parts] == [
        ("a/letter.txt", ""),
        ("b.zip", ""),
    ]
    assert found.parts[0].data == LETTER
    assert found.next_part is None


def test_names_lead_nowhere_and_differ() -> None:
    names = (
        "../../etc/passwd",
        "/abs",
        "C:\\x\\y.txt",
        "a\x00\u202eb",
        "..",
        "y.txt",
        "Y.TXT",
        "y.txt",
    )
    data = zipped(*((zipfile.ZipInfo(name.replace("\x00", "0")), b"1") for name in names))

    found = [part.name for part in parts(data)]

    assert found == [
        *("etc/passwd", "abs", "x/y.txt", "a0b", "member 5.txt"),
        *("y.txt", "Y (2).TXT", "y (3).txt"),
    ]
    for name in found:
        reading._name(name)


def test_names_in_utf_8_without_the_flag() -> None:
    plain = zipped(("Gr__e.txt", b"1"))

    assert parts(plain.replace(b"Gr__e", "Grüe".encode()))[0].name == "Grüe.txt"


def test_notes_of_file_managers_are_no_documents() -> None:
    data = zipped(
        ("__MACOSX/._a.txt", b"1"), ("x/.DS_Store", b"1"), ("Thumbs.db", b"1"), ("a", b"1")
    )

    assert [part.name for part in parts(data)] == ["a"]


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("link")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


def steep() -> bytes:
    return zipped(("zeros", bytes(32 << 20)), ("a", LETTER), method=zipfile.ZIP_DEFLATED)


def wrong_sum() -> bytes:
    return zipped(("broken", b"x" * 50), ("a", LETTER)).replace(b"x" * 50, b"y" * 50, 1)


def broken_lzma() -> bytes:
    data = zipped(("broken", bytes(range(256)) * 9), ("a", LETTER), method=zipfile.ZIP_LZMA)
    return data[:50] + b"\xff" * 20 + data[70:]


def understated() -> bytes:
    """Members that claim less than they unpack to."""
    data = bytearray(zipped(("b", bytes(1000)), ("a", LETTER), method=zipfile.ZIP_DEFLATED))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(data)


def overlapping() -> bytes:
    """Two entries of the table of contents for one member's bytes."""
    data = zipped(("one", LETTER), ("two", LETTER), ("a", LETTER))
    at = data.index(b"PK\x01\x02")
    entry = bytearray(data[data.index(b"PK\x01\x02", at + 4) :][:46])
    entry[42:46] = struct.pack("<I", 0)
    second = data.index(b"PK\x01\x02", at + 4)
    return data[:second] + bytes(entry) + data[second + 46 :]


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (zipped((link(), b"/etc/passwd"), ("a", LETTER)), [zip_members.LINK, ""]),
        (steep(), [zip_members.BOMB, ""]),
        (wrong_sum(), [attached.DAMAGED, ""]),
        (broken_lzma(), [attached.DAMAGED, ""]),
        (understated(), [attached.DAMAGED, ""]),
        (overlapping(), [zip_members.OVERLAP, zip_members.OVERLAP, ""]),
        (zipped(("empty", b""), ("a", LETTER)), [attached.EMPTY, ""]),
    ],
)
def test_what_is_not_unpacked_has_a_reason(data: bytes, reasons: Sequence[str]) -> None:
    found = parts(data)

    assert [part.reason for part in found] == reasons
    assert [part.data for part in found if part.reason] == [b""] * (len(reasons) - 1)
    assert found[-1].data == LETTER


def test_more_members_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "MOST_MEMBERS", 2)

    found = parts(zipped(*((str(number), b"x") for number in range(4))))

    assert [part.reason for part in found] == ["", "", zip_members.TOO_MANY, zip_members.TOO_MANY]


def test_more_bytes_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "MOST_BYTES", 25)

    found = parts(zipped(("a", b"x" * 20), ("b", b"x" * 20)))

    assert [part.reason for part in found] == ["", zip_members.TOO_MANY]


def test_pages_of_parts_hold_all_of_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "PART_BUDGET", 100)
    data = zipped(
        *((f"{number}.txt", b"%d" % number * 40) for number in range(7)), ("big", bytes(500))
    )
    found: list[Part] = []
    answer = Reading(None, next_part=0)
    calls = 0
    while answer.next_part is not None:
        answer = members.read(data, kinds.ZIP, Wishes(first_part=answer.next_part))
        found += answer.parts
        calls += 1

    assert [part.name for part in found] == [*(f"{number}.txt" for number in range(7)), "big"]
    assert calls == 5


# --- encryption -----------------------------------------------------------------------------------


def zip_crypto(name: str, data: bytes, password: bytes) -> bytes:
    """An archive with one member, encrypted as PKZIP 2 does (APPNOTE.TXT 6.1)."""
    keys = [0x12345678, 0x23456789, 0x34567890]
    table = []
    for n in range(256):
        crc = n
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
        table.append(crc)

    def update(byte: int) -> None:
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 0xFF]

    for byte in password:
        update(byte)
    crc = zlib.crc32(data)
    out = bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + data:
        mask = keys[2] & 0xFFFF | 2
        out.append(byte ^ (mask * (mask ^ 1) >> 8 & 0xFF))
        update(byte)
    plain = bytearray(zipped((name, data)))
    at = plain.index(data)
    locked = plain[:at] + out + plain[at + len(data) :]
    for mark, flags, size in ((b"PK\x03\x04", 6, 18), (b"PK\x01\x02", 8, 20)):
        begin = locked.index(mark)
        locked[begin + flags] |= 1
        locked[begin + size : begin + size + 4] = struct.pack("<I", len(out))
    end = locked.index(b"PK\x05\x06")
    locked[end + 16 : end + 20] = struct.pack("<I", locked.index(b"PK\x01\x02"))
    return bytes(locked)


def test_a_password_opens_members() -> None:
    data = zip_crypto("letter.txt", LETTER, b"right")

    assert parts(data, kinds.ZIP, "wrong", "right")[0].data == LETTER


@pytest.mark.parametrize(("password", "words"), [("", "needs a password"), ("no", "is wrong")])
def test_an_archive_without_its_password(read_all: ReadAll, password: str, words: str) -> None:
    with pytest.raises(InputUnreadable, match=words):
        read_all(zip_crypto("letter.txt", LETTER, b"right"), "a.zip", password)


# --- others ---------------------------------------------------------------------------------------


def test_tar() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as target:
        for name, kind in (("../letter.txt", tarfile.REGTYPE), ("link", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            info.size = len(LETTER) if kind == tarfile.REGTYPE else 0
            target.addfile(info, io.BytesIO(LETTER))
        device = tarfile.TarInfo("device")
        device.type = tarfile.CHRTYPE
        target.addfile(device)

    found = parts(out.getvalue(), kinds.TAR)

    assert found == (
        Part("letter.txt", LETTER),
        Part("link", b"", zip_members.LINK),
        Part("device", b"", members.SPECIAL),
    )


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (gzip.compress(LETTER), kinds.GZIP),
        (gzip.compress(LETTER[:9]) + gzip.compress(LETTER[9:]), kinds.GZIP),
        (bz2.compress(LETTER), kinds.BZIP2),
        (lzma.compress(LETTER), kinds.XZ),
    ],
)
def test_single_files(data: bytes, kind: str) -> None:
    assert parts(data, kind) == (Part("content 1.txt", LETTER),)


def test_a_single_file_keeps_its_name() -> None:
    out = io.BytesIO()
    with gzip.GzipFile("letter.txt", "wb", fileobj=out) as target:
        target.write(LETTER)

    assert parts(out.getvalue(), kinds.GZIP) == (Part("letter.txt", LETTER),)


def test_what_a_single_file_unpacks_to_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (members, attached):
        monkeypatch.setattr(module, "LARGEST_PART", 1000)

    assert parts(gzip.compress(bytes(9999)), kinds.GZIP)[0].reason == attached.TOO_LARGE
    assert parts(gzip.compress(LETTER)[:-9], kinds.GZIP)[0].reason == attached.DAMAGED


def test_an_archive_that_broke_off() -> None:
    data = zipped(("a.txt", LETTER), ("b.txt", LETTER * 99))

    found = parts(data[:-300])

    assert found[0] == Part("a.txt", LETTER)
    assert found[1].reason == attached.DAMAGED
