"""Hands out the files in a mail, an archive or an old office file: in a fixed order, page by page.

Every file becomes a part with a name of its own, which is safe to show and to seal; one that cannot
be given becomes a part without bytes and with a fixed reason.  Nothing is left out silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from appliance.documents import Tally, Unit
from appliance.formats.build import UNPRINTABLE, DocumentBuilder
from appliance.formats.ole import package as ole_package
from appliance.formats.reading import LONGEST_NAME, MOST_PARTS, PART_BUDGET, Part

LARGEST_PART = 192 << 20  # bytes; what the reader may answer is bounded as well
TOO_LARGE = "the file is larger than what is unpacked here"
EMPTY = "the file is empty"
DAMAGED = "the file in it is damaged"
_NEVER_SHOWN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\n\t]")
_DRIVE = re.compile(r"^[A-Za-z]:")
_LONGEST_STEP = 200  # characters in one part of a path


class Unreadable(Exception):
    """Raised by what loads a part: its bytes cannot be given, for this fixed reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that can be handed out."""

    name: str  # as the file gives it, a claim; empty: named by its number and content
    load: Callable[[], bytes]  # raises Unreadable
    fallback: str = "attachment"  # what an unnamed one is called, before its number


def hand_out(
    found: Sequence[Attachment], first: int, builder: DocumentBuilder | None = None
) -> tuple[tuple[Part, ...], int | None]:
    """The parts from ``first`` on, as many as fit into one answer, and where to go on.

    Args:
        found: all of them, in the same order in every call.
        builder: where losses become gaps, and the files are counted, unless an independent count
            does that.
    """
    names = _unique([safe_name(each.name) for each in found])
    parts: list[Part] = []
    size = 0
    for number in range(min(first, len(found)), len(found)):
        if len(parts) >= MOST_PARTS:
            break
        data, reason = _loaded(found[number])
        if parts and size + len(data) > PART_BUDGET:
            break
        size += len(data)
        name = names[number]
        if not name:
            name = f"{found[number].fallback} {number + 1}{ole_package.suffix(data)}"
        parts.append(Part(name, data, reason))
        if reason and builder is not None:
            builder.add_gap(reason, None, Unit.PARTS)
    if found and builder is not None and first == 0 and len(parts) == len(found):
        stored = sum(1 for part in parts if not part.reason)
        builder.tally(Tally(Unit.PARTS, len(found), stored))
    end = first + len(parts)
    return tuple(parts), end if end < len(found) else None


def _loaded(attachment: Attachment) -> tuple[bytes, str]:
    try:
        data = attachment.load()
    except Unreadable as error:
        return b"", error.reason
    if len(data) > LARGEST_PART:
        return b"", TOO_LARGE
    return data, "" if data else EMPTY


def safe_name(claim: str) -> str:
    """A name that leads nowhere and can be shown; empty where nothing of it is left."""
    text = _NEVER_SHOWN.sub("", UNPRINTABLE.sub("", claim)).replace("\\", "/")
    steps = [_DRIVE.sub("", step).strip() for step in text.split("/")]
    kept = [_short(step) for step in steps if step.strip(". ")]
    return "/".join(kept)[-LONGEST_NAME + 32 :].strip("/ ")  # room to make it unique


def _short(step: str) -> str:
    """A part of a path, cut in the middle of its name, its ending kept."""
    ending = PurePosixPath(step).suffix[:20]
    return step if len(step) <= _LONGEST_STEP else step[: _LONGEST_STEP - len(ending)] + ending


def _unique(names: Sequence[str]) -> list[str]:
    """The names, a number added to those that came before; case does not tell names apart."""
    taken: set[str] = set()
    following: dict[str, int] = {}
    unique = []
    for name in names:
        fresh = name
        while name and fresh.casefold() in taken:
            number = following[name.casefold()] = following.get(name.casefold(), 1) + 1
            path = PurePosixPath(name)
            fresh = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        taken.add(fresh.casefold())
        unique.append(fresh)
    return unique
