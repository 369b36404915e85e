"""Taking files in, as a use case: who may, on record, and with which readers.

The room `ingest` knows the way of a file; this module gives it what it needs of the rooms above:
permission and record for every single file, and what may be said of other documents.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.access.policy import AccessClass, Decision
from appliance.app.acts import Act, Acts
from appliance.crypto.mac import keyed_hash
from appliance.documents import Collection, Document, DocumentId
from appliance.errors import Denied
from appliance.sandbox.server import WORKER, ReaderServer
from appliance.store.store import FileState

if TYPE_CHECKING:  # loads heavy libraries; imported where it is used
    from appliance.config import Settings
    from appliance.index.library import Library
    from appliance.ingest.folder import Found, Skipped
    from appliance.ingest.jobs import FileOutcome

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Manner:
    """How files are taken in."""

    labels: Labels = ()
    passwords: tuple[str, ...] = ()  # tried on encrypted files
    release: bool = False  # read again what killed its reader too often


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run would do with one file."""

    name: str
    plan: str  # new | changed | unchanged | duplicate | quarantined | left out | unreadable
    size: int = 0  # bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Every file is an act of its own: permitted, recorded, and its outcome too."""

    acts: Acts
    where: Collection
    labels: Labels
    forget: Callable[[DocumentId], None]

    def present(self) -> None:
        """Raise where whoever wants the files taken in has gone."""
        self.acts.present()

    def begin(self, name: str) -> Act:
        """The intent to take a file in, durable when this returns.

        Raises:
            Denied: the policy does not permit it; the attempt is on record.
        """
        decision = self._decide("ingest", self.labels)
        private = {"file": name}
        return self.acts.begin(
            "ingest", decision=decision, collection=self.where.id, private=private
        )

    def end(self, act: object, document: Document | None, error: BaseException | None) -> None:
        """The outcome, durable when this returns."""
        assert isinstance(act, Act)  # noqa: S101 -- what begin gave
        if document is not None:
            act.documents.append(document.id)
            self.forget(document.id)
        self.acts.end(act, error)

    def remove(self, document: Document) -> str:
        """Erase what vanished from its container; why not, where a policy keeps it."""
        decision = self._decide("delete", document.labels)
        try:
            with self.acts.act(
                "delete", decision=decision, collection=self.where.id, documents=[document.id]
            ):
                self.acts.store.delete_document(document.id)
                self.forget(document.id)
        except Denied:
            return "it is no longer in its file, and the policy keeps it"
        return ""

    def sees(self, document: Document) -> bool:
        """Whether the person may know of a document of this collection."""
        return self._decide("list", document.labels).allow

    def erases(self, document: Document) -> bool:
        """Whether the person may erase a document of this collection, as a new version does."""
        return self._decide("delete", document.labels).allow

    def _decide(self, action: str, labels: Labels) -> Decision:
        """By the collection's labels of this moment: a run may take days, and a hold may come."""
        (where,) = self.acts.store.collections(frozenset({self.where.id}))
        return self.acts.decide(action, AccessClass.within(where, labels))


def take(
    record: OnRecord,
    source: Iterable[Found | Skipped | None],
    manner: Manner,
    settings: Settings,
    library: Library,
    worker: str = WORKER,
) -> Generator[FileOutcome, None, None]:
    """Read files into a collection; see `Intake.take`.

    Raises:
        SandboxError: the readers could not be confined; nothing was read.
    """
    from appliance.ingest.filing import Filing
    from appliance.ingest.pipeline import Intake
    from appliance.ingest.readers import ReaderPool, processes
    from appliance.ingest.stages import Stages

    store = record.acts.store
    reader, python = settings.reader, Path(sys.executable)
    start = partial(ReaderServer.start, reader, python, worker=worker, home=settings.home)
    filing = Filing(
        store,
        record.where,
        manner.labels,
        sees=record.sees,
        erases=record.erases,
        release=manner.release,
    )
    with ExitStack() as held:
        pool = ReaderPool(start, processes(reader.processes))
        held.callback(pool.stop)
        key, most = store.derive("content-key"), reader.max_input_mib << 20
        stages = Stages(pool, library.payload, key, manner.passwords, most)
        held.pop_all()
        yield from Intake(filing, stages, record).take(source)


def plan(
    record: OnRecord, source: Iterable[Found | Skipped | None], most_bytes: int
) -> Iterator[Planned]:
    """What `take` would do with files; nothing is written."""
    from appliance.errors import InputUnreadable
    from appliance.ingest.folder import Skipped
    from appliance.ingest.handed import bytes_of

    store, where = record.acts.store, record.where
    content_key = store.derive("content-key")
    for found in source:
        if isinstance(found, Skipped):
            yield Planned(found.name, "left out", reason=found.reason)
            continue
        if found is None:  # nothing new at the moment: a plan waits for nothing
            return
        try:
            content = keyed_hash(content_key, bytes_of(found.path, most_bytes))
        except InputUnreadable as error:
            yield Planned(found.name, "unreadable", found.size, error.message)
            continue
        row = store.file(where.id, store.file_key(where.id, found.name))
        other = store.find_content(where.id, content)
        if row is not None and row.content == content and row.state is FileState.QUARANTINED:
            yield Planned(found.name, "quarantined", found.size, row.reason)
        elif row is not None and row.content == content and row.state is not FileState.FAILED:
            yield Planned(found.name, "unchanged", found.size)
        elif other is not None and other.name != found.name and record.sees(other):
            yield Planned(found.name, "duplicate", found.size, f"the same content as {other.name}")
        else:
            changed = row is not None and row.content != content
            yield Planned(found.name, "changed" if changed else "new", found.size)
