"""What is kept here of each witness: its key and the checkpoint that it signed last.

Folder: ``audit/witnesses/NAME``, a file of the witness's key in one line and then the note with its
cosignature.  Whoever can write here can take a witness away, not invent one: what counts is the
witness's own memory, on another machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.audit import closed, cosign
from appliance.audit.checkpoint import LARGEST_NOTE, read_note
from appliance.audit.cosign import Cosigned
from appliance.audit.merkle import CompactRange
from appliance.audit.records import decode
from appliance.audit.segments import write_whole
from appliance.durable import synchronise
from appliance.errors import AuditError

ASK = "keep the log and the witness's copy as they are, and ask who had access to the machine"


def all_of(folder: Path, public_key: bytes) -> tuple[Cosigned, ...]:
    """What every witness of an audit folder signed last, the latest first.

    Raises:
        AuditError: a file was changed or cannot be read.
    """
    place = _place(folder)
    names = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
    found = [seen for name in names if (seen := read(folder, name, public_key))]
    return tuple(sorted(found, key=lambda seen: seen.seconds, reverse=True))


def read(folder: Path, name: str, public_key: bytes) -> Cosigned | None:
    """What one witness signed last, or None where there is none of this name.

    Raises:
        AuditError: the file was changed or cannot be read.
    """
    try:
        untrusted = content(folder, name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuditError(f"{_place(folder) / name} cannot be read ({error.strerror})") from error
    key, _, note = untrusted.partition(b"\n")
    witness = cosign.read_key(key.decode("utf-8", "replace"))
    return cosign.read_cosignature(note, read_note(note, public_key), witness)


def content(folder: Path, name: str) -> bytes:
    """The file of one witness.  Raises OSError."""
    with (_place(folder) / name).open("rb") as file:
        return file.read(LARGEST_NOTE + 1)


def keep(folder: Path, found: Cosigned, note: bytes) -> None:
    """Keep what a witness signed, instead of what it signed before.

    Raises:
        AuditError: it cannot be written.
    """
    place = _place(folder)
    if not place.is_dir():
        place.mkdir(mode=0o700)
        synchronise(folder)
    body, _, signatures = note.rpartition(b"\n\n")
    own = "".join(_by(signatures, found.checkpoint.origin))
    whole = f"{found.witness.spelled()}\n{body.decode()}\n\n{own}{found.line}"
    write_whole(place / found.witness.name, whole.encode())


def removed(folder: Path, first: int, origin: str, public_key: bytes) -> CompactRange | None:
    """What was kept of the records before the first one that is there; None: it is the first.

    Raises:
        AuditError: what was kept is missing, or not signed by the log's key.
    """
    if first <= 0:
        return None
    for path in sorted(closed.folder_of(folder).glob("*.root")):
        one = closed.read(folder, int(path.stem), origin, public_key)
        if one is not None and one.size == first:
            return one.tree()
    raise AuditError(f"nothing says what the {first} removed records were", remedy=ASK)


def number(line: bytes) -> int:
    """The number of the record in a line."""
    return decode(line).seq


def _place(folder: Path) -> Path:
    return folder / "witnesses"


def _by(signatures: bytes, origin: str) -> Iterator[str]:
    """The signature lines of one name."""
    for line in signatures.decode("utf-8").splitlines(keepends=True):
        if line.startswith(f"\u2014 {origin} "):
            yield line
