"""Reads web pages: HTML, XHTML and MHTML, and the pages within mail and books.

Runs in the confined reader child.  `blocks` walks a page; here a file becomes a page, and what
a page would run or fetch is flagged.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial

from lxml import html
from lxml.etree import _Element as Node

from appliance.documents import ElementKind, Flag
from appliance.formats import account, kinds, pictures
from appliance.formats.attached import Attachment, hand_out
from appliance.formats.build import DocumentBuilder
from appliance.formats.pictures import Stored
from appliance.formats.reading import Reading, Wishes
from appliance.formats.text import decoded
from appliance.formats.web import count
from appliance.formats.web.blocks import PageReader
from appliance.sandbox.outcome import Outcome, ReadingFailed

DEEP = "the page is nested too deeply: its text is read without its tables"
_PROLOGUE = re.compile(r"^\s*<\?xml[^>]*\?>")
# What follows these belongs to the body all the same (HTML, 13.2.6.4.19); libxml2 drops it.
_ENDS = re.compile(r"</(?:body|html)\s*>", re.I)
_FETCHES = {
    **dict.fromkeys(("img", "script", "iframe", "embed", "source", "audio", "video"), "src"),
    **dict.fromkeys(("frame", "input", "track"), "src"),
    "link": "href",
    "object": "data",
    "body": "background",
    "base": "href",
}
_OUTSIDE = re.compile(r"\s*(?:https?:|ftp:|file:|//|\\\\)", re.I)
_RUNS = frozenset({"script", "applet", "object", "embed"})
_DATA_SCRIPTS = frozenset({"application/ld+json", "application/json", "importmap"})


def warm() -> None:
    """Nothing to do: what is imported here is warm."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one page, alone or packed with what belongs to it.

    Raises:
        ReadingFailed: no page in it, text without end.
    """
    builder = DocumentBuilder(media_type)
    stored: list[Stored]
    others: list[Attachment] = []
    if media_type == kinds.MHTML:
        page, stored, others = _unpacked(data)
    else:
        page = decoded(data)
        stored = pictures.inline(page)
    seen = add_html(page, builder)
    parts, following = hand_out(others, wishes.first_part, builder)
    scans = pictures.add_pictures(stored, builder)
    builder.tally(account.characters(seen, builder.kept()))
    return Reading(builder.finish(), parts, following, scans)


def page_pictures(data: bytes, media_type: str) -> list[Stored]:
    """The pictures that come with a page, by number."""
    return _unpacked(data)[1] if media_type == kinds.MHTML else pictures.inline(decoded(data))


def add_html(text: str, builder: DocumentBuilder) -> list[str]:
    """Add a page: its text block by block, its tables with their columns, what it hides apart.

    Returns:
        every text of the page by a parser that knows nothing of blocks: for `account.characters`.

    Raises:
        ReadingFailed: the document grows beyond its bounds.
    """
    seen = count.texts(text)
    root = page_root(text)
    if root is None:
        builder.add_gap(DEEP)
        for piece in seen:
            builder.add(ElementKind.TEXT, piece)
        return seen
    note_flags(root, builder)
    PageReader(builder, _sheets(root)).add(root)
    return seen


def page_root(text: str) -> Node | None:
    """The parsed page; an empty one for an empty text, None where it is nested too deeply."""
    text = _PROLOGUE.sub("", text.replace("\x00", ""), count=1)
    # a page declares no entities; without the larger bounds the parser drops what is 256 deep
    parser = html.HTMLParser(
        no_network=True, huge_tree=True, remove_comments=True, encoding="utf-8"
    )
    text = _ENDS.sub("", text)
    if not text.strip():
        text = "<html></html>"
    root: Node = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    cut = any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    return None if cut else root


def note_flags(root: Node, builder: DocumentBuilder) -> None:
    """Flag what a browser would run or fetch."""
    for node in root.iter("*"):
        tag = node.tag
        if tag in _RUNS and (node.get("type") or "").lower() not in _DATA_SCRIPTS:
            builder.flag(Flag.ACTIVE)
        for name, value in node.attrib.items():
            if name.startswith("on") or value.lstrip()[:11].lower() == "javascript:":
                builder.flag(Flag.ACTIVE)
        source = node.get(_FETCHES.get(tag, "")) if tag in _FETCHES else None
        if source and _OUTSIDE.match(source):
            builder.flag(Flag.EXTERNAL)
        refreshes = tag == "meta" and (node.get("http-equiv") or "").lower() == "refresh"
        if refreshes and "url" in (node.get("content") or "").lower():
            builder.flag(Flag.EXTERNAL)


def _sheets(root: Node) -> Iterator[str]:
    return (node.text or "" for node in root.iter("style"))


def _unpacked(data: bytes) -> tuple[str, list[Stored], list[Attachment]]:
    """The page of an MHTML file, its pictures, and what else is packed with it (RFC 2557)."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 -- what the default policy makes
    page: str | None = None
    stored: list[Stored] = []
    others: list[Attachment] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        if kind in {"text/html", "application/xhtml+xml"} and page is None:
            page = decoded(content, part.get_content_charset() or "")
        elif kind.startswith("image/"):
            stored.append(Stored("", partial(bytes, content)))
        elif kind not in {"text/css", "application/javascript", "text/javascript"}:
            others.append(Attachment(_name(part), partial(bytes, content)))
    if page is None:
        raise ReadingFailed(Outcome.DAMAGED)
    return page, stored, others


def _name(part: EmailMessage) -> str:
    try:
        name = part.get_filename() or str(part.get("Content-Location", ""))
    except (ValueError, LookupError, AttributeError):
        name = ""
    ending = ".html" if part.get_content_type() == "text/html" else ""
    name = re.sub(r"[?#].*", "", name).rpartition("/")[2]
    return name if "." in name or not name else name + ending
