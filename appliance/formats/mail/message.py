"""Reads a mail message (EML): headers, body, what is attached.  Runs in the confined reader child.

The form of the body that mail programs show is read, HTML before plain text; the other form counts
where it says something else.  Every attached file is a part, a forwarded message too: it becomes a
document of its own, and its text is not repeated here.  Sources: RFC 5322, 2045 to 2047, 2387,
1847 (signed and encrypted), 3462 (reports).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from appliance.documents import ElementKind, Flag, Tally, Unit
from appliance.formats import account, attached, pictures, text
from appliance.formats.build import DocumentBuilder
from appliance.formats.mail import parts as mail_parts
from appliance.formats.mail import words
from appliance.formats.mail.parts import Leaf
from appliance.formats.plain import prose
from appliance.formats.reading import Reading, Wishes
from appliance.formats.web import page as web

HEADERS = ("Subject", "From", "To", "Cc", "Bcc", "Date")
NO_BODY = "the message has no body text"
SMALL_PICTURE = "a small picture in the text (an emblem, a line) is not read"
SIGNATURE = "a signature is not checked"
ELSEWHERE = "a part that lies elsewhere was not fetched"
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_LINKS = re.compile(r"[<\[(]?(?:https?://|mailto:|tel:|cid:)[^\s>\])]+[>\])]?")
_NOT_WORDS = re.compile(r"[\W_]+")


def warm() -> None:
    """Import what the children need."""
    pictures.warm()
    text.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one message.

    Raises:
        ReadingFailed: an encrypted message, text without end.
    """
    message = mail_parts.opened(data)
    leaves = list(mail_parts.leaves(message))
    builder = DocumentBuilder(media_type)
    seen = add_headers([(n, v) for n in HEADERS for v in words.values(message, n)], builder)
    count = builder.count
    texts = [leaf for leaf in leaves if leaf.role == "text"]
    seen += _add_texts(texts, builder)
    if 0 < builder.count == count:  # without headers, too, the file simply holds no text
        builder.add_gap(NO_BODY)
    found = [mail_parts.attachment(leaf) for leaf in leaves if leaf.role == "file"]
    parts, following = attached.hand_out(found, wishes.first_part, builder)
    _add_gaps(leaves, builder)
    if files := mail_parts.count_of_files(data):
        small = sum(leaf.role == "small" for leaf in leaves)
        stored = len(found) - sum(bool(part.reason) for part in parts)
        builder.tally(Tally(Unit.PARTS, files - small, stored))
    builder.tally(account.characters(seen, builder.kept()))
    return Reading(builder.finish(), parts, following)


def add_headers(headers: Sequence[tuple[str, str]], builder: DocumentBuilder) -> list[str]:
    """Add the headers that people read, the subject as title; what was seen of them."""
    for name, value in headers:
        if not value.strip():
            continue
        if name == "Subject" and not builder.title:
            builder.title = value
        builder.add(ElementKind.HEADER, f"{name}: {value}")
    return [value for _, value in headers]


def add_body(text: str, builder: DocumentBuilder, *, html: bool) -> list[str]:
    """Add one body text; every text in it, for the count."""
    if html:
        return web.add_html(text, builder) if text.strip() else []
    prose.add_text(text, builder)
    return [text]


def _add_texts(texts: Sequence[Leaf], builder: DocumentBuilder) -> list[str]:
    """Add the text parts in their order; of several forms the best, and what else others say."""
    best: dict[int, tuple[bool, int]] = {}
    for leaf in texts:
        if leaf.choice is not None:
            group, form = leaf.choice
            best[group] = max(best.get(group, (False, -1)), (leaf.kind in _HTML, form))
    seen: list[str] = []
    others: list[Leaf] = []
    for leaf in texts:
        if leaf.choice is None or best[leaf.choice[0]][1] == leaf.choice[1]:
            seen += add_body(mail_parts.text_of(leaf), builder, html=leaf.kind in _HTML)
        else:
            others.append(leaf)
    for leaf in others:
        add_missing(_paragraphs(leaf), builder)
    return seen


def _paragraphs(leaf: Leaf) -> Iterator[str]:
    text = mail_parts.text_of(leaf)
    if leaf.kind in _HTML:
        inner = DocumentBuilder("text/html")
        add_body(text, inner, html=True)
        found = inner.finish()
        yield from (element.span.of(found.text) for element in found.elements)
    else:
        yield from re.split(r"\n\s*\n", text.replace("\r\n", "\n"))


def add_missing(paragraphs: Iterator[str], builder: DocumentBuilder) -> None:
    """Add those whose words, in their order, are not in what was read; links do not count."""
    read = _NOT_WORDS.sub("", "".join(builder.kept())).casefold()
    for paragraph in paragraphs:
        squeezed = _NOT_WORDS.sub("", _LINKS.sub("", paragraph)).casefold()
        if squeezed and squeezed not in read:
            builder.add(ElementKind.TEXT, paragraph)
            read += squeezed


def _add_gaps(leaves: Sequence[Leaf], builder: DocumentBuilder) -> None:
    for leaf in leaves:
        if leaf.role == "signature":
            builder.add_gap(SIGNATURE, None, Unit.PARTS)
        elif leaf.role == "elsewhere":
            builder.add_gap(ELSEWHERE, None, Unit.PARTS)
            builder.flag(Flag.EXTERNAL)
        elif leaf.role == "small":
            builder.add_gap(SMALL_PICTURE)
