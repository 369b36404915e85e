"""What is asked of the confined reader, and what it answers: `Wishes` out, `Reading` back.

A file may hold other files (attachments, members of an archive): they come back as parts, to be
read as documents of their own.  What is only a picture of text comes back as scans: each is
recognised in a child of its own, on request, so that a long scan is bounded page by page.

An answer in bytes: four with the length of a JSON head, the head, the document as `wire` writes
it, then the parts one after the other.  The head is ``{"document": length or null, "parts":
[[name, length, reason], ...], "next": number or null, "scans": [[unit, page], ...]}``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath

from appliance.documents import ParsedDocument
from appliance.formats import wire
from appliance.formats.build import UNPRINTABLE

_LENGTH = 4  # bytes
PART_BUDGET = 64 << 20  # bytes of parts in one answer; the first part may be larger
LONGEST_NAME = 1024  # characters in the name of a part
MOST_PARTS = 100_000  # in one answer
MOST_SCANS = 100_000
LONGEST_HEAD = 64 << 20  # bytes
# What is recognised in pictures; text in other letters is a gap.
LANGUAGES = "Latin script (European languages; Vietnamese in part), Chinese, Japanese"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How one file is to be read."""

    suffix: str = ""  # of the file's name, lower case; tells the text kinds apart
    passwords: tuple[str, ...] = ()  # tried in turn on an encrypted file
    first_part: int = 0  # parts before this one were handed out earlier
    scan: int | None = None  # recognise this unit of `Reading.scans`, and read nothing else

    def encode(self) -> bytes:
        """As bytes for the child."""
        wishes = [self.suffix, list(self.passwords), self.first_part, self.scan]
        return json.dumps(wishes).encode("ascii")

    @classmethod
    def decode(cls, wishes: bytes) -> Wishes:
        """In the child; the bytes are those of `encode`."""
        suffix, passwords, first_part, scan = json.loads(wishes)
        return cls(suffix, tuple(passwords), first_part, scan)


@dataclass(frozen=True, slots=True)
class Part:
    """A file within the file.  ``reason`` says why ``data`` is empty although the part is not."""

    name: str  # as the file gives it; a claim, with forward slashes
    data: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """A picture of text: ``unit`` is the reader's number for it, from 0."""

    unit: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one file."""

    document: ParsedDocument | None  # None: the file is a mere container
    parts: tuple[Part, ...] = ()
    next_part: int | None = None  # where to go on; None: these are the last parts
    scans: tuple[Scan, ...] = ()


def encode(reading: Reading) -> bytes:
    """The answer as bytes."""
    document = b"" if reading.document is None else wire.encode(reading.document)
    head = json.dumps(
        {
            "document": None if reading.document is None else len(document),
            "parts": [[part.name, len(part.data), part.reason] for part in reading.parts],
            "next": reading.next_part,
            "scans": [[scan.unit, scan.page] for scan in reading.scans],
        }
    ).encode("ascii")
    length = len(head).to_bytes(_LENGTH, "big")
    return b"".join([length, head, document, *(part.data for part in reading.parts)])


def decode(untrusted: bytes) -> Reading:
    """Check every bound and make the reading.

    Raises:
        ReaderViolation: the bytes are not an answer as described above.
    """
    begin = _LENGTH + int.from_bytes(untrusted[:_LENGTH], "big")
    if len(untrusted) < _LENGTH or begin > min(len(untrusted), LONGEST_HEAD):
        raise wire.broken("an answer is cut")
    try:
        head = json.loads(untrusted[_LENGTH:begin])
    except (ValueError, RecursionError) as error:
        raise wire.broken("the head of an answer is not JSON") from error
    if not isinstance(head, dict) or set(head) != {"document", "parts", "next", "scans"}:
        raise wire.broken("the head of an answer is not one")
    document = None
    if head["document"] is not None:
        end = begin + _count(head["document"], len(untrusted) - begin, "length")
        document = wire.decode(untrusted[begin:end])
        begin = end
    parts = []
    for row in _rows(head["parts"], 3, MOST_PARTS):
        end = begin + _count(row[1], len(untrusted) - begin, "length")
        parts.append(Part(_name(row[0]), untrusted[begin:end], _reason(row[2])))
        begin = end
    if begin != len(untrusted):
        raise wire.broken("bytes after the answer")
    following = head["next"]
    if following is not None:
        following = _count(following, 1 << 53, "part")
    scans = tuple(_scan(row, document) for row in _rows(head["scans"], 2, MOST_SCANS))
    return Reading(document, tuple(parts), following, scans)


def _scan(row: list[object], document: ParsedDocument | None) -> Scan:
    pages = document.pages if document and document.pages else 0
    page = None if row[1] is None else _count(row[1], pages, "page")
    return Scan(_count(row[0], MOST_SCANS, "scan"), page)


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise wire.broken("the name of a part is out of bounds")
    if UNPRINTABLE.search(value) or "\n" in value or "\t" in value:
        raise wire.broken("the name of a part is unprintable")
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise wire.broken("the name of a part leads elsewhere")
    return value


def _reason(value: object) -> str:
    if not isinstance(value, str) or len(value) > wire.LONGEST_REASON:
        raise wire.broken("a reason is out of bounds")
    return value


def _count(value: object, most: int, what: str) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise wire.broken(f"{what} is out of bounds")
    return value


def _rows(value: object, width: int, most: int) -> list[list[object]]:
    if not isinstance(value, list) or len(value) > most:
        raise wire.broken("a list of the head is out of bounds")
    for row in value:
        if not isinstance(row, list) or len(row) != width:
            raise wire.broken("a list of the head holds something else")
    return value
