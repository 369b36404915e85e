"""The members of a plain ZIP archive as parts, within bounds.  Source: APPNOTE.TXT 6.3.

Bounds go by what the table of contents claims, so that they do not depend on what was unpacked
before; a member that unpacks to more than its claim is damaged.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from functools import partial
from io import BytesIO
from pathlib import PurePosixPath

from appliance.formats.attached import DAMAGED, LARGEST_PART, TOO_LARGE, Attachment, Unreadable
from appliance.formats.zip_package import DAMAGE, Package
from appliance.sandbox.outcome import Outcome, ReadingFailed

MOST_MEMBERS = 20_000
MOST_BYTES = 4 << 30  # unpacked, of all members
LARGEST_LOCKED = 32 << 20  # bytes; the old encryption is slow to undo
STEEPEST = 400  # how many times larger than packed, from this size on:
_STEEP_FROM = 16 << 20

TOO_MANY = "the archive holds more than what is unpacked here"
BOMB = "the file unpacks to far more than any document does"
OVERLAP = "members of the archive share their bytes, as in a trap"
LINK = "a link to another place is not followed"
LOCKED = "the file is encrypted and needs a password"
WRONG = "the file is encrypted and the password is wrong"
STRONG = "the file is encrypted in a way that is not read here (AES)"
METHOD = "the file is packed in a way that is not read here"
_NOTES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_ENCRYPTED, _UNICODE = 0x1, 0x800  # flag bits
_AES = 99


def is_note(name: str) -> bool:
    """Whether a file manager keeps this for itself."""
    path = PurePosixPath(name.replace("\\", "/"))
    return "__MACOSX" in path.parts[:1] or path.name.lower() in _NOTES


def members(data: bytes, passwords: tuple[str, ...]) -> list[Attachment]:
    """Every member but folders and notes of file managers.

    Raises:
        ReadingFailed: no archive, or every member is encrypted and no password opens any.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except DAMAGE:
        return _salvaged(data)
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    entries = [entry for entry in entries if not is_note(entry.filename)]
    _need_password(archive, entries, passwords)
    overlapping = _overlapping(archive)
    found: list[Attachment] = []
    total = 0
    for entry in entries:
        total += entry.file_size
        reason = OVERLAP if entry.header_offset in overlapping else _refusal(entry)
        if len(found) >= MOST_MEMBERS or total > MOST_BYTES:
            reason = TOO_MANY
        load = partial(_unpacked, archive, entry, passwords, reason)
        found.append(Attachment(_name(entry), load, "member"))
    return found


def _salvaged(data: bytes) -> list[Attachment]:
    """What lies in front of the break of an archive that lost its table of contents."""
    package = Package(data)
    names = [name for name in package.names if not is_note(name)][:MOST_MEMBERS]

    def load(name: str) -> bytes:
        found = package.read(name)
        # the checksum stands in front of the member or behind it, where that was not cut off
        if name in package.damaged or struct.pack("<I", zlib.crc32(found)) not in data:
            raise Unreadable(DAMAGED)
        return found

    return [Attachment(name, partial(load, name), "member") for name in names]


def _name(entry: zipfile.ZipInfo) -> str:
    """The name; where its flag says code page 437 it is often UTF-8 all the same."""
    if entry.flag_bits & _UNICODE or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _refusal(entry: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(entry.external_attr >> 16):
        return LINK
    if entry.file_size > _STEEP_FROM and entry.file_size > STEEPEST * max(1, entry.compress_size):
        return BOMB
    if entry.file_size > LARGEST_PART:
        return TOO_LARGE
    if entry.flag_bits & _ENCRYPTED and entry.compress_type == _AES:
        return STRONG
    return TOO_LARGE if entry.flag_bits & _ENCRYPTED and entry.file_size > LARGEST_LOCKED else ""


def _overlapping(archive: zipfile.ZipFile) -> set[int]:
    """Where members begin whose bytes reach into those of the next one."""
    places = sorted((entry.header_offset, entry.compress_size) for entry in archive.infolist())
    reach, last = 0, -1
    found: set[int] = set()
    for begin, size in places:
        if begin < reach:
            found |= {begin, last}
        if begin + size > reach:
            reach, last = begin + size, begin
    return found


def _need_password(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], passwords: tuple[str, ...]
) -> None:
    """An archive that is encrypted as a whole is said to be so, once."""
    if not entries or not all(entry.flag_bits & _ENCRYPTED for entry in entries):
        return
    if all(entry.compress_type == _AES for entry in entries):
        raise ReadingFailed(Outcome.ENCRYPTED)
    if not passwords:
        raise ReadingFailed(Outcome.NEEDS_PASSWORD)
    smallest = min(entries, key=lambda entry: entry.file_size)
    try:
        _unpacked(archive, smallest, passwords, "")
    except Unreadable as error:
        if error.reason == WRONG:
            raise ReadingFailed(Outcome.WRONG_PASSWORD) from error


def _unpacked(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, passwords: tuple[str, ...], reason: str
) -> bytes:
    if reason:
        raise Unreadable(reason)
    if not entry.flag_bits & _ENCRYPTED:
        return _read(archive, entry, None)
    if not passwords:
        raise Unreadable(LOCKED)
    for password in passwords:
        try:
            return _read(archive, entry, password.encode("utf-8"))
        except (Unreadable, RuntimeError):  # one wrong password in 256 fails only at the checksum
            continue
    raise Unreadable(WRONG)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, password: bytes | None) -> bytes:
    try:
        with archive.open(entry, pwd=password) as member:
            found = member.read(entry.file_size + 1)
    except NotImplementedError as error:
        raise Unreadable(METHOD) from error
    except DAMAGE as error:
        raise Unreadable(DAMAGED) from error
    if len(found) != entry.file_size:
        raise Unreadable(DAMAGED)
    return found
