"""Damaged and booby-trapped files end in text or in a reason, and harm nothing."""

from __future__ import annotations

import pytest

from appliance.errors import InputUnreadable
from tests.conftest import SAMPLES
from tests.ingest.conftest import Read

FILES = sorted(file.name for file in (SAMPLES / "hostile").iterdir() if file.suffix != ".md")


@pytest.mark.parametrize("name", FILES)
def test_text_or_a_reason(read: Read, name: str) -> None:
    data = (SAMPLES / "hostile" / name).read_bytes()

    try:
        ended = read(data, name).text
    except InputUnreadable as error:
        ended = error.remedy

    assert ended.strip()
    assert read(b"The next document.", "next.txt").text == "The next document."


def test_a_damaged_page_is_a_gap_and_the_others_are_read(read: Read) -> None:
    parsed = read((SAMPLES / "hostile" / "Pages-tree-refs.pdf").read_bytes(), "a.pdf")

    assert parsed.text
    assert {gap.reason for gap in parsed.gaps} == {"page is damaged"}


def test_a_repairable_file_is_read(read: Read) -> None:
    parsed = read((SAMPLES / "hostile" / "helloworld-bad.pdf").read_bytes(), "a.pdf")

    assert parsed.text == "Hello, world!"
