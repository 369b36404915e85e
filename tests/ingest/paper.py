"""Writes small PDF files for the tests: text at given places, rotated pages, pictures."""

from __future__ import annotations

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
    drawing: str = ""


def pdf(*pages: Page, title: str = "") -> bytes:
    """The bytes of a PDF with these pages."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids "
        f"[{' '.join(f'{6 + 2 * at} 0 R' for at in range(len(pages)))}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
        f"<< /Title ({title}) >>",
    ]
    for at, page in enumerate(pages):
        content = page.drawing + "\n".join(map(_show, page.lines))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{' '.join(map(str, page.box))}] "
            f"/Rotate {page.rotate} /Contents {7 + 2 * at} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    return _file(objects)


def prose(x: float, y: float, *lines: str, step: float = 12) -> list[Line]:
    """Lines of text below each other."""
    return [Line(x, y - at * step, text) for at, text in enumerate(lines)]


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
