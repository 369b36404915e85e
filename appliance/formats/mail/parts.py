"""Takes a message apart: its texts, its files, and a count of the files by another way."""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from functools import partial

from appliance.formats import pictures
from appliance.formats.attached import Attachment
from appliance.formats.mail import smime
from appliance.formats.mail.words import shown
from appliance.formats.text import decoded
from appliance.sandbox.outcome import Outcome, ReadingFailed

_ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES = frozenset(
    {
        *("application/pkcs7-signature", "application/x-pkcs7-signature"),
        *("application/pgp-signature", "application/pgp-keys"),
    }
)
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification"})
_MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
_SEVEN_BIT = frozenset({"utf-7", "hz", "hz-gb-2312"})  # they look like ASCII
_DEEPEST = 40  # multiparts within multiparts
_POLICY = email.policy.default.clone(refold_source="none")
_FAULTS = (ValueError, LookupError, AttributeError, TypeError, IndexError, AssertionError)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One part of a message that has no parts of its own, or is a message attached to it."""

    role: str  # text, file, small (picture), signature, elsewhere
    kind: str  # media type, as declared
    part: EmailMessage
    choice: tuple[int, int] | None = None  # among forms of the same text: which text, which form


def opened(data: bytes) -> EmailMessage:
    """Parse the message, whatever its file's encoding.

    Raises:
        ReadingFailed: the message is encrypted as a whole.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        data = decoded(data).encode("utf-8")
    message = email.message_from_bytes(data, policy=_POLICY)
    assert isinstance(message, EmailMessage)  # noqa: S101 -- what the default policy makes
    kind = kind_of(message)
    closed = kind in _ENCRYPTED and not smime.is_signed(payload(message))
    if kind == "multipart/encrypted" or closed:
        raise ReadingFailed(Outcome.ENCRYPTED)
    return message


def kind_of(part: Message) -> str:
    """The declared media type, lower case."""
    try:
        return part.get_content_type()
    except _FAULTS:
        return "application/octet-stream"


def leaves(
    part: EmailMessage, choice: tuple[int, int] | None = None, depth: int = 0
) -> Iterator[Leaf]:
    """Every leaf, in the order of the message; attached messages are not opened."""
    kind = kind_of(part)
    inner = part.get_payload()
    if kind == "multipart/encrypted" and depth:
        yield Leaf("file", kind, part)
    elif kind.startswith("multipart/") and isinstance(inner, list) and depth < _DEEPEST:
        splits = kind == "multipart/alternative" and choice is None
        for number, child in enumerate(inner):
            yield from leaves(child, (id(part), number) if splits else choice, depth + 1)
    else:
        yield Leaf(_role(part, kind), kind, part, choice)


def _role(part: EmailMessage, kind: str) -> str:
    if kind in _SIGNATURES:
        return "signature"
    if kind in {"message/external-body", "message/partial"}:
        return "elsewhere"
    if kind in _REPORTS or kind == "text/rfc822-headers":
        return "text"
    named = bool(name_of(part)) or _disposition(part) == "attachment"
    if kind.startswith("text/") and not named and not isinstance(part.get_payload(), list):
        return "text"
    if kind.startswith("image/") and _is_small(part):
        return "small"
    return "file"


def _disposition(part: EmailMessage) -> str:
    try:
        return str(part.get_content_disposition() or "")
    except _FAULTS:
        return ""


def _is_small(part: EmailMessage) -> bool:
    """A picture shown in the text and too small to hold any: an emblem, a line."""
    if _disposition(part) == "attachment" and not part.get("Content-ID"):
        return False
    size = pictures.size_of(payload(part))
    return size is not None and (
        min(size) < pictures.SHORTEST_SIDE or size[0] * size[1] < pictures.SMALLEST_AREA
    )


def name_of(part: EmailMessage) -> str:
    """The name that a file in the message is given; a claim."""
    try:
        name = part.get_filename() or ""
    except _FAULTS:
        name = ""
    return shown(str(name))


def payload(part: EmailMessage) -> bytes:
    """The bytes of a part; as they stand there where their encoding is damaged."""
    inner = part.get_payload()
    if isinstance(inner, list):
        return b"\n".join(_flat(child) for child in inner)
    try:
        found = part.get_payload(decode=True)
    except _FAULTS:
        found = None
    return found if isinstance(found, bytes) else str(inner).encode("utf-8", "surrogateescape")


def _flat(message: object) -> bytes:
    if not isinstance(message, Message):
        return str(message).encode("utf-8", "surrogateescape")
    try:
        return message.as_bytes(policy=_POLICY)
    except (*_FAULTS, RecursionError):
        return str(message.get_payload()).encode("utf-8", "surrogateescape")


def attachment(leaf: Leaf) -> Attachment:
    """A leaf as a file that can be handed out."""
    if leaf.kind in _ENCRYPTED and smime.is_signed(payload(leaf.part)):
        return Attachment("signed message.eml", partial(_signed, leaf.part))
    if leaf.kind in _MESSAGES:
        name = name_of(leaf.part)
        named = name if not name or name.lower().endswith(".eml") else name + ".eml"
        return Attachment(named, partial(_message, leaf.part), "message")
    return Attachment(name_of(leaf.part), partial(payload, leaf.part))


def _signed(part: EmailMessage) -> bytes:
    return smime.content(payload(part))


def _message(part: EmailMessage) -> bytes:
    """The bytes of an attached message; some programs encode it although they must not."""
    inner = payload(part)
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        try:
            return base64.b64decode(re.sub(rb"\s", b"", inner), validate=True)
        except (binascii.Error, ValueError):
            pass
    return inner


def text_of(leaf: Leaf) -> str:
    """The text of a leaf, also where its declared encoding is unknown or wrong."""
    part = leaf.part
    inner = part.get_payload()
    if isinstance(inner, list):  # a report: blocks of headers
        blocks = [block for block in inner if isinstance(block, Message)]
        return "\n\n".join(
            "\n".join(f"{key}: {shown(str(value))}" for key, value in block.raw_items())
            for block in blocks
        )
    charset = _charset(part)
    if charset in _SEVEN_BIT:
        return payload(part).decode(charset, "replace")
    return decoded(payload(part), charset)


def _charset(part: EmailMessage) -> str:
    try:
        return part.get_content_charset() or ""
    except _FAULTS:
        return ""


def count_of_files(data: bytes) -> int:
    """How many files the message carries, by the classic walk over a parse without policies."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    return sum(_is_file(part) for part in _walk(message))


def _walk(part: Message) -> Iterator[Message]:
    stack = [part]
    while stack:
        current = stack.pop()
        inner = current.get_payload()
        kind = current.get_content_type()
        if isinstance(inner, list) and kind.startswith("multipart/"):
            stack += [child for child in inner if isinstance(child, Message)]
        else:
            yield current


def _is_file(part: Message) -> bool:
    kind = part.get_content_type()
    if kind in _REPORTS or kind == "text/rfc822-headers":
        return False
    disposition = str(part.get("Content-Disposition", "")).lower()
    named = "name" in disposition or part.get_param("name") is not None
    attached = disposition.startswith("attachment")
    return not kind.startswith("text/") or named or attached
