"""Files inside embedded OLE objects, whatever wraps them."""

from __future__ import annotations

import struct

import pytest

from appliance.formats.ole import package as ole_package
from appliance.formats.ole.container import Container, pack

LETTER = b"Dear Ann, see you on Monday.\n"


def native(name: bytes, data: bytes, kind: int = 3) -> bytes:
    head = b"\x02\0" + name + b"\0" + b"C:\\temp\\" + name + b"\0" + struct.pack("<HH", 0, kind)
    packaged = head + struct.pack("<I", 4) + b"tmp\0" + struct.pack("<I", len(data)) + data
    return struct.pack("<I", len(packaged)) + packaged


@pytest.mark.parametrize(
    ("streams", "name", "data"),
    [
        ({"\x01Ole10Native": native(b"letter.txt", LETTER)}, "letter.txt", LETTER),
        ({"\x01Ole10Native": struct.pack("<I", 9) + b"%PDF-1.4\n"}, ".pdf", b"%PDF-1.4\n"),
        ({"Package": b"PK\x05\x06" + bytes(18)}, ".zip", b"PK\x05\x06" + bytes(18)),
        ({"CONTENTS": b"%PDF-1.4\n" * 999}, ".pdf", b"%PDF-1.4\n" * 999),
    ],
)
def test_the_file_within(streams: dict[str, bytes], name: str, data: bytes) -> None:
    found = ole_package.unwrap(pack(streams))

    assert found is not None
    assert found[0].endswith(name)
    assert found[1] == data


def test_an_old_document_stays_a_container() -> None:
    inner = {"WordDocument": b"x" * 5000, "1Table": b"y"}
    outer = Container(pack({"ObjectPool": {"_1": inner}, "WordDocument": b"z"}))

    found = ole_package.unwrap_storage(outer, ("ObjectPool", "_1"))

    assert found is not None
    assert found[0].endswith(".doc")
    assert Container(found[1]).stream("WordDocument") == b"x" * 5000
    assert Container(found[1]).stream("1Table") == b"y"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no container",
        pack({"Equation Native": b"x"}),
        pack({"\x01Ole10Native": native(b"a.txt", LETTER, kind=1)}),  # a link
        pack({"\x01Ole10Native": native(b"a.txt", LETTER)[:14]}),
        pack({"\x01Ole10Native": b"\xff\xff\xff\xff\x02\0" + b"x" * 9}),
    ],
)
def test_an_object_without_a_file(data: bytes) -> None:
    assert ole_package.unwrap(data) is None


def test_many_streams_in_deep_storages_survive_packing() -> None:
    streams = {f"stream {number}": bytes([number % 256]) * number for number in range(3000)}
    packed = Container(pack({"a": {"b": {"c": streams}}, "large": b"l" * 3_000_000}))

    assert len(packed.below("a", "b", "c")) == 3000
    assert packed.stream("A", "B", "C", "STREAM 2999") == streams["stream 2999"]
    assert packed.stream("large") == b"l" * 3_000_000
    assert packed.tree("a", "b") == {"c": streams}
    assert packed.children("a") == ["b"]
