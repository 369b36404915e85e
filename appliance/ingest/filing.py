"""What the store and its file ledger say to one job, and what is written there for it.

Used by one thread alone.  A file whose content the ledger has seen to its end is kept without being
read; content that stands in the collection under another name is a duplicate, told only to those
who may know of the other document: for anyone else it is read and stored as if it were new.  A new
version destroys the one before it, so it takes its place only where that one may be erased.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace

from appliance.documents import Collection, Document
from appliance.errors import ApplianceError, Denied
from appliance.ingest.jobs import FileOutcome, Job, Taken
from appliance.ingest.stages import Indexed
from appliance.store.store import FileRow, FileState, NewDocument, Store

Labels = tuple[tuple[str, str], ...]
Asks = Callable[[Document], bool]

MOST_DEATHS_REASON = "its reader died on it three times; the last time: "
_RELEASE = "look at the file; `--retry-quarantined` reads it again"
_PARTS_MISSING = "some of its parts were not read"


class Filing:
    """One collection of an open store, as an intake sees it."""

    def __init__(
        self,
        store: Store,
        collection: Collection,
        labels: Labels,
        *,
        sees: Asks,
        erases: Asks,
        release: bool,
    ) -> None:
        """``sees``, ``erases``: what the person may; ``release``: what was set apart is read."""
        self._store = store
        self._collection = collection
        self._labels = labels
        self._sees, self._erases = sees, erases
        self._release = release
        self._before: list[Document] | None = None

    def settled(self, job: Job) -> FileOutcome | None:
        """What became of this content already; None where it has to be read."""
        row = self._row(job)
        job.known_before = row is not None
        if row is not None and row.content == job.content:
            document = self._store.document(row.document) if row.document else None
            if row.state is FileState.STORED:
                return self._unchanged(job, document)
            if row.state is FileState.DUPLICATE and document and self._sees(document):
                return self._duplicate(job, document)
            if row.state is FileState.QUARANTINED and not self._release:
                return self._quarantined(job, row)
            if row.state in {FileState.QUARANTINED, FileState.DUPLICATE}:
                self._store.file_release(self._collection.id, row.file)
            if document and document.name == job.name:  # only its parts are missing
                job.document = document
                return None
        other = self._store.find_content(self._collection.id, job.content)
        if other is None or other.name == job.name or not self._sees(other):
            return None
        started = self.start(job)
        self._store.file_done(replace(started, state=FileState.DUPLICATE, document=other.id))
        job.row = None  # its line is closed
        return self._duplicate(job, other)

    def kept(self, job: Job) -> Denied | None:
        """Why the document of this name may not be replaced by another content, if it may not."""
        if job.document is not None:
            return None
        before = self._store.document_named(self._collection.id, job.name)
        if before is None or self._erases(before):
            return None
        return Denied(
            "the policy keeps the version that is stored under this name",
            remedy="ask an administrator, or give the file another name",
        )

    def start(self, job: Job) -> FileRow:
        """The ledger says that this content is being read."""
        key = self._store.file_key(self._collection.id, job.name)
        job.row = self._store.file_start(self._collection.id, key, job.content)
        return job.row

    def store(self, job: Job, indexed: Indexed | None, parts: int, *, more: bool) -> FileOutcome:
        """Seal what came of a file and close its line, or leave it open while parts are to come.

        Raises:
            DiskFull: nothing of it is kept.
        """
        assert job.row is not None  # noqa: S101 -- for the type checker; start set it
        row = replace(job.row, parts=parts, seconds=round(job.worked, 3))
        if job.document is not None:
            job.row = row if more else self._store.file_done(replace(row, state=FileState.STORED))
            return self._outcome(job, Taken.UNCHANGED, job.document)
        if indexed is None or indexed.parsed is None:
            job.row = row if more else self._store.file_done(replace(row, state=FileState.STORED))
            taken = Taken.NO_TEXT if indexed is None else Taken.UNPACKED
            return self._outcome(job, taken, None)
        parsed = indexed.parsed
        state = FileState.READING if more else FileState.STORED
        pages = parsed.pages or 0
        row = replace(row, state=state, pages=pages, characters=len(parsed.text))
        document = self._store.add_document(self._new(job, indexed), row)
        job.document, job.row = document, replace(row, document=document.id)
        taken = Taken.REPLACED if document.version > 1 else Taken.ADDED
        return replace(self._outcome(job, taken, document), gaps=parsed.gaps)

    def failed(self, job: Job, error: ApplianceError, *, died: bool) -> FileOutcome | None:
        """Close the line of a file that was not read; None where it is to be tried again."""
        if job.row is not None:
            key, job.row = job.row.file, None
            row = self._store.file_failed(self._collection.id, key, error.message, died=died)
            if row.state is FileState.QUARANTINED:
                return self._quarantined(job, row)
            if died:
                return None
        return replace(
            self._outcome(job, Taken.FAILED, None), reason=error.message, remedy=error.remedy
        )

    def close(self, job: Job) -> None:
        """All parts of a file have ended."""
        if job.row is None or job.row.state is not FileState.READING:
            return
        if job.lost:
            key = job.row.file
            self._store.file_failed(self._collection.id, key, _PARTS_MISSING, died=False)
        else:
            self._store.file_done(replace(job.row, state=FileState.STORED))

    def vanished(self, job: Job) -> tuple[Document, ...]:
        """Documents that lay in an earlier version of this file and do not in this one."""
        if not job.known_before or job.allowance.exceeded:
            return ()
        return tuple(d for d in self._below(job.name) if not job.allowance.holds(d.name))

    def within(self, job: Job) -> tuple[Document, ...]:
        """Documents that lie in a file that is stored and unchanged, as far as one may know."""
        row = self._row(job)
        if row is None or row.state is not FileState.STORED or not row.parts:
            return ()
        return tuple(document for document in self._below(job.name) if self._sees(document))

    def _below(self, name: str) -> list[Document]:
        """Documents that lay in a file before this run, at any depth, in the order of names."""
        if self._before is None:  # what this run adds has not vanished
            known = self._store.documents(self._collection.id)
            self._before = sorted(known, key=lambda document: document.name)
        first, last = (
            bisect_left(self._before, name + edge, key=lambda document: document.name)
            for edge in ("/", "0")  # the character after the slash
        )
        return self._before[first:last]

    def _row(self, job: Job) -> FileRow | None:
        key = self._store.file_key(self._collection.id, job.name)
        return self._store.file(self._collection.id, key)

    def _new(self, job: Job, indexed: Indexed) -> NewDocument:
        parsed = indexed.parsed
        assert parsed is not None  # noqa: S101 -- for the type checker
        holder = job.holder.document if job.holder else None
        return NewDocument(
            collection=self._collection.id,
            name=job.name,
            media_type=parsed.media_type,
            original=job.data,
            text=indexed.text,
            index=indexed.index,
            content_key=job.content,
            pages=parsed.pages,
            characters=len(parsed.text),
            chunks=indexed.chunks,
            gaps=len(parsed.gaps),
            labels=self._labels,
            parent=holder.id if holder else None,
            flags=parsed.flags,
        )

    def _unchanged(self, job: Job, document: Document | None) -> FileOutcome:
        """It is kept as it is; whoever labels it otherwise must not believe that it is so now."""
        known = document if document and self._sees(document) else None
        if known is None or set(self._labels) <= set(known.labels):
            return self._outcome(job, Taken.UNCHANGED, known)
        return replace(
            self._outcome(job, Taken.FAILED, None),
            reason="it is stored already, and labelled otherwise",
            remedy="erase it with `appliance delete`, then take it in again",
        )

    def _duplicate(self, job: Job, other: Document) -> FileOutcome:
        reason = f"the same content as {other.name}"
        return replace(self._outcome(job, Taken.DUPLICATE, other), reason=reason)

    def _quarantined(self, job: Job, row: FileRow) -> FileOutcome:
        reason = MOST_DEATHS_REASON + row.reason
        return replace(self._outcome(job, Taken.QUARANTINED, None), reason=reason, remedy=_RELEASE)

    def _outcome(self, job: Job, taken: Taken, document: Document | None) -> FileOutcome:
        part, seconds = job.holder is not None, round(job.worked, 3)
        return FileOutcome(job.name, taken, document, part=part, seconds=seconds)
