"""The folder of evidence: what the core streams, and what is made of it here, in one place.

Written as the officer's own user, for him alone (0700, files 0600).  The folder is made new and
stands under its name only when it is complete, so a cut export is never taken for a whole one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO

from appliance.app.oversight.evidence import Piece
from appliance.app.work.output import written
from appliance.audit.records import Record, decode
from appliance.carried import program
from appliance.dossier import fhir, ocsf, rows
from appliance.dossier.readme import Contents, readme
from appliance.dossier.telling import Opening, Told, read_names, sealed, tell
from appliance.errors import AuditError, DiskFull, InputUnreadable, UsageError

_NAME = re.compile(r"(?:(?:cosignatures|growth|policies/[0-9a-f]{64})/)?[A-Za-z0-9][A-Za-z0-9._-]*")
_PER_BUNDLE = 500  # events
LONGEST_NAME = 200  # of a log


@dataclass(frozen=True, slots=True)
class Written:
    """What an export came to."""

    folder: str
    records: int
    events: int


def write(pieces: Iterable[Piece], folder: Path, opening: Opening = sealed) -> Written:
    """Write a folder of evidence.

    Args:
        pieces: as the core streams them.
        folder: to be made; there must be none of this name.
        opening: opens sealed strings, with the officer's key.

    Raises:
        UsageError: there is such a folder.
        InputUnreadable, DiskFull: it cannot be written.
        AuditError: a piece has a name that is none.
    """
    if folder.exists():
        raise UsageError(f"{folder} is there already", remedy="name a new folder with --out")
    draft = folder.with_name(folder.name + ".part")
    if draft.exists():
        raise UsageError(
            f"{draft} is left of an export that was cut", remedy="remove it, or name a new folder"
        )
    with _explained(folder):
        draft.mkdir(mode=0o700, parents=True)
    try:
        counted = _written(pieces, draft, opening)
    except BaseException:
        rmtree(draft, ignore_errors=True)
        raise
    with _explained(folder):
        draft.rename(folder)
    return Written(str(folder), counted.records, counted.events)


def _written(pieces: Iterable[Piece], draft: Path, opening: Opening) -> Written:
    """All files of the folder."""
    _collect(pieces, draft)
    with (draft / "checkpoint").open(encoding="utf-8") as note:
        origin = note.readline(LONGEST_NAME).strip()
    names = read_names((draft / "names.json").read_bytes())
    counted = _derive(draft, tell(_records(draft), names, opening), origin)
    written(draft, {"verify_audit.py": program("verify_audit.py")})
    policies = draft / "policies"
    sets = tuple(sorted(one.name for one in policies.iterdir())) if policies.is_dir() else ()
    contents = Contents(origin, counted.records, counted.events, opening is not sealed, sets)
    written(draft, {"README.txt": readme(contents).encode()})
    return counted


def _collect(pieces: Iterable[Piece], folder: Path) -> None:
    """Every piece behind the one before of its file."""
    with ExitStack() as held:
        files: dict[str, BinaryIO] = {}
        for piece in pieces:
            if not _NAME.fullmatch(piece.name):
                raise AuditError("a part of the evidence has a name that is none")
            with _explained(folder / piece.name):
                if piece.name not in files:
                    files[piece.name] = held.enter_context(_created(folder / piece.name))
                files[piece.name].write(piece.data)


def _derive(folder: Path, told: Iterator[Told], origin: str) -> Written:
    """Tables and other systems' formats, in one walk over the events."""
    records = events = 0
    with (
        _explained(folder),
        _created(folder / "events.csv") as table,
        _created(folder / "ocsf.jsonl") as lines,
    ):
        table.write((rows.MARK + rows.line(rows.HEAD)).encode())
        for number in range(1, 1_000_000):
            some = tuple(islice(told, _PER_BUNDLE))
            if not some:
                break
            for one in some:
                table.write(rows.line(rows.row(one)).encode("utf-8", "backslashreplace"))
                lines.write(ocsf.line(one, origin).encode("utf-8", "backslashreplace"))
                records += len(one.event.seqs)
            events += len(some)
            with _created(folder / "fhir" / f"{number:06d}.json") as bundle:
                bundle.write(fhir.bundle(some, origin))
    return Written(str(folder), records, events)


def _records(folder: Path) -> Iterator[Record]:
    with (folder / "events.jsonl").open("rb") as file:
        for line in file:
            yield decode(line.rstrip(b"\n"))


def _created(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == 28:
            raise DiskFull(f"no space left for {path}", remedy="free space, then again") from error
        raise InputUnreadable(
            f"{path} cannot be written: {error.strerror}", remedy="choose another folder with --out"
        ) from error
