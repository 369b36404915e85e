"""What is known of a full segment: signed when it is closed, and kept when it is removed.

``roots/NNNNNN.root`` says of segment NNNNNN which records it holds, the SHA-256 of its file and the
peaks of the Merkle tree behind it.  With it the log opens without reading every record again (the
file is still hashed as a whole, so a changed line is found), and the log goes on to verify when the
retention period is over and the segment's records are gone.

The form is a signed note (C2SP) under the name ``<origin>/segment``, one value per line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from appliance.audit.checkpoint import LARGEST_NOTE, opened_note, signed_note
from appliance.audit.merkle import CompactRange
from appliance.errors import AuditError

_HEX = "[0-9a-f]{64}"
_NUMBER = "(?:0|[1-9][0-9]{0,14})"
_FORM = re.compile(
    rf"([^\n]+)\nsegment ({_NUMBER})\nbefore ({_NUMBER})\nsize ({_NUMBER})\ndigest ({_HEX})\n"
    rf"leaf ({_HEX})\ntime ([0-9TZ:.-]{{27}})\nroot ((?:{_HEX})?)\n"
    rf"open((?: [0-9a-f]{{32}})*)\npeaks((?: {_HEX})+)\n"
)
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Closed:
    """One full segment, and the log behind its last record."""

    number: int
    before: int  # records before its first one
    size: int  # records of the log up to its end
    digest: str  # SHA-256 of the file, 64 hex digits
    leaf: str  # leaf hash of its last record: what the next record names
    time: str  # of its last record
    bound: str  # root of the catalogue that was bound last; empty where none was
    unanswered: tuple[str, ...]  # ids of the intents whose outcome is still to come
    peaks: tuple[bytes, ...]  # of the compact range over all ``size`` records

    def tree(self) -> CompactRange:
        """The compact range over all records up to the segment's end."""
        return CompactRange(self.size, list(self.peaks))


def folder_of(folder: Path) -> Path:
    """Where an audit folder keeps what is known of its full segments."""
    return folder / "roots"


def file_of(folder: Path, number: int) -> Path:
    """The file of one segment."""
    return folder_of(folder) / f"{number:06d}.root"


def write(closed: Closed, origin: str, seed: bytes) -> bytes:
    """The signed note, as it stands in the file."""
    name = f"{origin}/segment"
    body = (
        f"{name}\nsegment {closed.number}\nbefore {closed.before}\nsize {closed.size}\n"
        f"digest {closed.digest}\nleaf {closed.leaf}\ntime {closed.time}\nroot {closed.bound}\n"
        f"open{''.join(f' {one}' for one in closed.unanswered)}\n"
        f"peaks{''.join(f' {one.hex()}' for one in closed.peaks)}\n"
    )
    return signed_note(body, name, seed)


def read(folder: Path, number: int, origin: str, public_key: bytes) -> Closed | None:
    """What was signed of a segment, or None where nothing was.

    Raises:
        AuditError: it is not what the log key signed.
    """
    path = file_of(folder, number)
    try:
        with path.open("rb") as file:
            untrusted_note = file.read(LARGEST_NOTE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuditError(f"{path} cannot be read ({error.strerror})") from error
    try:
        return _opened(untrusted_note, number, f"{origin}/segment", public_key)
    except AuditError as error:
        raise AuditError(f"{path}: {error.message}", remedy=error.remedy) from error


def _opened(untrusted_note: bytes, number: int, name: str, public_key: bytes) -> Closed:
    form = _FORM.fullmatch(opened_note(untrusted_note, name, public_key))
    if form is None or form[1] != name or int(form[2]) != number:
        raise AuditError("the root of a segment is not that of this segment and log")
    peaks = tuple(bytes.fromhex(peak) for peak in form[10].split())
    closed = Closed(
        number,
        before=int(form[3]),
        size=int(form[4]),
        digest=form[5],
        leaf=form[6],
        time=form[7],
        bound=form[8],
        unanswered=tuple(form[9].split()),
        peaks=peaks,
    )
    if closed.before >= closed.size or closed.size.bit_count() != len(peaks):
        raise AuditError("the root of a segment does not fit its size")
    return closed


def digest_of(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits.

    Raises:
        AuditError: it cannot be read.
    """
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise AuditError(f"{path} cannot be read ({error.strerror})") from error
    return digest.hexdigest()
