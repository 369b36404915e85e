"""Hands out the messages of a mailbox file, each a mail of its own.  Runs in the confined child.

A message begins at a line ``From address date`` that follows an empty line and precedes a header
(RFC 4155); quoted lines ``>From`` in a message are given back without the mark.  The mailbox itself
is no document.
"""

from __future__ import annotations

import re
from functools import partial

from appliance.formats import attached
from appliance.formats.attached import Attachment
from appliance.formats.reading import Reading, Wishes

_ENVELOPE = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n(?=>?From |[!-9;-~]+:)"
)
_QUOTED = re.compile(rb"^>(>*From )", re.M)


def warm() -> None:
    """Nothing that is not there."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """The messages, in the order of the mailbox."""
    places = [(match.start(), match.end()) for match in _ENVELOPE.finditer(data)]
    ends = [begin for begin, _ in places[1:]] + [len(data)]
    found = [
        Attachment(f"message {number:05}.eml", partial(_message, data, begin, end))
        for number, ((_, begin), end) in enumerate(zip(places, ends, strict=True), 1)
    ]
    if not found:
        found = [Attachment("message 00001.eml", partial(bytes, data))]
    parts, following = attached.hand_out(found, wishes.first_part)
    return Reading(None, parts, following)


def _message(data: bytes, begin: int, end: int) -> bytes:
    return _QUOTED.sub(rb"\1", data[begin:end])
