"""Reads MSG, a message as Outlook keeps it: headers, body, what is attached.  Runs in the child.

Of the forms of the body HTML is read first, then plain text; another form counts where it says
something else.  A message attached to it becomes a file again.  Source: [MS-OXMSG], [MS-OXPROPS].
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from functools import partial

from appliance.documents import Tally, Unit
from appliance.formats import account, attached, pictures
from appliance.formats.attached import Attachment, Unreadable
from appliance.formats.build import DocumentBuilder
from appliance.formats.mail import message, words
from appliance.formats.mail.msg_properties import Properties
from appliance.formats.ole import package as ole_package
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole.container import Container, Tree, pack
from appliance.formats.reading import Reading, Wishes
from appliance.formats.rtf import document as rtf
from appliance.formats.rtf import mail as rtf_mail
from appliance.formats.text import decoded
from appliance.sandbox.outcome import Outcome, ReadingFailed

_CLASS, _SUBJECT, _DATE, _DELIVERED, _TRANSPORT = 0x001A, 0x0037, 0x0039, 0x0E06, 0x007D
_SENDERS = ((0x0C1A, (0x5D01, 0x0C1F)), (0x0042, (0x5D02, 0x0065)))  # name, addresses
_SHOWN_NAMES = {"To": 0x0E04, "Cc": 0x0E03, "Bcc": 0x0E02}
_KIND, _NAME, _ADDRESSES = 0x0C15, 0x3001, (0x39FE, 0x3003)
_KINDS = {1: "To", 2: "Cc", 3: "Bcc"}
_PLAIN, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_METHOD, _DATA, _NAMES, _TYPE, _CONTENT_ID = (
    0x3705,
    0x3701,
    (0x3707, 0x3704, 0x3001),
    0x370E,
    0x3712,
)
_BY_VALUE, _MESSAGE, _OBJECT = frozenset({0, 1}), 5, 6
_ATTACHMENT, _RECIPIENT, _PROPERTIES = (
    "__attach_version1.0_#",
    "__recip_version1.0_#",
    "__properties_version1.0",
)
_ADDRESS = re.compile(r"\S+@\S+")


def warm() -> None:
    """Import what the children need."""
    import olefile  # noqa: F401 -- for the children

    rtf.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one message.

    Raises:
        ReadingFailed: damaged, encrypted, too large.
    """
    container = Container(data)
    top = Properties(container, ())
    files = [Properties(container, (name,)) for name in _named(container, _ATTACHMENT)]
    if _is_encrypted(top, files):
        raise ReadingFailed(Outcome.ENCRYPTED)
    builder = DocumentBuilder(media_type)
    seen = message.add_headers(list(_headers(container, top)), builder)
    count = builder.count
    seen += _add_body(top, builder)
    if builder.count == count:
        builder.add_gap(message.NO_BODY)
    kept = [one for one in files if not _is_small(one)]
    for _ in range(len(files) - len(kept)):
        builder.add_gap(message.SMALL_PICTURE)
    found = [_attachment(container, one) for one in kept]
    parts, following = attached.hand_out(found, wishes.first_part, builder)
    claimed = top.count_of_attachments() - (len(files) - len(kept))
    if claimed > 0 or found:
        stored = len(found) - sum(bool(part.reason) for part in parts)
        builder.tally(Tally(Unit.PARTS, max(claimed, len(found)), stored))
    builder.tally(account.characters(seen, builder.kept()))
    return Reading(builder.finish(), parts, following)


def _named(container: Container, start: str) -> list[str]:
    return sorted(name for name in container.children() if name.lower().startswith(start))


def _is_encrypted(top: Properties, files: list[Properties]) -> bool:
    kind = top.text(_CLASS).upper()
    if kind.startswith("IPM.NOTE.SMIME") and not kind.endswith("MULTIPARTSIGNED"):
        return True
    return any(one.text(_TYPE).lower() == "application/pgp-encrypted" for one in files)


# --- headers --------------------------------------------------------------------------------------


def _headers(container: Container, top: Properties) -> Iterator[tuple[str, str]]:
    transport = email.message_from_string(top.text(_TRANSPORT), policy=email.policy.default)
    yield "Subject", top.text(_SUBJECT)
    yield "From", _sender(top)
    people: dict[str, list[str]] = {}
    for name in _named(container, _RECIPIENT):
        one = Properties(container, (name,))
        kind = _KINDS.get(one.number(_KIND) & 0xF, "To")
        people.setdefault(kind, []).append(_person(one.text(_NAME), one.first(_ADDRESSES)))
    for kind, number in _SHOWN_NAMES.items():
        yield kind, "; ".join(people.get(kind, [])) or top.text(number)
    dates = words.values(transport, "Date")
    moment = top.moment(_DATE) or top.moment(_DELIVERED)
    if dates or moment is not None:
        yield "Date", dates[0] if dates else str(moment)


def _sender(top: Properties) -> str:
    for name, addresses in _SENDERS:
        if found := _person(top.text(name), top.first(addresses)):
            return found
    return ""


def _person(name: str, address: str) -> str:
    if not address or not _ADDRESS.fullmatch(address):
        return name or address  # an address within one company says nothing outside it
    return f"{name} <{address}>" if name and name != address else address


# --- body -----------------------------------------------------------------------------------------


def _add_body(top: Properties, builder: DocumentBuilder) -> list[str]:
    plain = top.text(_PLAIN)
    packed = rtf_mail.unpacked(top.binary(_RTF))
    page = decoded(top.binary(_HTML)) or top.text(_HTML) or rtf_mail.html_of(packed)
    if page.strip():
        seen = message.add_body(page, builder, html=True)
    elif plain.strip():
        seen = message.add_body(plain, builder, html=False)
    elif packed:
        return rtf.add_rtf(packed, builder)[1]
    else:
        return []
    message.add_missing(iter(re.split(r"\n\s*\n", plain.replace("\r\n", "\n"))), builder)
    return seen


# --- attachments ----------------------------------------------------------------------------------


def _is_small(one: Properties) -> bool:
    """A picture shown in the text and too small to hold any."""
    data = one.binary(_DATA) if one.text(_CONTENT_ID) else b""
    size = pictures.size_of(data) if data else None
    return size is not None and (
        min(size) < pictures.SHORTEST_SIDE or size[0] * size[1] < pictures.SMALLEST_AREA
    )


def _attachment(container: Container, one: Properties) -> Attachment:
    name = one.first(_NAMES)
    method = one.number(_METHOD)
    inner = (*one.path, "__substg1.0_3701000D")
    if container.has(*inner, _PROPERTIES):
        return Attachment("", partial(_message, container, inner), "message")
    if container.below(*inner) or method == _OBJECT:
        return ole_parts.attachment(ole_package.unwrap_storage(container, inner))
    if method not in _BY_VALUE:
        return Attachment(name, partial(_refuse, message.ELSEWHERE))
    if one.text(_TYPE).lower() == "multipart/signed":
        name = "signed message.eml"  # the whole message once more, as it was signed
    return Attachment(name, partial(one.binary, _DATA))


def _refuse(reason: str) -> bytes:
    raise Unreadable(reason)


def _message(container: Container, path: tuple[str, ...]) -> bytes:
    """A message within a message as a file: its header grows, names of properties come along."""
    tree: dict[str, bytes | Tree] = dict(container.tree(*path))
    head = container.stream(*path, _PROPERTIES)
    for name in list(tree):
        if name.lower() == _PROPERTIES:
            tree[name] = head[:24] + bytes(8) + head[24:]
    names = container.tree("__nameid_version1.0")
    return pack({**tree, "__nameid_version1.0": names} if names else tree)
