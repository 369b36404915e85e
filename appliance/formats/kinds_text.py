"""What kind of text a file is.  Runs in the confined child.

Marks in the text decide.  Where it has none, the ending of the name tells Markdown and separated
values from plain text, and what is clean text under any other name is plain text.
"""

from __future__ import annotations

import csv
import json
import re

from appliance.formats import kinds
from appliance.sandbox.outcome import Outcome, ReadingFailed

HEAD = 65_536  # bytes that are looked at
_LONGEST_PROLOGUE = 32  # comments and instructions before the first tag
_FEWEST_ROWS = 3
_MAIL_NAMES = rb"From|To|Cc|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Reply-To"
_MAIL_HEADER = re.compile(rb"(?:X-[\w-]+|" + _MAIL_NAMES + rb"|Content-[\w-]+)[ \t]*:", re.I)
_ENVELOPE = re.compile(r"From \S+[^\n]*\d\d:\d\d[^\n]*\n(?:>?From |[!-9;-~]+:)")
_MARKUP = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.I)
_TAG = re.compile(r"<([A-Za-z_][\w.:-]*)(?=[\s/>])")
_HTML_TAGS = frozenset(
    """
    a article aside b big blockquote br center code div dl em figure font footer form h1 h2 h3 h4
    h5 h6 header hr i iframe img input link main meta nav ol p pre script section small span strong
    style sub sup table tbody td th thead title tr u ul
    """.split()  # noqa: SIM905 -- a list of words reads better as words
)
_BY_NAME = {
    ".html": kinds.HTML,
    ".htm": kinds.HTML,
    ".xhtml": kinds.HTML,
    ".eml": kinds.EML,
    ".md": kinds.MD,
    ".markdown": kinds.MD,
    ".csv": kinds.CSV,
    ".tsv": kinds.CSV,
}
_JSON_NAMES = {".json": kinds.JSON, ".jsonl": kinds.JSONL, ".ndjson": kinds.JSONL}


def text_kind(data: bytes, suffix: str) -> str:
    """The kind of a file that is text.

    Raises:
        ReadingFailed: the file holds bytes that no text holds, or nothing but blanks.
    """
    head = data[:HEAD]
    if head.lstrip()[:5] == b"{\\rtf":
        return kinds.RTF
    text = _text(head)
    if text is None:
        raise ReadingFailed(Outcome.UNSUPPORTED)
    text = text.lstrip("\ufeff")
    markup = _markup_kind(text, data, suffix)
    if markup:
        return kinds.EML if suffix == ".eml" and markup == kinds.HTML else markup
    return _mail_kind(text, suffix) or _json_kind(text, data, suffix) or _plain_kind(text, suffix)


def _text(head: bytes) -> str | None:
    """The head as text, None where it holds bytes that no text holds."""
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return head[: len(head) & ~3].decode("utf-32", "replace")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", "replace")
    if b"\x00" in head:
        return None
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\x1b\x1a")
    if controls > len(head) // 100:
        return None
    return head.decode("utf-8", "replace")


# --- markup ---------------------------------------------------------------------------------------


def _markup_kind(text: str, data: bytes, suffix: str) -> str:
    start = _without_prologue(text)
    if _MARKUP.match(start):
        return kinds.HTML
    declared = text.lstrip().startswith("<?xml") or start.startswith("<!DOCTYPE")
    tag = _TAG.match(start)
    name = tag.group(1) if tag else ""
    if name.rpartition(":")[2].lower() == "html":
        return kinds.HTML
    if declared:
        return kinds.XML
    if not name or suffix in _BY_NAME:
        return ""  # a fragment under a name that says what it is
    if name.lower() in _HTML_TAGS:
        return kinds.HTML
    closing = b"</" + name.encode("utf-8", "replace")
    return kinds.XML if closing in data[-HEAD:] or suffix in {".xml", ".svg"} else ""


def _without_prologue(text: str) -> str:
    """Text from the first tag or declaration on that is no XML declaration and no comment."""
    text = text.lstrip()
    for _ in range(_LONGEST_PROLOGUE):
        closing = next((c for o, c in (("<?", "?>"), ("<!--", "-->")) if text.startswith(o)), None)
        if closing is None:
            break
        text = text.partition(closing)[2].lstrip()
    return text


# --- mail -----------------------------------------------------------------------------------------


def _mail_kind(text: str, suffix: str) -> str:
    if _ENVELOPE.match(text.replace("\r\n", "\n")) and suffix != ".eml":
        return kinds.MBOX
    if suffix == ".eml":
        return kinds.EML
    if not _MAIL_HEADER.match(text.encode("utf-8", "replace")):
        return ""
    block = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    if re.search(r"^content-type:\s*multipart/related", block, re.I | re.M) and not re.search(
        r"^(?:to|received):", block, re.I | re.M
    ):
        return kinds.MHTML
    return kinds.EML if _is_mail(block) else ""


def _is_mail(block: str) -> bool:
    """A header block of at least three lines with the names that mail has."""
    lines = [line for line in block.splitlines() if line and not line[0].isspace()]
    known = sum(bool(_MAIL_HEADER.match(line.encode("utf-8", "replace"))) for line in lines)
    return known >= 3 and known >= len(lines) / 2


# --- JSON and separated values --------------------------------------------------------------------


def _json_kind(text: str, data: bytes, suffix: str) -> str:
    text = text.lstrip()
    if not text.startswith(("{", "[")):
        return ""
    if suffix in _JSON_NAMES:
        return _JSON_NAMES[suffix]
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 2 and all(_is_json(line) for line in lines[:2]):
        return kinds.JSONL
    try:
        return kinds.JSON if _is_json(data.decode("utf-8-sig")) else ""
    except UnicodeDecodeError:
        return ""


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except RecursionError:
        return True  # nothing but JSON is that deep
    except ValueError:
        return False


def _plain_kind(text: str, suffix: str) -> str:
    if suffix in _BY_NAME:
        return _BY_NAME[suffix]
    return kinds.CSV if _is_separated(text) else kinds.TXT


def _is_separated(text: str) -> bool:
    """Every line has the same number of cells: two parted by a tab, or three by another mark."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(text) > HEAD // 4:
        lines.pop()  # it may be cut
    for mark, fewest in (("\t", 2), (";", 3), (",", 3), ("|", 3)):
        if len(lines) >= _FEWEST_ROWS and lines[0].count(mark) >= fewest - 1:
            try:
                widths = {len(row) for row in csv.reader(lines, delimiter=mark)}
            except csv.Error:
                continue
            if len(widths) == 1 and widths.pop() >= fewest:
                return True
    return False
