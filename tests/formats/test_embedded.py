"""Files inside office documents: handed out with their names, page by page."""

from __future__ import annotations

import pytest

from appliance.documents import Flag
from appliance.formats import attached, embedded
from tests.conftest import SAMPLES
from tests.formats.packing import read_all, word


def test_a_packaged_file_comes_out_of_its_ole_object() -> None:
    found = read_all((SAMPLES / "hostile" / "embedded-simple-2007.docx").read_bytes(), "a.docx")

    assert [(part.name, part.data[:4]) for part in found.parts] == [
        ("simple-text-file.txt", b"This")
    ]
    assert found.document is not None
    assert Flag.ACTIVE in found.document.flags


def test_an_object_without_a_file_is_a_gap() -> None:
    data = word("", **{"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1junk"})

    found = read_all(data, "a.docx")

    assert found.document is not None
    assert [(part.name, part.data) for part in found.parts] == [("oleObject1.bin", b"")]
    assert [gap.reason for gap in found.document.gaps] == [embedded.NO_FILE]
    assert found.document.unexplained() == ()


def test_parts_come_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "PART_BUDGET", 10)
    data = word("", **{f"word/embeddings/{n}.txt": b"12345678" for n in range(3)})

    names = []
    first: int | None = 0
    while first is not None:
        found = read_all(data, "a.docx", first_part=first)
        names += [part.name for part in found.parts]
        first = found.next_part

    assert names == ["0.txt", "1.txt", "2.txt"]
