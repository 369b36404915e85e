"""The documents that trials take in: made up, small, the same for the same seed."""

from __future__ import annotations

import email.message
import random
from collections.abc import Sequence
from pathlib import Path

_NAMES = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple")
_GOODS = ("samples", "valves", "ledgers", "reports", "sensors", "licences", "seeds", "panels")
_KINDS = ("eml", "txt", "html", "md", "csv", "txt", "twin", "txt", "broken", "pdf")
_LINES = (
    "CONSULTING AGREEMENT",
    "This agreement is made between Alder Systems Inc. and Birch Labs LLC.",
    "1. Alder Systems Inc. delivers twelve samples to Birch Labs LLC in the first week.",
    "2. The agreement is governed by the laws of the State of Delaware.",
    "3. Either party may terminate the agreement with sixty days' written notice.",
)


def write_one(folder: Path) -> None:
    """One small document that is read quickly."""
    (folder / "agreement.pdf").write_bytes(small_pdf(_LINES))


def small_pdf(lines: Sequence[str]) -> bytes:
    """A PDF of one page with these lines (ISO 32000-1, 7.5)."""
    shown = "".join(f"({line}) Tj 0 -20 Td " for line in lines)
    content = f"BT /F1 11 Tf 60 780 Td {shown}ET".encode("ascii")
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, begin = len(objects) + 1, len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
    return file + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, begin)


def write_many(folder: Path, count: int, seed: int, *, twins: bool = True) -> None:
    """Small documents of several kinds; of every ten, one repeats another and one is damaged."""
    draw = random.Random(seed)  # noqa: S311 -- no secret
    last = ""
    for number in range(count):
        kind, paragraphs = _KINDS[number % len(_KINDS)], _paragraphs(draw, number)
        kind = "txt" if kind == "twin" and not twins else kind
        name = f"{number:02d}-{draw.choice(_NAMES).lower()}"
        if kind == "twin":
            (folder / f"{name}.txt").write_text(last)
        elif kind == "broken":
            (folder / f"{name}.pdf").write_bytes(b"%PDF-1.4 and nothing else")
        elif kind == "pdf":
            (folder / f"{name}.pdf").write_bytes(small_pdf(paragraphs))
        elif kind == "eml":
            (folder / f"{name}.eml").write_bytes(_mail(paragraphs))
        else:
            (folder / f"{name}.{kind}").write_text(_as(kind, paragraphs))
        last = _as("txt", paragraphs)


def _paragraphs(draw: random.Random, number: int) -> list[str]:
    one, other = draw.sample(_NAMES, 2)
    lines = [f"AGREEMENT {number}", f"This agreement is made between {one} Inc. and {other} LLC."]
    for clause in range(1, draw.randint(4, 12)):
        party, goods = draw.choice((one, other)), draw.choice(_GOODS)
        amount = draw.randint(2, 900)
        lines.append(f"{clause}. {party} delivers {amount} {goods} in week {draw.randint(1, 52)}.")
    return lines


def _as(kind: str, paragraphs: list[str]) -> str:
    if kind == "html":
        body = "".join(f"<p>{line}</p>" for line in paragraphs)
        return f"<!DOCTYPE html><html><body>{body}</body></html>"
    if kind == "csv":
        return "clause,words\n" + "".join(f"{n},{line}\n" for n, line in enumerate(paragraphs))
    return "\n\n".join(paragraphs) + "\n"


def _mail(paragraphs: list[str]) -> bytes:
    message = email.message.EmailMessage()
    message["From"], message["To"] = "ana@alder.example", "ben@birch.example"
    message["Date"], message["Subject"] = "Tue, 3 Mar 2020 10:00:00 +0000", paragraphs[0].title()
    message.set_content(_as("txt", paragraphs))
    attached = "Annex\n\nThe annex names the place of delivery: " + paragraphs[1]
    message.add_attachment(attached, filename="annex.txt")
    message.set_boundary("boundary-of-a-trial")
    return message.as_bytes()
