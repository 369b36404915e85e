"""Evidence: what is carried away, so that others can check it without this machine.

It is composed here, on the officer's side, where the officer's key may open what is sealed: in a
folder of the officer's own that is gone when the session ends or the next one is gathered.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.app.oversight.evidence import Piece
from appliance.audit.codes import ACTIONS
from appliance.audit.records import Record
from appliance.audit.selection import Wanted
from appliance.console.asking import LONGEST_FIELD
from appliance.console.jobs import Job, Step
from appliance.console.opening import Opened
from appliance.console.visit import Answer, Download, Elsewhere, Open, Page, Visit
from appliance.dossier import folder
from appliance.dossier.telling import Opening, sealed
from appliance.errors import NotFound, UsageError

EVIDENCE = "evidence"
_STAMP = (2000, 1, 1, 0, 0, 0)  # of every file in the archive: the same evidence, the same bytes


@dataclass(frozen=True, slots=True)
class Gathered:
    """Evidence that waits to be carried away."""

    archive: Path
    name: str
    records: int
    events: int
    size: int  # bytes
    said: str  # what was asked for


class Gathering(Job):
    """Evidence on its way into a folder of its own."""

    def __init__(self, work: Generator[Step, None, Gathered], place: Path) -> None:
        self._place = place
        super().__init__(work)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self._place, ignore_errors=True)


def evidence(visit: Visit) -> Page:
    """What to carry away, and what waits for it."""
    job = visit.jobs.get(EVIDENCE)
    values = {
        "job": job,
        "asked": {name: visit.query.get(name, "")[:LONGEST_FIELD] for name in _FIELDS},
        "people": visit.called.people,
        "collections": visit.called.collections,
        "actions": sorted(ACTIONS),
    }
    busy = job is not None and not job.over
    return Page("evidence.html", "Evidence", values, refresh=1 if busy else 0)


def gather(visit: Visit) -> Answer:
    """Begin to gather it.

    Raises:
        UsageError: a moment or an action is none.
    """
    wanted = _wanted(visit.form)
    job = visit.jobs.get(EVIDENCE)
    if job is not None and not job.over:
        return Elsewhere("/evidence")
    forget(visit.jobs)
    opening = _opening(visit.session.opened) if visit.form.get("open") else sealed
    said, place = _said(visit, wanted), Path(tempfile.mkdtemp(prefix="appliance-evidence-"))
    work = _gathered(visit.open, wanted, opening, said, place)
    visit.jobs[EVIDENCE] = Gathering(work, place)
    return Elsewhere("/evidence")


def carry(visit: Visit) -> Answer:
    """The archive itself.

    Raises:
        NotFound: there is none of this name.
    """
    job = visit.jobs.get(EVIDENCE)
    found = job.result if job else None
    if not isinstance(found, Gathered) or found.name != visit.path.get("name"):
        raise NotFound("there is nothing to carry away", remedy="gather it first")
    return Download(found.archive, found.name, "application/zip")


def forget(jobs: dict[str, Job]) -> None:
    """Remove what was gathered before, or is still being gathered."""
    job = jobs.pop(EVIDENCE, None)
    if isinstance(job, Gathering):
        job.remove()  # now, for the process may end; what is being written then fails
        job.afterwards(job.remove)


_FIELDS = ("since", "until", "who", "action", "collection", "document", "denied")


def _wanted(form: Mapping[str, str]) -> Wanted:
    named = {name: form.get(name, "").strip() for name in _FIELDS}
    if named["action"] and named["action"] not in ACTIONS:
        raise UsageError("there is no such action", remedy="choose one from the list")
    return Wanted(
        since=named["since"],
        until=named["until"],
        who=(named["who"],) if named["who"] else (),
        actions=(named["action"],) if named["action"] else (),
        collection=named["collection"],
        document=named["document"],
        denied=bool(named["denied"]),
    ).checked()


def _said(visit: Visit, wanted: Wanted) -> str:
    """What was asked for, with names in the place of numbers."""
    return replace(
        wanted,
        who=tuple(visit.names.person(int(one)) for one in wanted.who if one.isdecimal()),
        collection=visit.names.place(wanted.collection) if wanted.collection else "",
    ).said()


def _opening(opened: Opened) -> Opening:
    def strings(record: Record) -> Mapping[str, str]:
        return opened.strings(record)

    return strings


def _gathered(
    open_appliance: Open, wanted: Wanted, opening: Opening, said: str, place: Path
) -> Generator[Step, None, Gathered]:
    """The folder, as `appliance audit export` writes it, in one archive in ``place``."""
    try:
        with open_appliance() as appliance:
            pieces = _Counted(appliance.evidence.gather(wanted))
            yield Step(0, 0, "bytes")
            written = folder.write(pieces, place / EVIDENCE, opening)
        yield Step(pieces.bytes, 0, "bytes")
        archive = place / "evidence.zip"
        _zip(place / EVIDENCE, archive)
        shutil.rmtree(place / EVIDENCE)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    size = archive.stat().st_size
    name = f"evidence-{written.records}.zip"
    return Gathered(archive, name, written.records, written.events, size, said)


class _Counted:
    """Pieces as they stream in, counted."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces, self.bytes = pieces, 0

    def __iter__(self) -> Iterator[Piece]:
        for piece in self._pieces:
            self.bytes += len(piece.data)
            yield piece


def _zip(source: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED, allowZip64=True) as packed:
        for path in sorted(one for one in source.rglob("*") if one.is_file()):
            info = zipfile.ZipInfo(f"evidence/{path.relative_to(source)}", _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with packed.open(info, "w", force_zip64=True) as target, path.open("rb") as file:
                shutil.copyfileobj(file, target)
