"""A checkpoint on paper: text, a page to print with a QR code, and a short code to compare.

Whoever signs the sheet and files it holds a witness that no program can change: later
``appliance audit verify --paper CODE --size N`` says whether the log still begins like this.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.audit.checkpoint import Checkpoint
from appliance.audit.cosign import paper_code
from appliance.printing.pdf import Line, Mark, document
from appliance.printing.qr import blocks, svg

_LEFT, _WIDTH = 56.0, 230.0
_WIDE = 76  # characters of a value on one line of the page
_TITLE = "Checkpoint of an audit log"


def text(checkpoint: Checkpoint, note: bytes, key: str, time: str) -> bytes:
    """The page as text, in UTF-8: the three lines, the code, and what to do with them."""
    rule = "-" * 78
    rows = [_TITLE, "=" * len(_TITLE), "", *_said(checkpoint, key, time), "", rule]
    return ("\n".join(rows) + "\n" + note.decode("utf-8") + rule + "\n\n" + _SHEET).encode()


def pdf(checkpoint: Checkpoint, note: bytes, key: str, time: str) -> bytes:
    """The page to print, A4, with the signed checkpoint as a QR code."""
    return document([tuple(_drawn(checkpoint, note, key, time))], _TITLE)


def qr(note: bytes) -> bytes:
    """The signed checkpoint as a QR code in SVG."""
    return svg(note.decode("utf-8"))


def _drawn(checkpoint: Checkpoint, note: bytes, key: str, time: str) -> Iterator[Mark]:
    yield Line(_TITLE, _LEFT, 72, 18, bold=True)
    top = 104.0
    for line in _said(checkpoint, key, time):
        label, _, value = line.partition(":")
        large = label == "Code"
        yield Line(label, _LEFT, top, 10)
        for part in (value.strip()[at : at + _WIDE] for at in range(0, len(value), _WIDE)):
            yield Line(part, _LEFT + 60, top, 13 if large else 9.5, bold=large)
            top += 15
    yield from blocks(note.decode("utf-8"), _LEFT, top, _WIDTH)
    top += _WIDTH + 20
    for line in note.decode("utf-8").splitlines():
        for part in (line[at : at + 100] for at in range(0, max(len(line), 1), 100)):
            yield Line(part.replace("\u2014", "\u2013"), _LEFT, top, 7.5)
            top += 10.5
    top += 16
    for line in _SHEET.splitlines():
        yield Line(line, _LEFT, top, 10)
        top += 15


def _said(checkpoint: Checkpoint, key: str, time: str) -> Iterator[str]:
    yield f"Log:      {checkpoint.origin}"
    yield f"Records:  {checkpoint.size}"
    yield f"Root:     {checkpoint.root.hex()}"
    yield f"Code:     {paper_code(checkpoint)}"
    yield f"Made:     {time}"
    yield f"Key:      {key}"


_SHEET = """\
Seen by: ____________________________   Date: ______________   Signature: ______________

File this sheet where nobody who administers the machine can reach it. To check later that
the log still begins with exactly these records, an officer runs on the machine:

    appliance audit verify --paper CODE --size RECORDS

The code stands for the log's name, the number of its records and their root (80 bits).
"""
