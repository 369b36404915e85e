"""Documents and results on their way in and out: catalogue, objects and keys put together.

Objects are durable before the row that names them is committed, and a row is gone before its
objects are: a kill at any point leaves files that no row names, never a row without its files.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from threading import Lock, RLock

from sqlalchemy.orm import Session

from appliance.crypto.keyring import Key, new_key
from appliance.documents import CollectionId, Document, DocumentId
from appliance.errors import DiskFull, InvariantBroken, NotFound, SealBroken, UsageError
from appliance.store import document_rows, file_rows, kept_rows, people_rows, task_rows
from appliance.store.catalogue import Catalogue
from appliance.store.objects import ObjectFolder, new_object_ids
from appliance.store.records import (
    CollectionKey,
    FileRow,
    KeptRow,
    NewDocument,
    Part,
    SourceLabels,
    StoredDocument,
    TaskRow,
    TaskState,
)
from appliance.store.reserve import Reserve
from appliance.store.seals import ObjectLabel, Seals, hashed_name, open_object, seal_object
from appliance.store.timing import Observe, timed
from appliance.store.turns import Turns

_RESTORE = "restore the store from a backup; `appliance doctor` lists everything that is damaged"


class Shelf:
    """The documents of an open store."""

    def __init__(
        self,
        catalogue: Catalogue,
        objects: ObjectFolder,
        seals: Seals,
        reserve: Reserve,
        name_key: Key,
        observe: Observe | None,
    ) -> None:
        self.catalogue = catalogue
        self.objects = objects
        self.seals = seals
        self._reserve = reserve
        self._name_key = name_key
        self._observe = observe
        self.turns = Turns()
        self.governing = Lock()
        self._moves = count(1)
        self.moved = 0  # another number after every document that came, was replaced or went
        self.changing = RLock()  # held by Store where documents and what is made of them change

    def add(self, new: NewDocument, ledger: FileRow | None) -> Document:
        """Seal a document; the same name in the same collection becomes a new version.

        Raises:
            NotFound: no such collection.
            UsageError: a label is given twice.
            InvariantBroken: the parent is not there, or the ledger may not go there.
            DiskFull: nothing of the document is kept.
        """
        if len(dict(new.labels)) != len(new.labels):
            raise UsageError("a label is given twice", remedy="give each label one value")
        name_key = self.hashed_name(new.collection, new.name)
        with self.catalogue.transaction() as session:
            key_row = people_rows.newest_key(session, new.collection)
            before = document_rows.by_name(session, new.collection, name_key)
        if key_row is None:
            raise NotFound("no such collection", remedy="`appliance collection list` names them")
        key, stored = self._sealed_row(new, key_row, name_key, before)
        self._write(self._sealed_objects(key, stored, new))
        line = None if ledger is None else replace(ledger, document=stored.facts.id)
        derived = self._commit(stored, line)
        if before is not None:
            self._forget(before, derived)
        return replace(stored.facts, name=new.name)

    def documents(
        self, collection: CollectionId | None, only: frozenset[DocumentId] | None = None
    ) -> tuple[Document, ...]:
        """Documents with their names opened, oldest first; ``only``: no others are opened."""
        with self.catalogue.transaction() as session:
            rows = document_rows.of_collection(session, collection)
        return tuple(self.named(row) for row in rows if only is None or row.facts.id in only)

    def document(self, id: DocumentId) -> Document:
        """One document with its name opened.

        Raises:
            NotFound: no such document.
        """
        return self.named(self._row(id))

    def with_name(self, collection: CollectionId, name: str) -> Document | None:
        """The document of this name in a collection, if there is one."""
        name_key = self.hashed_name(collection, name)
        with self.catalogue.transaction() as session:
            row = document_rows.by_name(session, collection, name_key)
        return None if row is None else self.named(row)

    def with_content(self, collection: CollectionId, content_key: str) -> Document | None:
        """The document of this content in a collection, if there is one."""
        with self.catalogue.transaction() as session:
            row = document_rows.by_content(session, collection, content_key)
        return None if row is None else self.named(row)

    def children(self, id: DocumentId) -> tuple[Document, ...]:
        """What lay in a document, with names opened, oldest first."""
        with self.catalogue.transaction() as session:
            rows = document_rows.children(session, id)
        return tuple(map(self.named, rows))

    def read(self, id: DocumentId, part: Part) -> bytes:
        """One opened object.

        Raises:
            NotFound: no such document.
            SealBroken: missing, changed, moved or cut.
        """
        while True:
            stored = self._row(id)
            try:
                return self.opened(stored, part.value, stored.object(part))
            except SealBroken:
                if self._row(id).objects == stored.objects:
                    raise
                # another thread replaced it between the row and the file

    def erase(self, id: DocumentId) -> None:
        """Destroy a document's wrapped key, its row and its files.

        Raises:
            NotFound: no such document.
        """
        stored = self._row(id)
        try:
            derived = self._erase_rows(id)
        except DiskFull:
            if not self._reserve.spend():
                raise
            derived = self._erase_rows(id)
        self._forget(stored, derived)

    def task(self, id: DocumentId, task: str) -> TaskRow:
        """One line of the ledger; pending where there is none.

        Raises:
            NotFound: no such document.
        """
        with self.catalogue.transaction() as session:
            return _task(session, id, task)

    def move_task(self, row: TaskRow, allowed: frozenset[TaskState]) -> None:
        """Commit a new state of a task.

        Raises:
            NotFound: no such document.
            InvariantBroken: the task is not in one of the states it may come from.
        """
        with timed(self._observe, "commit"), self.catalogue.transaction() as session:
            state = _task(session, row.document, row.task).state
            if state not in allowed:
                raise InvariantBroken(f"a task cannot go from {state} to {row.state}")
            task_rows.put(session, row)

    def write_result(self, id: DocumentId, result: bytes) -> str:
        """Seal a task's result under the document's key; returns its object id."""
        stored = self._row(id)
        (object_id,) = new_object_ids(1)
        label = self.seals.label("result", stored, object_id)
        with timed(self._observe, "seal"):
            sealed = seal_object(self.seals.document_key(stored), label, result)
        self._write(iter([(object_id, sealed)]))
        return object_id

    def read_result(self, row: TaskRow) -> bytes:
        """A task's opened result.

        Raises:
            SealBroken: missing, changed, moved or cut.
        """
        return self.opened(self._row(row.document), "result", row.result)

    def keep(
        self,
        id: str,
        sources: Sequence[DocumentId],
        content: bytes,
        added: str,
        labels: tuple[SourceLabels, ...],
    ) -> KeptRow:
        """Seal a result under the joint key of the documents it was made from.

        Raises:
            NotFound: one of them is not there.
            DiskFull: nothing of it is kept.
        """
        stored = {document: self._row(document) for document in sorted(set(sources))}
        (object_id,) = new_object_ids(1)
        label = self.seals.kept_label(object_id, self.seals.term)
        sealed = seal_object(self.seals.joint_key(stored.values()), label, content)
        versions = tuple((d, row.facts.version) for d, row in stored.items())
        row = KeptRow(id, versions, object_id, label.term, added, labels)
        self._write(iter([(object_id, sealed)]))
        try:
            with self.catalogue.transaction() as session:
                kept_rows.put(session, row)
        except DiskFull:
            self.objects.remove([object_id])
            raise
        return row

    def read_kept(self, row: KeptRow) -> bytes:
        """What was kept.

        Raises:
            NotFound: a document it was made from was erased or replaced.
            SealBroken: missing, changed, moved or cut.
        """
        if not row.object:
            raise NotFound(
                "the result is gone: a document it was made from was erased or replaced",
                remedy="run the task again on what is there now",
            )
        label = self.seals.kept_label(row.object, row.term)
        key = self.seals.joint_key(self._row(document) for document, _ in row.sources)
        return self._unsealed(key, label)

    def named(self, stored: StoredDocument) -> Document:
        """A row's facts with its name opened.

        Raises:
            SealBroken, StoreDamaged: a key or the name was changed or moved.
        """
        name = self.seals.open_name(self.seals.document_key(stored), stored)
        return replace(stored.facts, name=name)

    def opened(self, stored: StoredDocument, kind: str, object_id: str) -> bytes:
        """One of a row's sealed files, opened.

        Raises:
            SealBroken, StoreDamaged: missing, changed, moved or cut.
        """
        label = self.seals.label(kind, stored, object_id)
        return self._unsealed(self.seals.document_key(stored), label)

    def _unsealed(self, key: Key, label: ObjectLabel) -> bytes:
        with timed(self._observe, "read"):
            untrusted = self.objects.read(label.object)
        try:
            with timed(self._observe, "open"):
                return open_object(key, label, untrusted)
        except SealBroken as error:
            path = self.objects.path(label.object)
            raise SealBroken(f"{path}: {error.message}", remedy=_RESTORE) from None

    def live_objects(self) -> frozenset[str]:
        """Every object that a row names."""
        with self.catalogue.transaction() as session:
            results = {row.result for row in task_rows.of_document(session, None) if row.result}
            kept = kept_rows.object_ids(session)
            return document_rows.object_ids(session) | results | kept

    def _sealed_row(
        self,
        new: NewDocument,
        key_row: CollectionKey,
        name_key: str,
        before: StoredDocument | None,
    ) -> tuple[Key, StoredDocument]:
        """A fresh document key and the row that carries it."""
        id = before.facts.id if before else DocumentId(secrets.token_hex(16))
        version = before.facts.version + 1 if before else 1
        key = new_key()
        facts = Document(
            id=id,
            collection=new.collection,
            name="",
            version=version,
            media_type=new.media_type,
            size=len(new.original),
            pages=new.pages,
            characters=new.characters,
            chunks=new.chunks,
            gaps=new.gaps,
            labels=tuple(sorted(new.labels)),
            added=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            parent=new.parent,
            flags=tuple(sorted(set(new.flags))),
        )
        stored = StoredDocument(
            facts=facts,
            name_key=name_key,
            content_key=new.content_key,
            term=self.seals.term,
            collection_key=key_row,
            wrapped=self.seals.wrap_document_key(key_row, key, facts),
            sealed_name=self.seals.seal_name(key, new.name, facts),
            objects=tuple(zip(Part, new_object_ids(len(Part)), strict=True)),
        )
        return key, stored

    def _sealed_objects(
        self, key: Key, stored: StoredDocument, new: NewDocument
    ) -> Iterator[tuple[str, bytes]]:
        contents = {Part.BLOB: new.original, Part.TEXT: new.text, Part.INDEX: new.index}
        for part, object_id in stored.objects:
            label = self.seals.label(part.value, stored, object_id)
            with timed(self._observe, "seal"):
                sealed = seal_object(key, label, contents[part])
            yield object_id, sealed

    def _write(self, objects: Iterator[tuple[str, bytes]]) -> None:
        with timed(self._observe, "write"):  # holds the sealing of the same objects
            self.objects.write(objects)

    def _commit(self, stored: StoredDocument, ledger: FileRow | None) -> tuple[str, ...]:
        """Returns the objects of what was made from the version before."""
        try:
            with (
                timed(self._observe, "commit"),
                self._turn(stored.facts.version > 1),
                self.catalogue.transaction() as session,
            ):
                if ledger is not None:
                    file_rows.check_move(session, ledger)
                derived = _derived(session, stored.facts.id)
                document_rows.put(session, stored)
                if ledger is not None:
                    file_rows.put(session, ledger)
        except (DiskFull, InvariantBroken):
            # Only here is it certain that the row was not committed. After any other failure the
            # objects stay: if the row is not there at the next open, they are collected then.
            self.objects.remove(object_id for _, object_id in stored.objects)
            raise
        finally:
            self.moved = next(self._moves)
        return derived

    def _erase_rows(self, id: DocumentId) -> tuple[str, ...]:
        try:
            with self.turns.alone(), self.catalogue.transaction() as session:
                derived = _derived(session, id)
                document_rows.erase(session, id)
        finally:  # Ctrl-C that waited for the commit is raised before this
            self.moved = next(self._moves)
        return derived

    def _turn(self, replaced: bool) -> AbstractContextManager[None]:
        """A version that takes the place of another waits for what is released of that one."""
        return self.turns.alone() if replaced else nullcontext()

    def _forget(self, stored: StoredDocument, derived: Iterable[str]) -> None:
        """After the commit: the destroyed key leaves the journal, the objects leave the disk."""
        gone = (*(object_id for _, object_id in stored.objects), *derived)
        try:
            self.catalogue.forget_overwritten()
        except DiskFull:  # what goes anyway makes room for the journal
            self.objects.remove(gone)
            self._reserve.spend()
            self.catalogue.forget_overwritten()
        self.objects.remove(gone)

    def _row(self, id: DocumentId) -> StoredDocument:
        with self.catalogue.transaction() as session:
            return document_rows.by_id(session, id)

    def hashed_name(self, collection: CollectionId, name: str) -> str:
        """The keyed hash that finds a name in a collection again."""
        return hashed_name(self._name_key, collection, name)


def _derived(session: Session, id: DocumentId) -> tuple[str, ...]:
    """The objects of all that was made from a document; the results among it end here."""
    tasks = task_rows.of_document(session, id)
    return (*(task.result for task in tasks if task.result), *kept_rows.end_of(session, id))


def _task(session: Session, id: DocumentId, task: str) -> TaskRow:
    found = task_rows.one(session, id, task)
    if found is None:
        document_rows.by_id(session, id)  # raises where there is no such document
    return found or TaskRow(id, task, TaskState.PENDING)
