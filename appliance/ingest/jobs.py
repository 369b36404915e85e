"""One file on its way into the store, what became of it, and the order in which that is said.

A file may hold files: jobs form trees.  Outcomes are said in the order of the folder, a file
before its parts, whatever finished first; a file that is tried again is said after its siblings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.documents import Document, Gap
from appliance.ingest.handed import FileSource
from appliance.store.store import FileRow

DEEPEST = 5  # files in files
MOST_HELD = 256 << 20  # bytes of files let in at a time; one file may be larger
MOST_LET_IN = 24  # jobs between their intent and their outcome
MOST_READING = 8  # jobs whose answers, and the parts in them, may come at any moment
MOST_PARTS = 10_000  # in one file of the folder, whatever the depth
MOST_UNPACKED = 2 << 30  # bytes of parts of one file of the folder

Rank = tuple[int, ...]  # the way from the folder to a part; smaller is earlier


class Taken(StrEnum):
    """What became of one file."""

    ADDED = "added"
    REPLACED = "new version"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    UNPACKED = "unpacked"  # a mere container: its parts are the documents
    NO_TEXT = "no text"  # a picture in a document; it was read in full and holds no text
    REMOVED = "removed"  # it lay in an earlier version of its container, and no longer does
    ASIDE = "left out"  # hidden, or the operator does not want it
    FAILED = "failed"
    QUARANTINED = "quarantined"  # it killed its reader too often


UNREAD = frozenset({Taken.FAILED, Taken.QUARANTINED})


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file, for the person and the report."""

    name: str
    taken: Taken
    document: Document | None = None  # with DUPLICATE: the one that holds the same content
    reason: str = ""
    remedy: str = ""
    part: bool = False  # it lay in another file
    gaps: tuple[Gap, ...] = ()  # of a document that was read now
    seconds: float = 0.0  # of work on it, in all stages together

    @property
    def unread(self) -> bool:
        """Whether the file should have been read and was not."""
        return self.taken in UNREAD


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an intake holds at a time."""

    held: int = MOST_HELD
    let_in: int = MOST_LET_IN
    reading: int = MOST_READING
    parts: int = MOST_PARTS  # below one file of the folder
    unpacked: int = MOST_UNPACKED  # bytes of them


@dataclass(slots=True)
class Allowance:
    """What one file of the folder may still unpack, and the names in use below it."""

    parts: int = MOST_PARTS
    unpacked: int = MOST_UNPACKED
    exceeded: bool = False  # some parts were not even looked at
    names: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)  # whose own parts were not listed now

    def holds(self, name: str) -> bool:
        """Whether a document of this name belongs to the file as it is now."""
        steps = name.split("/")
        above = ("/".join(steps[:length]) for length in range(1, len(steps)))
        return name in self.names or not self.kept.isdisjoint(above)

    def forget_below(self, name: str) -> None:
        """A part is tried again: what it gave before does not count."""
        self.names = {known for known in self.names if not known.startswith(name + "/")}

    def unique(self, name: str) -> str:
        """The name, or one with a number where another part has it already."""
        folder, slash, last = name.rpartition("/")
        stem, dot, ending = last.rpartition(".") if "." in last[1:] else (last, "", "")
        number = 2
        while name in self.names:
            name = f"{folder}{slash}{stem} ({number}){dot}{ending}"
            number += 1
        self.names.add(name)
        return name


@dataclass(slots=True, eq=False)
class Job:
    """One attempt to take in one file."""

    name: str
    rank: Rank
    path: FileSource | None = None  # None: a part, in ``data`` from the beginning
    size: int = 0  # bytes
    data: bytes = b""
    holder: Job | None = None  # the file that it lies in
    reason: str = ""  # why it cannot be read; known before
    allowance: Allowance = field(default_factory=Allowance)

    worked: float = 0.0  # seconds in which some stage had it in hand
    content: str = ""  # keyed hash
    row: FileRow | None = None
    known_before: bool = False  # the ledger knew the name: an earlier version may have left parts
    document: Document | None = None
    outcome: FileOutcome | None = None
    postponed: bool = False  # another job tries this file again
    children: list[Job] = field(default_factory=list)
    unfinished: int = 0  # children that may still change
    lost: int = 0  # children that were not read
    first_part: int = 0
    next_part: int | None = None
    reading: bool = False
    listed: bool = False  # all its parts are known
    closed: bool = False

    def add_said(
        self, name: str, taken: Taken, document: Document | None = None, reason: str = ""
    ) -> None:
        """One more part, of which the outcome is known already."""
        part = Job(name, (*self.rank, len(self.children)), holder=self, closed=True)
        part.outcome = FileOutcome(name, taken, document, reason=reason, part=True)
        self.children.append(part)

    @property
    def depth(self) -> int:
        """0 for a file of the folder."""
        return len(self.rank) - 1

    @property
    def attached(self) -> bool:
        """Whether it lies in a document, not in the folder or a mere container."""
        return self.holder is not None and self.holder.document is not None


class Namesakes:
    """Jobs of one name come one after the other: a line of the ledger is of one content.

    A file that changes while it is read is handed out again by a hot folder; what a container
    holds may be called like a file of the folder.
    """

    def __init__(self) -> None:
        self._first: dict[str, Job] = {}
        self._waiting: dict[str, list[Job]] = {}

    def waits(self, job: Job) -> bool:
        """Whether another job of this name has to end first; if not, the name is this job's."""
        first = self._first.setdefault(job.name, job)
        if first is not job:
            self._waiting.setdefault(job.name, []).append(job)
        return first is not job

    def freed(self, job: Job) -> list[Job]:
        """Those that waited for a job that has ended."""
        if self._first.get(job.name) is not job:
            return []
        del self._first[job.name]
        return self._waiting.pop(job.name, [])


class Order:
    """Hands outcomes out in the order of the folder, each as soon as those before are out."""

    def __init__(self) -> None:
        self._tops: deque[Job] = deque()
        self._way = self._walked()

    def add(self, job: Job) -> None:
        """One more file of the folder."""
        self._tops.append(job)

    def next(self) -> FileOutcome | None:
        """The next outcome; None where it is not known yet, or all are out."""
        return next(self._way)

    def _walked(self) -> Iterator[FileOutcome | None]:
        while True:
            if self._tops:
                yield from _outcomes(self._tops.popleft())
            else:
                yield None


def _outcomes(job: Job) -> Iterator[FileOutcome | None]:
    """Of one job and then of its children, with a None for every look that came too early."""
    while job.outcome is None and not job.postponed:
        yield None
    if job.outcome is not None:
        yield job.outcome
    said = 0
    while said < len(job.children) or not job.closed:
        if said < len(job.children):
            yield from _outcomes(job.children[said])
            said += 1
        else:
            yield None
