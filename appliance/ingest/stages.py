"""The stages of an intake, each in threads of its own: load, read, recognise, embed.

What a stage finished goes on to the next by itself; what needs the store or the audit log comes
back as an event to the one thread that may touch them.  Nothing here waits on anything but its own
queue, so memory is bounded by how many jobs that thread lets in.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from appliance.crypto.keyring import Key
from appliance.crypto.mac import keyed_hash
from appliance.documents import Flag, ParsedDocument
from appliance.errors import ApplianceError, InputUnreadable, SandboxError
from appliance.formats import kinds, reading, wire
from appliance.formats.merge import merge
from appliance.formats.reading import Reading, Scan, Wishes
from appliance.formats.worker import SCAN
from appliance.index.payload import IndexPayload
from appliance.ingest.handed import bytes_of
from appliance.ingest.jobs import Job
from appliance.ingest.readers import Reader, ReaderPool, deadly
from appliance.ingest.turns import Turns

_NOT_RECOGNISED = "the text could not be recognised: "


@dataclass(frozen=True, slots=True)
class Loaded:
    """The bytes of a job are in memory and hashed."""

    job: Job


@dataclass(frozen=True, slots=True)
class Indexed:
    """What came of a file, ready to be sealed; ``parsed`` is None for a mere container."""

    parsed: ParsedDocument | None
    text: bytes
    index: bytes
    chunks: int


@dataclass(frozen=True, slots=True)
class Read:
    """A job was read; ``indexed`` is None where its document holds no text, or was kept before."""

    job: Job
    reading: Reading
    indexed: Indexed | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A job could not be read.  ``fatal``: nothing can, or the fault is ours."""

    job: Job
    error: BaseException
    died: bool = False
    fatal: bool = False


Event = Loaded | Read | Failed
Payload = Callable[[ParsedDocument, threading.Event], IndexPayload]  # ends early once it is set


class Stages:
    """The threads of one intake.  ``submit`` and ``parse`` put jobs in; ``events`` come out."""

    def __init__(
        self,
        pool: ReaderPool,
        payload: Payload,
        content_key: Key,
        passwords: tuple[str, ...],
        most_bytes: int,
    ) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._pool = pool
        self._payload = payload
        self._content_key = content_key
        self._passwords = passwords
        self._most_bytes = most_bytes
        self._loads: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._embeds: Turns[tuple[Job, Reading]] = Turns()
        self._stopping = threading.Event()
        self._counting = threading.Lock()
        self._threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self._load_all, self._embed_all)
        ]
        for thread in self._threads:
            thread.start()

    def load(self, job: Job) -> None:
        """Bring the bytes into memory and hash them, in the order of these calls."""
        self._loads.put(job)

    def parse(self, job: Job) -> None:
        """Have a loaded job read, recognised and embedded."""
        self._embeds.expect(job.rank)
        self._pool.submit(job.rank, partial(self._on, job, partial(self._read, job)))

    def stop(self) -> None:
        """End every thread and process; what was in hand is dropped."""
        self._stopping.set()
        self._loads.put(None)
        self._embeds.close()
        self._pool.stop()
        for thread in self._threads:
            thread.join()

    # --- load -------------------------------------------------------------------------------------

    def _load_all(self) -> None:
        while (job := self._loads.get()) is not None and not self._stopping.is_set():
            self._guarded(job, partial(self._load, job))

    def _load(self, job: Job) -> None:
        begun = time.monotonic()
        if job.path is not None:
            job.data = bytes_of(job.path, self._most_bytes)
        job.content = keyed_hash(self._content_key, job.data)
        self._worked(job, begun)
        self.events.put(Loaded(job))

    # --- read and recognise -----------------------------------------------------------------------

    def _read(self, job: Job, reader: Reader) -> None:
        begun = time.monotonic()
        wishes = Wishes(_suffix(job.name), self._passwords, job.first_part)
        family = kinds.family(job.data[: kinds.HEAD])
        try:
            found = reading.decode(reader.read(job.data, family, wishes.encode()))
        finally:
            self._worked(job, begun)
        if found.document is not None and found.scans and not job.first_part:
            pictures = _Pictures(found)
            for scan in found.scans:
                step = partial(self._recognise, job, pictures, scan)
                self._pool.submit(job.rank, partial(self._on, job, step))
        else:
            self._embeds.put(job.rank, (job, found))

    def _recognise(self, job: Job, pictures: _Pictures, scan: Scan, reader: Reader) -> None:
        begun = time.monotonic()
        wishes = Wishes(_suffix(job.name), self._passwords, scan=scan.unit)
        outcome: ParsedDocument | str
        try:
            document = reading.decode(reader.read(job.data, SCAN, wishes.encode())).document
            outcome = document or _NOT_RECOGNISED + "no answer"
        except ApplianceError as error:
            if reader.lost is not None:
                raise
            outcome = (_NOT_RECOGNISED + error.message)[: wire.LONGEST_REASON]
        self._worked(job, begun)
        if pictures.last(scan, outcome):
            self._embeds.put(job.rank, (job, pictures.merged()))

    # --- embed ------------------------------------------------------------------------------------

    def _embed_all(self) -> None:
        while (work := self._embeds.get()) is not None and not self._stopping.is_set():
            job, found = work
            self._guarded(job, partial(self._embed, job, found))

    def _embed(self, job: Job, found: Reading) -> None:
        begun = time.monotonic()
        parsed = found.document
        if job.document is not None or job.first_part or (parsed and not parsed.text.strip()):
            self.events.put(Read(job, found, None))
        elif parsed is None:
            self.events.put(Read(job, found, Indexed(None, b"", b"", 0)))
        else:
            parsed = _flagged(parsed)
            payload = self._payload(parsed, self._stopping)
            indexed = Indexed(parsed, wire.encode(parsed), payload.encode(), len(payload.chunks))
            self._worked(job, begun)
            self.events.put(Read(job, found, indexed))

    # --- faults -----------------------------------------------------------------------------------

    def _on(self, job: Job, step: Callable[[Reader], None], reader: Reader) -> None:
        self._guarded(job, partial(step, reader), reader)

    def _worked(self, job: Job, begun: float) -> None:
        """Count the time of a step; several pages of one file are worked on side by side."""
        with self._counting:
            job.worked += time.monotonic() - begun

    def _guarded(self, job: Job, step: Callable[[], None], reader: Reader | None = None) -> None:
        """A step of a job; whatever it raises becomes an event."""
        try:
            step()
        except BaseException as error:
            self._embeds.give_up(job.rank)
            if reader is not None and reader.lost is not None:
                self.events.put(Failed(job, reader.lost, fatal=True))
            else:
                about_the_file = isinstance(error, InputUnreadable | SandboxError)
                self.events.put(Failed(job, error, deadly(error), fatal=not about_the_file))


class _Pictures:
    """Collects what was recognised of one document until all of it is there."""

    def __init__(self, found: Reading) -> None:
        self._found = found
        self._outcomes: dict[Scan, ParsedDocument | str] = {}
        self._lock = threading.Lock()

    def last(self, scan: Scan, outcome: ParsedDocument | str) -> bool:
        """Keep one outcome; whether it was the last that was missing."""
        with self._lock:
            self._outcomes[scan] = outcome
            return len(self._outcomes) == len(set(self._found.scans))

    def merged(self) -> Reading:
        """The reading with what was recognised in its document."""
        outcomes = [(scan, self._outcomes[scan]) for scan in dict.fromkeys(self._found.scans)]
        assert self._found.document is not None  # noqa: S101 -- for the type checker
        return replace(self._found, document=merge(self._found.document, outcomes), scans=())


def _flagged(parsed: ParsedDocument) -> ParsedDocument:
    """With a flag where an independent count says that something is missing without a reason."""
    if not parsed.unexplained() or Flag.UNEXPLAINED in parsed.flags:
        return parsed
    return replace(parsed, flags=(*parsed.flags, Flag.UNEXPLAINED))


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
