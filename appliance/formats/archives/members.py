"""Hands out the members of an archive: ZIP, TAR, and single files packed by gzip, bzip2 or xz.

Runs in the confined child.  Every member is a part; one that is not unpacked has a reason: beyond
the bounds below, encrypted, a link, damaged.  Left out without a word are folders and the notes
that file managers keep beside files (``__MACOSX``, ``.DS_Store``, ``Thumbs.db``): they are no
documents and say nothing of any.  An archive within an archive is a part like any other; whoever
reads it bounds how deep that goes.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable
from functools import partial
from io import BufferedIOBase, BytesIO

from appliance.formats import attached, kinds
from appliance.formats.archives import zip_members
from appliance.formats.archives.zip_members import LINK, MOST_BYTES, MOST_MEMBERS, TOO_MANY, is_note
from appliance.formats.attached import LARGEST_PART, TOO_LARGE, Attachment, Unreadable
from appliance.formats.reading import Reading, Wishes
from appliance.sandbox.outcome import Outcome, ReadingFailed

Load = Callable[[], bytes]

SPECIAL = "a device or a pipe holds no document"


def warm() -> None:
    """Nothing that is not there."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """The members of an archive, in its own order.

    Raises:
        ReadingFailed: damaged, or all of it encrypted with no password that fits.
    """
    if media_type == kinds.ZIP:
        found = zip_members.members(data, wishes.passwords)
    elif media_type == kinds.TAR:
        found = _tar(data)
    else:
        found = [_packed(data, media_type)]
    parts, following = attached.hand_out(found, wishes.first_part)
    return Reading(None, parts, following)


# --- TAR ------------------------------------------------------------------------------------------


def _tar(data: bytes) -> list[Attachment]:
    found: list[Attachment] = []
    total = 0
    try:
        with tarfile.open(fileobj=BytesIO(data), mode="r:") as archive:
            for member in archive:
                if member.isdir() or is_note(member.name):
                    continue
                total += member.size
                found.append(Attachment(member.name, _tar_load(data, member, len(found), total)))
                if len(found) > MOST_MEMBERS + 1000:
                    break
    except (tarfile.TarError, OSError, ValueError, EOFError, struct.error) as error:
        if not found:
            raise ReadingFailed(Outcome.DAMAGED) from error
        found.append(Attachment("", partial(_refuse, attached.DAMAGED), "rest of the archive"))
    return found


def _tar_load(data: bytes, member: tarfile.TarInfo, number: int, total: int) -> Load:
    if member.issym() or member.islnk():
        return partial(_refuse, LINK)
    if not member.isfile() or member.issparse():
        return partial(_refuse, SPECIAL)
    if number >= MOST_MEMBERS or total > MOST_BYTES:
        return partial(_refuse, TOO_MANY)
    if member.size > LARGEST_PART:
        return partial(_refuse, TOO_LARGE)
    begin = member.offset_data
    return partial(_cut, data, begin, begin + member.size)


def _cut(data: bytes, begin: int, end: int) -> bytes:
    if end > len(data):
        raise Unreadable(attached.DAMAGED)
    return data[begin:end]


def _refuse(reason: str) -> bytes:
    raise Unreadable(reason)


# --- single files ---------------------------------------------------------------------------------


def _packed(data: bytes, media_type: str) -> Attachment:
    name = _gzip_name(data) if media_type == kinds.GZIP else ""
    return Attachment(name, partial(_unpacked, data, media_type), "content")


def _unpacked(data: bytes, media_type: str) -> bytes:
    """All streams one after the other, as the programs do that pack them."""
    try:
        with _opened(BytesIO(data), media_type) as stream:
            return bytes(stream.read(LARGEST_PART + 1))
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise Unreadable(attached.DAMAGED) from error


def _opened(packed: BytesIO, media_type: str) -> BufferedIOBase:
    if media_type == kinds.GZIP:
        return gzip.GzipFile(fileobj=packed)
    return bz2.BZ2File(packed) if media_type == kinds.BZIP2 else lzma.LZMAFile(packed)


def _gzip_name(data: bytes) -> str:
    """The name in the header (RFC 1952), empty without one."""
    flags = data[3] if len(data) > 3 else 0
    at = 10
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    if not flags & 8:
        return ""
    end = data.find(b"\0", at, at + 1024)
    return data[at:end].decode("latin-1") if end > at else ""
