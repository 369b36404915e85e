"""Writes small PDF files for the tests: text at given places, pictures, entries, attached files.

``{x0}``, ``{x1}`` ... in the text of an object stand for the numbers of the extra objects.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """Text that begins at x, y (points from the bottom left)."""

    x: float
    y: float
    text: str
    size: float = 10
    bold: bool = False


@dataclass(frozen=True)
class Page:
    """One page of 612 by 792 points."""

    lines: Sequence[Line] = field(default_factory=tuple)
    rotate: int = 0
    box: tuple[int, int, int, int] = (0, 0, 612, 792)
    drawing: str = ""  # painted before the text
    after: str = ""  # painted after it
    pictures: Sequence[str] = field(default_factory=tuple)  # "/Im0 {x0} 0 R"
    entries: Sequence[str] = field(default_factory=tuple)  # annotation dictionaries, or "{x0}"


def pdf(*pages: Page, title: str = "", catalog: str = "", extras: Sequence[str] = ()) -> bytes:
    """The bytes of a PDF with these pages; ``extras`` are further objects."""
    first_extra = 6 + 2 * len(pages)
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids "
        f"[{' '.join(f'{6 + 2 * at} 0 R' for at in range(len(pages)))}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({title}) >>",
    ]
    for at, page in enumerate(pages):
        content = page.drawing + "\n".join(map(_show, page.lines)) + "\n" + page.after
        entries = " ".join(
            f"{entry} 0 R" if entry.startswith("{") else entry for entry in page.entries
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{' '.join(map(str, page.box))}] "
            f"/Rotate {page.rotate} /Contents {7 + 2 * at} 0 R /Annots [{entries}] "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> "
            f"/XObject << {' '.join(page.pictures)} >> >> >>"
        )
        objects.append(stream(content))
    objects += extras
    return _file([_numbered(content, first_extra) for content in objects])


def stream(content: str, dictionary: str = "") -> str:
    """A stream as an object; every character is one byte."""
    return f"<< {dictionary} /Length {len(content)} >>\nstream\n{content}\nendstream"


def picture(width: int = 200, height: int = 100) -> str:
    """A grey picture as an extra object."""
    return stream(
        "\x80" * (width * height),
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} "
        "/ColorSpace /DeviceGray /BitsPerComponent 8",
    )


def painted(x: float, y: float, width: float, height: float, name: str = "Im0") -> str:
    """Content that paints a picture there."""
    return f"q {width} 0 0 {height} {x} {y} cm /{name} Do Q\n"


def prose(x: float, y: float, *lines: str, step: float = 12) -> list[Line]:
    """Lines of text below each other."""
    return [Line(x, y - at * step, text) for at, text in enumerate(lines)]


def shown(text: str, x: float, y: float, size: float = 10, before: str = "") -> str:
    """Content that shows text, after some operators."""
    return f"q {before} {_show(Line(x, y, text, size))} Q\n"


def _numbered(content: str, first: int) -> str:
    return re.sub(r"\{x(\d+)\}", lambda match: str(first + int(match[1])), content)


def _show(line: Line) -> str:
    font = "F2" if line.bold else "F1"
    text = line.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /{font} {line.size} Tf {line.x} {line.y} Td ({text}) Tj ET"


def _file(objects: list[str]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info 5 0 R >>\n".encode()
    return bytes(out + f"startxref\n{table}\n%%EOF\n".encode())
