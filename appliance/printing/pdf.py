"""Small PDF files of lines and black blocks, written without a library (ISO 32000-1, PDF 1.4).

Helvetica is one of the 14 fonts that every reader has, so nothing is embedded.  Characters are
those of WinAnsiEncoding; any other becomes a question mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 595, 842  # points; A4
_REGULAR, _BOLD = "/F1", "/F2"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: where it begins, from the left and from the top, in points."""

    text: str
    left: float
    top: float
    size: float = 8.0
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A filled black rectangle: where its upper left corner is, and its size, in points."""

    left: float
    top: float
    width: float
    height: float


Mark = Line | Block


def document(pages: Sequence[Sequence[Mark]], title: str = "") -> bytes:
    """The bytes of a PDF; the same lines give the same bytes."""
    first = 5  # object numbers: 1 catalogue, 2 page tree, 3 and 4 fonts, then pages and contents
    kids = " ".join(f"{first + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        _font("Helvetica"),
        _font("Helvetica-Bold"),
    ]
    for at, marks in enumerate(pages):
        objects += [_page(first + 2 * at + 1), _stream(marks)]
    objects.append(b"<< /Title (" + _escaped(title) + b") >>")
    return _file(objects)


def _font(name: str) -> bytes:
    return (
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
    )


def _page(contents: int) -> bytes:
    fonts = f"<< {_REGULAR} 3 0 R {_BOLD} 4 0 R >>"
    return (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] "
        f"/Resources << /Font {fonts} >> /Contents {contents} 0 R >>"
    ).encode()


def _stream(marks: Iterable[Mark]) -> bytes:
    drawn = b"".join(map(_drawn, marks))
    return f"<< /Length {len(drawn)} >>\nstream\n".encode() + drawn + b"endstream"


def _drawn(mark: Mark) -> bytes:
    if isinstance(mark, Block):
        bottom = HEIGHT - mark.top - mark.height
        return f"{mark.left:g} {bottom:g} {mark.width:g} {mark.height:g} re f\n".encode()
    font = _BOLD if mark.bold else _REGULAR
    begin = f"BT {font} {mark.size:g} Tf {mark.left:g} {HEIGHT - mark.top:g} Td ("
    return begin.encode() + _escaped(mark.text) + b") Tj ET\n"


def _escaped(text: str) -> bytes:
    shown = "".join(c if c.isprintable() else " " for c in text)
    plain = shown.encode("cp1252", "replace")
    for mark in (b"\\", b"(", b")"):
        plain = plain.replace(mark, b"\\" + mark)
    return plain


def _file(objects: Sequence[bytes]) -> bytes:
    """Objects, the table of where each begins, and the trailer (ISO 32000-1, 7.5)."""
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"<< /Size {size} /Root 1 0 R /Info {len(objects)} 0 R >>"
    return (
        data
        + f"xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer\n{trailer}\nstartxref\n{len(data)}\n%%EOF\n".encode()
    )
