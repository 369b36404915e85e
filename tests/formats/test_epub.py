"""EPUB: chapters in the order of the book, nothing left out, nothing said twice."""

from __future__ import annotations

import pytest

from appliance.documents import ElementKind, Flag
from appliance.sandbox.outcome import Outcome, ReadingFailed
from tests.formats.packing import image, of, read, read_all, zipped

CONTAINER = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
OPF = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>A Small Book</dc:title></metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>
<item id="n" href="notes.xhtml" media-type="application/xhtml+xml"/>
<item id="p" href="p.png" media-type="image/png"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/></spine></package>"""


def page(text: str) -> str:
    body = f"<body><h1>{text}</h1><p>&nbsp;o’er it</p></body>"
    return f"<html xmlns='http://www.w3.org/1999/xhtml'>{body}</html>"


def book(**members: str | bytes) -> bytes:
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": OPF,
            "OPS/nav.xhtml": page("Contents"),
            "OPS/two b.xhtml": page("Second"),
            "OPS/one.xhtml": page("First"),
            "OPS/notes.xhtml": page("Notes"),
            **members,
        }
    )


def test_chapters_in_the_order_of_the_book() -> None:
    parsed = read(book(), "a.epub")

    assert parsed.title == "A Small Book"
    assert of(parsed, ElementKind.TITLE) == ["First", "Second", "Notes"]
    assert parsed.text.count("o’er it") == 3


def test_pictures_and_scripts() -> None:
    members: dict[str, str | bytes] = {"OPS/p.png": image(300, 300), "OPS/x.js": "x()"}

    found = read_all(book(**members), "a.epub")

    assert [scan.unit for scan in found.scans] == [0]
    assert found.document is not None
    assert found.document.flags == (Flag.ACTIVE,)


def test_a_book_without_its_order_is_read_by_name() -> None:
    parsed = read(book(**{"META-INF/container.xml": "<x/>", "OPS/book.opf": "broken"}), "a.epub")

    assert of(parsed, ElementKind.TITLE) == ["Contents", "Notes", "First", "Second"]
    assert parsed.gaps


@pytest.mark.parametrize(
    ("algorithm", "encrypted"),
    [
        ("http://www.w3.org/2001/04/xmlenc#aes256-cbc", True),
        ("http://www.idpf.org/2008/embedding", False),
    ],
)
def test_an_encrypted_book_is_said_to_be_so(algorithm: str, encrypted: bool) -> None:
    method = f'<EncryptionMethod Algorithm="{algorithm}"/>'
    rights = f"<encryption><EncryptedData>{method}</EncryptedData></encryption>"
    data = book(**{"META-INF/encryption.xml": rights})

    if not encrypted:
        assert read(data, "a.epub").text
        return
    with pytest.raises(ReadingFailed) as failed:
        read(data, "a.epub")
    assert failed.value.outcome is Outcome.ENCRYPTED
