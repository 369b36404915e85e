"""Zip containers: whole, cut, damaged, encrypted, or far larger than they look."""

from __future__ import annotations

import io
import zipfile

import pytest

from appliance.formats import zip_package
from appliance.formats.zip_package import Package
from appliance.sandbox.outcome import Outcome, ReadingFailed
from tests.formats.packing import zipped

WORDS = b"The parties agree as follows. " * 400


def test_members_by_plain_names_in_counting_order() -> None:
    found = Package(zipped({"a\\s10.xml": b"1", "/a/s2.xml": b"2", "a/s.txt": b"3"}))

    assert found.named(r"a/.*\.xml") == ["a/s2.xml", "a/s10.xml"]
    assert found.read("a/s2.xml") == b"2"
    assert "a/s10.xml" in found
    assert not found.cut


def test_a_container_that_breaks_off_gives_what_was_before() -> None:
    whole = zipped({"first.xml": WORDS, "second.xml": bytes(range(256)) * 64})
    cut = whole[: whole.index(b"second.xml") + 60]

    found = Package(cut)

    assert found.cut
    assert found.read("first.xml") == WORDS
    assert "first.xml" not in found.damaged
    assert len(found.read("second.xml")) < 256 * 64
    assert "second.xml" in found.damaged


def test_a_cut_container_whose_headers_do_not_tell_sizes() -> None:
    out = io.BytesIO()
    stream = io.BufferedWriter(_Unseekable(out))
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.xml", WORDS)
        archive.writestr("second.xml", b"two")
    cut = out.getvalue()[: out.getvalue().rindex(b"PK\x01\x02") - 46]

    found = Package(cut)

    assert found.read("first.xml") == WORDS
    assert found.read("second.xml") == b"two"


class _Unseekable(io.RawIOBase):
    """A pipe, as far as zipfile can tell."""

    def __init__(self, sink: io.BytesIO) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._sink.write(bytes(data))  # type: ignore[call-overload]


def test_a_damaged_member_gives_its_begin() -> None:
    whole = bytearray(zipped({"a.xml": b"".join(b"%d " % n for n in range(20_000))}))
    at = len(whole) // 2
    whole[at : at + 40] = b"\xff" * 40

    found = Package(bytes(whole))

    assert found.read("a.xml").startswith(b"0 1 2 3")
    assert found.damaged == {"a.xml"}


def test_a_member_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_package, "LARGEST_MEMBER", 1 << 20)
    whole = zipped({"a.xml": bytes(2 << 20)})

    for data in (whole, whole[:-30]):
        with pytest.raises(ReadingFailed) as failed:
            Package(data).read("a.xml")
        assert failed.value.outcome is Outcome.TOO_LARGE


def test_all_members_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_package, "MOST_BYTES", 3 << 20)
    found = Package(zipped({"a": bytes(2 << 20), "b": bytes(2 << 20)}))

    found.read("a")
    with pytest.raises(ReadingFailed):
        found.read("b")


def test_what_is_no_container_is_damaged() -> None:
    with pytest.raises(ReadingFailed) as failed:
        Package(b"PK\x03\x04 and nothing else")
    assert failed.value.outcome is Outcome.DAMAGED


def test_an_encrypted_member_is_said_to_be_so() -> None:
    whole = bytearray(zipped({"a.xml": b"text"}))
    whole[whole.index(b"PK\x01\x02") + 8] |= 1  # the flag, in the table of contents

    with pytest.raises(ReadingFailed) as failed:
        Package(bytes(whole)).read("a.xml")
    assert failed.value.outcome is Outcome.ENCRYPTED
