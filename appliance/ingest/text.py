"""Bytes of text formats to text: by byte order mark, else UTF-8, else what HTML declares."""

from __future__ import annotations

import codecs
import re

from lxml import html

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
FALLBACK = "cp1252"  # the usual encoding of older western texts; maps nearly every byte


def decoded(data: bytes) -> str:
    """The text of ``data``; bytes that cannot be read become U+FFFD, none is dropped."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    declared = _DECLARED.search(data[:2048])
    candidates = ["utf-8", declared.group(1).decode("ascii") if declared else FALLBACK, FALLBACK]
    for encoding in candidates:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode(FALLBACK, "replace")


def html_root(text: str) -> html.HtmlElement:
    """The parsed page; an empty page for an empty text."""
    parser = html.HTMLParser(no_network=True, huge_tree=False)
    text = _DECLARATION.sub("", text, count=1)
    return html.document_fromstring(text if text.strip() else "<html></html>", parser=parser)
