"""A text as a QR code (ISO/IEC 18004), as black blocks for a PDF and as SVG."""

from __future__ import annotations

import io
from collections.abc import Iterator

import segno

from appliance.printing.pdf import Block

QUIET = 4  # modules of white around a code, as the standard asks


def blocks(text: str, left: float, top: float, width: float) -> Iterator[Block]:
    """The code inside a square of ``width`` points; one block per run of dark modules.

    Raises:
        ValueError: the text is too long for a code (about 2,300 bytes).
    """
    rows = [bytes(row) for row in _code(text).matrix]
    module = width / (len(rows) + 2 * QUIET)
    for down, row in enumerate(rows):
        at = 0
        while at < len(row):
            end = at
            while end < len(row) and row[end]:
                end += 1
            if end > at:
                x, y = left + (at + QUIET) * module, top + (down + QUIET) * module
                yield Block(x, y, (end - at) * module, module)
            at = end + 1


def svg(text: str) -> bytes:
    """The code as an SVG of its own.

    Raises:
        ValueError: the text is too long for a code.
    """
    target = io.BytesIO()
    _code(text).save(target, kind="svg", border=QUIET, scale=4)
    return target.getvalue()


def text(content: str) -> str:
    """The code as lines of half blocks, for a terminal that is dark, as most are.

    Raises:
        ValueError: ``content`` is too long for a code.
    """
    target = io.StringIO()
    _code(content).terminal(target, border=QUIET, compact=True)
    return target.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", encoding="utf-8")
