"""Files read as the appliance reads them: confined, recognised where they are pictures, merged.

Several readers work side by side, one per core; every figure of time is of one file in one of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from queue import SimpleQueue
from typing import TypeVar

from appliance.config import ReaderSettings
from appliance.documents import ParsedDocument
from appliance.errors import ApplianceError, InputUnreadable
from appliance.formats import kinds, reading, worker
from appliance.formats.merge import merge
from appliance.formats.reading import Part, Reading, Scan, Wishes
from appliance.sandbox.outcome import Outcome, error_for
from appliance.sandbox.server import ReaderServer

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Read:
    """How the reading of one file ended."""

    name: str
    document: ParsedDocument | None = None
    parts: tuple[Part, ...] = ()
    failure: ApplianceError | None = None
    scans: int = 0  # pages and pictures that were to be recognised
    seconds: float = 0.0  # without recognition
    scan_seconds: float = 0.0
    restarts: int = field(default=0)  # of the reader while this file was read: 0, or a fault

    @property
    def text(self) -> str:
        """What was read, recognised text with it."""
        return self.document.text if self.document else ""

    @property
    def pages(self) -> int:
        """How many pages there are; 1 for a file of a kind without pages."""
        return (self.document.pages or 1) if self.document else 0


class Readers:
    """A few confined readers that take files in turn; see `started`."""

    def __init__(self, servers: Sequence[ReaderServer]) -> None:
        self._free: SimpleQueue[ReaderServer] = SimpleQueue()
        self._pool = ThreadPoolExecutor(len(servers))
        for server in servers:
            self._free.put(server)

    def every(self, items: Sequence[Item], act: Callable[[ReaderServer, Item], Made]) -> list[Made]:
        """Act on every item with a reader of its own, in the order of the items."""

        def with_reader(item: Item) -> Made:
            server = self._free.get()
            try:
                return act(server, item)
            finally:
                self._free.put(server)

        return list(self._pool.map(with_reader, items))

    def read(self, files: Sequence[Path], recognise: bool = True) -> list[Read]:
        """Read every file, in the order given."""
        return self.every(
            files, lambda server, file: read(server, file.read_bytes(), file.name, (), recognise)
        )

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()


@contextmanager
def started(number: int) -> Iterator[Readers]:
    """So many readers, ready."""
    servers = [
        ReaderServer.start(ReaderSettings(), Path(sys.executable)) for _ in range(max(number, 1))
    ]
    readers = Readers(servers)
    try:
        yield readers
    finally:
        readers.close()
        for server in servers:
            server.close()


def read(
    server: ReaderServer,
    data: bytes,
    name: str,
    passwords: tuple[str, ...] = (),
    recognise: bool = True,
) -> Read:
    """Read one file; a failure is an ending like any other."""
    wishes = Wishes(PurePosixPath(name).suffix.lower(), passwords)
    process, begun = server.pid, time.perf_counter()
    try:
        found = reading.decode(server.read(data, kinds.family(data), wishes.encode()))
    except ApplianceError as failure:
        spent = time.perf_counter() - begun
        return Read(name, failure=failure, seconds=spent, restarts=int(server.pid != process))
    spent = time.perf_counter() - begun
    document = found.document
    scan_spent = 0.0
    if recognise and found.scans and document is not None:
        begun = time.perf_counter()
        document = _recognised(server, data, found, document, wishes)
        scan_spent = time.perf_counter() - begun
    holds_nothing = document is not None and not document.text.strip() and not found.parts
    return Read(
        name,
        None if holds_nothing else document,
        found.parts,
        failure=error_for(Outcome.NO_TEXT) if holds_nothing else None,
        scans=len(found.scans),
        seconds=spent,
        scan_seconds=scan_spent,
        restarts=int(server.pid != process),
    )


def _recognised(
    server: ReaderServer, data: bytes, found: Reading, document: ParsedDocument, wishes: Wishes
) -> ParsedDocument:
    outcomes: list[tuple[Scan, ParsedDocument | str]] = []
    for scan in found.scans:
        wish = Wishes(wishes.suffix, wishes.passwords, scan=scan.unit)
        try:
            answer = reading.decode(server.read(data, worker.SCAN, wish.encode())).document
        except InputUnreadable as failure:
            outcomes.append((scan, failure.message))
            continue
        outcomes.append((scan, answer or "nothing was recognised"))
    return merge(document, outcomes)
