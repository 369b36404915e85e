"""The way of a folder into the store: every file and every file in it, to a full account.

One thread, the caller's, runs `Intake.take`: it alone touches the store and the audit log, lets
jobs into the stages, and hands outcomes out.  Loading, reading, recognising and embedding go on in
the stages meanwhile, also while the caller works on an outcome.  How much is in memory is bounded
by the bytes and the number of the files let in.

The intent of each file is on record before it is opened, its outcome before it is handed out.
"""

from __future__ import annotations

import heapq
import queue
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from typing import Protocol

from appliance.documents import Document
from appliance.errors import ApplianceError, AuditError, InputUnreadable, NoText
from appliance.formats.reading import Part, Reading
from appliance.ingest.filing import Filing
from appliance.ingest.folder import Found, Skipped
from appliance.ingest.handed import FileSource
from appliance.ingest.jobs import (
    DEEPEST,
    Allowance,
    Bounds,
    FileOutcome,
    Job,
    Namesakes,
    Order,
    Rank,
    Taken,
)
from appliance.ingest.stages import Event, Failed, Indexed, Loaded, Stages

MOST_UNSAID = 1000  # outcomes that wait for their turn
_WAIT_S = 0.5  # for a reader, or a source that has nothing new


class Recorder(Protocol):
    """What puts acts on record, for the one who may not read or write without it."""

    def present(self) -> None:
        """Raise what ends the work of somebody who has gone; asked every half second at least."""

    def begin(self, name: str) -> object:
        """Record that a file is about to be taken in; the token for `end`."""

    def end(self, act: object, document: Document | None, error: BaseException | None) -> None:
        """Record how that ended."""

    def remove(self, document: Document) -> str:
        """Erase a document whose file vanished, on record; why not, where it has to stay."""


Source = Iterable[Found | Skipped | None]  # None: nothing new at present


class Intake:
    """Takes files into one collection; used once."""

    def __init__(
        self, filing: Filing, stages: Stages, recorder: Recorder, bounds: Bounds | None = None
    ) -> None:
        self._filing = filing
        self._stages = stages
        self._recorder = recorder
        self._bounds = bounds or Bounds()
        self._order = Order()
        self._tops = 0
        self._again: list[Job] = []  # files that killed their reader, after all others
        self._next: Found | None = None  # looked at, and too large for now
        self._waiting: list[tuple[Rank, Job]] = []  # parts in memory, not yet on record; a heap
        self._loaded: list[tuple[Rank, Job]] = []  # to be read; a heap
        self._reading = 0
        self._acts: dict[Job, object] = {}  # open, in the order of their intents
        self._twins: dict[str, list[Job]] = {}  # content in work: jobs of the same content
        self._namesakes = Namesakes()
        self._held = 0
        self._unsaid = 0
        self._jobs = 0  # not closed
        self.most_held = self.most_let_in = 0  # how far the bounds were used

    def take(self, source: Source) -> Generator[FileOutcome, None, None]:
        """Every outcome, in the order of the source, parts after the file that holds them.

        Raises:
            AuditError, DiskFull, StoreDamaged, ModelError, SandboxError: about the machine; what
                was finished stays.
        """
        error: BaseException | None = None
        try:
            yield from self._taken(iter(source))
        except BaseException as caught:
            error = caught
            raise
        finally:
            self._stages.stop()
            for act in self._acts.values():
                with suppress(AuditError):
                    self._recorder.end(act, None, error or GeneratorExit())

    def _taken(self, source: Iterator[Found | Skipped | None]) -> Iterator[FileOutcome]:
        quiet = False  # the source had nothing new
        ended = False
        while True:
            self._recorder.present()
            if not ended:
                quiet, ended = self._let_in(source)
            self._start_parts()
            self._drain()
            self._start_reading()
            outcome = self._order.next()
            if outcome is not None:
                self._unsaid -= 1
                yield outcome
            elif self._jobs:
                self._wait(_WAIT_S)
            elif self._again and (quiet or ended):
                self._retry()
            elif ended:
                return
            else:
                time.sleep(_WAIT_S if quiet else 0)

    # --- letting in -------------------------------------------------------------------------------

    def _let_in(self, source: Iterator[Found | Skipped | None]) -> tuple[bool, bool]:
        """Start files while there is room; whether the source had nothing new, or has ended."""
        while self._has_room():
            entry = self._next or next(source, StopIteration)
            self._next = None
            if entry is StopIteration:
                return True, True
            if entry is None:
                return True, False
            if isinstance(entry, Skipped):
                self._skip(entry)
            elif isinstance(entry, Found):
                if self._held and self._held + entry.size > self._bounds.held:
                    self._next = entry
                    break
                self._start_file(entry.name, entry.path, entry.size)
        return False, False

    def _start_file(self, name: str, path: FileSource, size: int) -> None:
        allowance = Allowance(self._bounds.parts, self._bounds.unpacked)
        job = Job(name, (self._tops,), path, size, allowance=allowance)
        self._top(job)
        self._start(job)

    def _has_room(self) -> bool:
        room = len(self._acts) < self._bounds.let_in and self._unsaid < MOST_UNSAID
        return room and not self._waiting

    def _skip(self, entry: Skipped) -> None:
        job = Job(entry.name, (self._tops,))
        self._top(job)
        taken = Taken.ASIDE if entry.aside else Taken.FAILED
        self._say(job, FileOutcome(entry.name, taken, reason=entry.reason))
        self._close(job)

    def _top(self, job: Job) -> None:
        self._tops += 1
        self._order.add(job)
        self._jobs += 1

    def _start_parts(self) -> None:
        while self._waiting and len(self._acts) < self._bounds.let_in:
            self._start(heapq.heappop(self._waiting)[1])

    def _start(self, job: Job) -> None:
        """From here on the file is on record."""
        self._acts[job] = self._recorder.begin(job.name)
        if job.path is not None:
            self._hold(job.size)
        self.most_let_in = max(self.most_let_in, len(self._acts))
        self._stages.load(job)

    def _start_reading(self) -> None:
        """The earliest first; one always, more while their answers fit."""
        while self._loaded and (
            not self._reading
            or (self._reading < self._bounds.reading and self._held < self._bounds.held)
        ):
            job = heapq.heappop(self._loaded)[1]
            job.reading = True
            self._reading += 1
            self._stages.parse(job)

    def _retry(self) -> None:
        again, self._again = self._again, []
        for dead in again:
            if dead.path is not None:
                self._start_file(dead.name, dead.path, 0)

    def _hold(self, size: int) -> None:
        self._held += size
        self.most_held = max(self.most_held, self._held)

    def _let_go(self, job: Job) -> None:
        self._held -= job.size
        job.size, job.data = 0, b""

    # --- events -----------------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        with suppress(queue.Empty):
            self._handle(self._stages.events.get(timeout=seconds))

    def _drain(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._handle(self._stages.events.get_nowait())

    def _handle(self, event: Event) -> None:
        job = event.job
        if not isinstance(event, Loaded) and job.reading:
            self._reading -= 1
            job.reading = False
        if isinstance(event, Failed):
            if event.fatal or not isinstance(event.error, ApplianceError):
                raise event.error
            self._failed(job, event.error, died=event.died)
        elif isinstance(event, Loaded):
            self._settle(job)
        elif job.first_part:
            self._unpack(job, event.reading)
        else:
            self._read(job, event.reading, event.indexed)

    def _settle(self, job: Job) -> None:
        """Whether a loaded file has to be read at all."""
        if job.path is not None:
            self._hold(len(job.data) - job.size)
            job.size = len(job.data)
        if self._namesakes.waits(job):
            return
        if job.reason:
            self._filing.start(job)
            self._failed(job, InputUnreadable(job.reason, remedy="see the file that holds it"))
        elif job.content in self._twins:
            self._twins[job.content].append(job)
        elif (outcome := self._filing.settled(job)) is not None:
            job.allowance.kept.add(job.name)
            self._finish(job, outcome)
            for kept in self._filing.within(job):  # a run cut short may still owe them work
                job.add_said(kept.name, Taken.UNCHANGED, kept)
                self._unsaid += 1
            self._close(job)
        elif (denied := self._filing.kept(job)) is not None:
            self._failed(job, denied)
        else:
            self._twins[job.content] = []
            self._filing.start(job)
            heapq.heappush(self._loaded, (job.rank, job))

    def _read(self, job: Job, found: Reading, indexed: Indexed | None) -> None:
        document = found.document
        if document and not indexed and not job.document and (document.gaps or not job.attached):
            error = NoText("the file was opened and holds no text", remedy="see if it is blank")
            self._end_badly(job, error, self._filing.failed(job, error, died=False))
        else:
            more = bool(found.parts) or found.next_part is not None
            self._finish(job, self._filing.store(job, indexed, len(found.parts), more=more))
        self._unpack(job, found)

    def _failed(self, job: Job, error: ApplianceError, *, died: bool = False) -> None:
        if job.first_part:  # it is stored already, and so are its first parts
            self._end_act(job, job.document, error)
            self._give_up_parts(job, error.message)
            return
        job.allowance.kept.add(job.name)
        outcome = self._filing.failed(job, error, died=died)
        self._end_badly(job, error, outcome)
        if outcome is None:
            self._postpone(job)
        self._close(job)

    def _end_badly(self, job: Job, error: ApplianceError, outcome: FileOutcome | None) -> None:
        self._end_act(job, None, error)
        if outcome is not None:
            self._say(job, outcome)

    def _postpone(self, job: Job) -> None:
        """Its siblings come first."""
        job.postponed = True
        holder = job.holder
        if holder is None:
            self._again.append(job)
        else:
            job.allowance.forget_below(job.name)
            rank, left = (*holder.rank, len(holder.children)), job.allowance
            again = Job(job.name, rank, None, job.size, job.data, holder, allowance=left)
            self._add_part(again, holder)
        self._free_twins(job)

    # --- parts ------------------------------------------------------------------------------------

    def _unpack(self, job: Job, found: Reading) -> None:
        for part in found.parts:
            self._add_part(self._part(job, part), job)
        job.next_part = found.next_part
        if job.first_part:
            self._end_act(job, job.document, None)
        self._go_on(job)

    def _part(self, job: Job, part: Part) -> Job:
        left = job.allowance
        reason = part.reason
        if job.depth + 1 > DEEPEST:
            reason = f"it lies more than {DEEPEST} files deep"
        elif left.parts <= 0 or left.unpacked < len(part.data):
            reason = "the file that holds it unpacks to more than is allowed"
        data = b"" if reason else part.data
        left.parts -= 1
        left.unpacked -= len(data)
        rank = (*job.rank, len(job.children))
        name = left.unique(f"{job.name}/{part.name}")
        return Job(name, rank, None, len(data), data, job, reason, left)

    def _add_part(self, child: Job, holder: Job) -> None:
        holder.children.append(child)
        holder.unfinished += 1
        self._jobs += 1
        self._hold(child.size)
        heapq.heappush(self._waiting, (child.rank, child))

    def _go_on(self, job: Job) -> None:
        """Once all parts in memory have ended: the next ones, or the end."""
        if job.unfinished:
            return
        left = job.allowance
        if job.next_part is None:
            job.listed = not left.exceeded
            self._close(job)
        elif left.parts > 0 and left.unpacked > 0:
            job.first_part, job.next_part = job.next_part, None
            self._acts[job] = self._recorder.begin(job.name)
            heapq.heappush(self._loaded, (job.rank, job))
        else:
            job.next_part = None
            self._give_up_parts(job, "more parts than are allowed; these were not looked at")

    def _give_up_parts(self, job: Job, reason: str) -> None:
        """Say in one line that a file has more parts than were looked at."""
        job.allowance.exceeded = True
        rank = (*job.rank, len(job.children))
        name = job.allowance.unique(job.name + "/...")
        rest = Job(name, rank, holder=job, reason=reason, allowance=job.allowance)
        self._add_part(rest, job)

    # --- the end of a job -------------------------------------------------------------------------

    def _finish(self, job: Job, outcome: FileOutcome) -> None:
        self._end_act(job, outcome.document, None)
        self._say(job, outcome)

    def _end_act(self, job: Job, document: Document | None, error: BaseException | None) -> None:
        self._recorder.end(self._acts.pop(job), document, error)

    def _say(self, job: Job, outcome: FileOutcome) -> None:
        job.outcome = outcome
        self._unsaid += 1
        self._free_twins(job)

    def _free_twins(self, job: Job) -> None:
        """Files of the same content waited to see what becomes of it."""
        for twin in self._twins.pop(job.content, ()):
            self._settle(twin)

    def _close(self, job: Job) -> None:
        job.closed = True
        self._jobs -= 1
        self._let_go(job)
        self._filing.close(job)
        if job.holder is None and job.listed:
            self._remove_vanished(job)
        holder = job.holder
        if holder is not None:
            holder.unfinished -= 1
            holder.lost += bool(job.lost) or bool(job.outcome and job.outcome.unread)
            self._go_on(holder)
        for waited in self._namesakes.freed(job):
            self._settle(waited)

    def _remove_vanished(self, job: Job) -> None:
        for document in self._filing.vanished(job):
            kept = self._recorder.remove(document)
            taken = Taken.FAILED if kept else Taken.REMOVED
            job.add_said(document.name, taken, reason=kept or f"it is no longer in {job.name}")
            self._unsaid += 1
