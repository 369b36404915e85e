"""Reads a mail message: headers, body, what is attached.  Runs in the confined reader child.

The body goes through unstructured.  Attachments are not read: each is a gap.  Messages within the
message (forwarded, digests) are read as text.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart

from appliance.documents import ElementKind
from appliance.ingest.build import DocumentBuilder
from appliance.ingest.leftovers import Piece, html_pieces
from appliance.ingest.text import decoded, html_root
from appliance.sandbox.outcome import Outcome, ReadingFailed

HEADERS = ("Subject", "From", "To", "Cc", "Bcc", "Date")
_ENCRYPTED = frozenset(
    {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
)


def open_mail(data: bytes) -> EmailMessage:
    """Parse the message, whatever its file's encoding.

    Raises:
        ReadingFailed: the body is encrypted.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        data = decoded(data).encode("utf-8")
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 -- what the default policy makes
    encrypted = any(part.get_content_type() in _ENCRYPTED for part in message.walk())
    if encrypted or "encrypted" in str(message.get("Content-Type", "")).lower():
        raise ReadingFailed(Outcome.ENCRYPTED)
    return message


def add_headers(message: EmailMessage, builder: DocumentBuilder) -> None:
    """Add the headers that people read; the subject is the document's title."""
    for name in HEADERS:
        for value in _values(message, name):
            if name == "Subject":
                builder.title = value
            builder.add(ElementKind.HEADER, f"{name}: {value}")


def _values(message: EmailMessage, name: str) -> list[str]:
    try:
        return [str(value) for value in message.get_all(name, [])]
    except (ValueError, IndexError, AttributeError, TypeError):  # faults of the header parser
        return [value for key, value in message.raw_items() if key.lower() == name.lower()]


def body(message: EmailMessage) -> tuple[str, str]:
    """The media type and the text of the part that people see; two empty strings without one."""
    try:
        part = message.get_body(preferencelist=("html", "plain"))
    except (ValueError, AttributeError, KeyError):
        part = None
    return (part.get_content_type(), _content(part)) if part is not None else ("", "")


def pieces(message: EmailMessage, builder: DocumentBuilder) -> Iterator[Piece]:
    """Every paragraph of the text parts that are not just another form of the body."""
    attached = 0
    for part in message.walk():
        if part.is_multipart():
            if part is not message and part.get_content_type() == "message/rfc822":
                yield from _inner_headers(part)
            continue
        kind = part.get_content_type()
        if part.get_filename() or part.is_attachment() or not kind.startswith("text/"):
            attached += 1
            builder.add_gap(f"attachment {attached} is not read")
        elif kind == "text/html":
            yield from html_pieces(html_root(_content(part)))
        else:
            yield from (Piece(block) for block in _content(part).split("\n\n"))


def _inner_headers(part: EmailMessage) -> Iterator[Piece]:
    for inner in part.get_payload():
        if isinstance(inner, EmailMessage):
            yield from (
                Piece(f"{name}: {value}") for name in HEADERS for value in _values(inner, name)
            )


def _content(part: MIMEPart) -> str:
    """The part's text, also where its declared encoding is unknown or wrong."""
    try:
        content = part.get_content()
        if isinstance(content, str):
            return content
    except (LookupError, ValueError, AssertionError):
        pass
    payload = part.get_payload(decode=True)
    return decoded(payload) if isinstance(payload, bytes) else str(part.get_payload())
