"""Plain text, Markdown and separated values."""

from __future__ import annotations

import pytest

from appliance.documents import ElementKind, Flag, Unit
from appliance.formats.plain import prose
from tests.formats.packing import of, read, read_all, table


def test_text_in_blocks() -> None:
    text = (
        "SERVICE AGREEMENT\n\nThe parties agree\nas follows.\n\nTerms\n=====\n\n"
        "- one\n  goes on\n- two\n\n1) first\n2) second\n\nSigned in Bern, on 3 May.\n"
    )

    parsed = read(text.encode(), "a.txt")

    assert of(parsed, ElementKind.TITLE) == ["SERVICE AGREEMENT", "Terms\n====="]
    assert of(parsed, ElementKind.LIST_ITEM) == ["- one\ngoes on", "- two", "1) first", "2) second"]
    assert of(parsed, ElementKind.TEXT) == [
        "The parties agree\nas follows.",
        "Signed in Bern, on 3 May.",
    ]


@pytest.mark.parametrize(
    "line", ["Terms and Conditions", "1. Scope of Work", "DIAGNOSIS:", "Annex B"]
)
def test_lines_that_are_titles(line: str) -> None:
    assert prose.is_title(line)


@pytest.mark.parametrize(
    "line", ["The parties agree.", "and so on", "12,400.00", "- an item", "x", "A" * 200]
)
def test_lines_that_are_none(line: str) -> None:
    assert not prose.is_title(line)


def test_a_text_of_one_line_without_end_is_kept() -> None:
    text = "word " * 200_000

    assert read(text.encode(), "a.txt").text.count("word") == 200_000


def test_bytes_without_a_meaning_are_counted() -> None:
    parsed = read(b"\xff\xfeT\x00e\x00x\x00t\x00\x00\xd8", "a.txt")

    assert parsed.text == "Text\ufffd"
    assert [(g.unit, g.amount) for g in parsed.gaps] == [(Unit.CHARACTERS, 1)]


def test_markdown_keeps_code_tables_and_footnotes() -> None:
    text = (
        "# Terms\n\nPay `net 30`.[^1]\n\n| Fee | Due |\n|---|---|\n| 5 | N/A |\n\n"
        "1. one\n2. two\n\n```\nx = 1\n```\n\n[^1]: Euro\n"
    )

    parsed = read(text.encode(), "a.md")

    assert of(parsed, ElementKind.TITLE) == ["Terms"]
    assert of(parsed, ElementKind.LIST_ITEM) == ["1. one", "2. two"]
    assert table(parsed) == ["H 0:Fee 1:Due", "0:5 1:N/A"]
    for words in ("net 30", "x = 1", "[^1]: Euro"):
        assert parsed.text.count(words) == 1


def test_markdown_nested_without_end_is_kept() -> None:
    parsed = read(b"> " * 3000 + b"deep words\n\nafter\n", "a.md")

    assert "deep words" in parsed.text
    assert "after" in parsed.text


def test_markdown_hides_and_runs_like_the_page_that_it_is() -> None:
    text = "Seen\n\n<p style='display:none'>secret</p>\n\n<script>x()</script>\n"

    parsed = read(text.encode(), "a.md")

    assert parsed.text == "Seen"
    assert [each.text for each in parsed.hidden] == ["secret"]
    assert set(parsed.flags) == {Flag.HIDDEN_TEXT, Flag.ACTIVE}


def test_separated_values_keep_zeros_missing_values_and_uneven_rows() -> None:
    data = b'id;amount;note\n007;1.10;"a;b"\nN/A;2;more;still more\n;;null\n'

    assert table(read(data, "a.csv")) == [
        "H 0:id 1:amount 2:note",
        "0:007 1:1.10 2:a;b",
        "0:N/A 1:2 2:more 3:still more",
        "2:null",
    ]


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"a\tb\n1\t2\n", ["H 0:a 1:b", "0:1 1:2"]),
        (b'sep=|\na|b\n1|"2\n3"\n', ["H 0:a 1:b", "0:1 1:2 3"]),
        (b"Ducks of the year\nYear,Count\n2019,120\n", ["H 0:Year 1:Count", "0:2019 1:120"]),
    ],
)
def test_separators_and_titles(data: bytes, rows: list[str]) -> None:
    assert table(read(data, "a.csv")) == rows


def test_the_count_notices_what_the_reader_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "_pieces", lambda _: iter(()))

    found = read_all(b"Lost words", "a.txt").document

    assert found is not None
    assert [(t.unit, t.seen - t.stored) for t in found.unexplained()] == [(Unit.CHARACTERS, 9)]
