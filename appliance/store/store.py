"""The sealed store of one home folder: the door to everything below it.

``home/store`` holds ``keyring.sealed`` (how to unseal), ``catalogue.db`` (SQLCipher), ``objects/``
(one sealed file each for a document's original, text and index, and for task results), ``lock``
and ``reserve`` (zeros, see reserve.py).  Nothing in clear is ever written there (promise P2);
FORMAT.md gives the bytes.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from appliance.closing import Closing
from appliance.crypto.keyring import Key, Keyring, derive
from appliance.crypto.unseal import DEFAULT_COST, Argon2Cost, Secret
from appliance.documents import SECTORS, Collection, CollectionId, Document, DocumentId
from appliance.errors import DiskFull, InvariantBroken, NotFound, StoreMissing, UsageError
from appliance.store import check, file_rows, grant_rows, keyfile, people_rows, task_rows
from appliance.store.archive import ResultArchive
from appliance.store.catalogue import Catalogue
from appliance.store.custody import Custody
from appliance.store.factors import SecondFactors
from appliance.store.files import FOLDER_MODE, disk, sync_folder
from appliance.store.ledger import FileLedger
from appliance.store.lock import StoreLock
from appliance.store.objects import ObjectFolder
from appliance.store.officer_keys import OfficerKeys
from appliance.store.people import People, new_grant
from appliance.store.records import (
    FileRow,
    FileState,
    KeptRow,
    NewDocument,
    Part,
    PrincipalRow,
    TaskRow,
    TaskState,
    user,
)
from appliance.store.reserve import Reserve
from appliance.store.seals import Seals
from appliance.store.shelf import Shelf
from appliance.store.timing import Observe

__all__ = [
    "SECTORS",
    "FileRow",
    "FileState",
    "KeptRow",
    "NewDocument",
    "Part",
    "PrincipalRow",
    "Store",
    "TaskRow",
    "TaskState",
]

_FOLDER, _UNFINISHED = "store", "store.part"
_CATALOGUE, _OBJECTS, _LOCK, _RESERVE = "catalogue.db", "objects", "lock", "reserve"
_LONGEST_NAME = 200  # characters of a collection's name


class Store(Closing, Custody, FileLedger, OfficerKeys, ResultArchive, SecondFactors, People):
    """An open store; close it, or use it as a context manager."""

    def __init__(self, ring: Keyring, shelf: Shelf, folder: Path, held: ExitStack) -> None:
        """Used by ``create`` and ``open`` only."""
        self._ring = ring
        self._shelf = shelf
        self._folder = folder
        self._held = held

    @classmethod
    def create(
        cls,
        home: Path,
        passphrase: str,
        *,
        cost: Argon2Cost = DEFAULT_COST,
        observe: Observe | None = None,
    ) -> Store:
        """Make an empty store under ``home`` and open it; a crash leaves none.

        Raises:
            UsageError: there is a store already, or the passphrase is empty.
            StoreBusy: another process is making one.
            DiskFull, StoreDamaged: the disk refuses.
        """
        folder, unfinished = home / _FOLDER, home / _UNFINISHED
        _refuse_existing(folder)
        with disk(home):
            home.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            unfinished.mkdir(mode=FOLDER_MODE, exist_ok=True)
        with ExitStack() as held:
            held.callback(StoreLock(unfinished / _LOCK).release)
            _clear(unfinished)
            ring = keyfile.create(unfinished, passphrase, cost)
            catalogue_key = derive(ring.store_key, "catalogue")
            Catalogue.create(unfinished / _CATALOGUE, catalogue_key, ring.store_id).close()
            sync_folder(unfinished)
            _refuse_existing(folder)
            with disk(folder):
                unfinished.rename(folder)
            sync_folder(home)
            return cls._assembled(ring, folder, held, observe)

    @classmethod
    def open(cls, home: Path, secret: Secret, *, observe: Observe | None = None) -> Store:
        """Open the store under ``home`` and tidy what a killed process left in it.

        ``secret`` is a passphrase, or the key shares that custodians gave.

        Raises:
            StoreMissing: there is no store at this home.
            StoreBusy: another process works on it.
            WrongPassphrase: the keyring is whole and does not open.
            UsageError: a key share is not whole.
            StoreDamaged: the keyring or the catalogue fails its check.
        """
        folder = home / _FOLDER
        if not folder.is_dir():
            raise StoreMissing(f"there is no store at {home}", remedy="make one: `appliance init`")
        with ExitStack() as held:
            held.callback(StoreLock(folder / _LOCK).release)
            ring = keyfile.unlock(folder, secret)
            return cls._assembled(ring, folder, held, observe)

    @classmethod
    def _assembled(
        cls, ring: Keyring, folder: Path, held: ExitStack, observe: Observe | None
    ) -> Store:
        """Open what lies under the keyring; takes over what ``held`` releases."""
        key = derive(ring.store_key, "catalogue")
        catalogue = Catalogue.open(folder / _CATALOGUE, key, ring.store_id)
        held.callback(catalogue.close)
        objects = ObjectFolder(folder / _OBJECTS)
        reserve = Reserve(folder / _RESERVE)
        name_key = derive(ring.store_key, "name-key")
        shelf = Shelf(catalogue, objects, Seals(ring), reserve, name_key, observe)
        with catalogue.transaction() as session:
            task_rows.reset_running(session)
            file_rows.reset_reading(session)
        catalogue.forget_overwritten()  # of an erasure that a kill cut short
        objects.sweep(shelf.live_objects())
        reserve.fill()
        return cls(ring, shelf, folder, held.pop_all())

    def close(self) -> None:
        """Close the catalogue and release the lock; harmless when repeated."""
        self._held.close()

    # keys

    @property
    def store_id(self) -> str:
        """32 hex digits, fixed at creation."""
        return self._ring.store_id

    def derive(self, purpose: str) -> Key:
        """The store-wide key for one purpose: ``audit-seal``, ``audit-mac``, ``cache-salt``, ..."""
        return derive(self._ring.store_key, f"use/{purpose}")

    def log_seed(self) -> bytes:
        """Seed of the Ed25519 key that signs the audit log."""
        return self._ring.log_seed.material

    # collections

    def create_collection(
        self, name: str, sector: str, owner: int | None = None, relation: str = ""
    ) -> Collection:
        """A new, empty collection with a key of its own, and the grant of whoever makes it.

        There may be others of this name: to refuse it would tell so to people who may not know.

        Raises:
            UsageError: the name is empty, too long or unprintable; the sector is unknown.
        """
        _check_collection(name, sector)
        id = CollectionId(secrets.token_hex(16))
        created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        collection = Collection(id, name, sector, created)
        key = self._shelf.seals.new_collection_key(id)
        with self._change() as session:
            people_rows.add_collection(session, collection, key)
            if owner is not None:
                grant_rows.add(session, new_grant(user(owner), id, relation, True, owner, ""))
        return collection

    def collections(self, only: frozenset[CollectionId] | None = None) -> tuple[Collection, ...]:
        """Every collection, or ``only`` some, by name."""
        with self._shelf.catalogue.transaction() as session:
            return people_rows.collections(session, only)

    def collection_named(self, name: str) -> Collection:
        """The collection of this name, or with this id, for those who manage.

        Raises:
            NotFound: there is none.
            UsageError: there are several.
        """
        found = [c for c in self.collections() if name in (c.id, c.name)]
        if not found:
            raise NotFound("no such collection", remedy="`appliance collection list` names them")
        if len(found) > 1:
            ids = ", ".join(collection.id for collection in found)
            raise UsageError("several collections have this name", remedy=f"give an id: {ids}")
        return found[0]

    # documents

    def add_document(self, new: NewDocument, ledger: FileRow | None = None) -> Document:
        """Seal a document; durable when this returns.

        The same name in the same collection keeps its id and becomes the next version; the version
        before it, its keys, files and task results are destroyed once the new one is committed.
        ``ledger`` is the file's line as it stands from now on: ``stored``, or ``reading`` while
        files that lie in it are still to come.  It is committed in one step with the document,
        whose id it gets.

        Raises:
            NotFound: no such collection.
            UsageError: a label is given twice.
            InvariantBroken: the parent is not there, or the ledger may not go there.
            DiskFull: nothing of the new document is kept; an old version stays.
        """
        with self._shelf.changing:
            return self._shelf.add(new, ledger)

    def documents(
        self, collection: CollectionId | None = None, only: frozenset[DocumentId] | None = None
    ) -> tuple[Document, ...]:
        """The documents of one collection, or of all, or ``only`` some of them, oldest first."""
        return self._shelf.documents(collection, only)

    def document(self, id: DocumentId) -> Document:
        """One document.

        Raises:
            NotFound: no such document.
        """
        return self._shelf.document(id)

    def document_named(self, collection: CollectionId, name: str) -> Document | None:
        """The document of this name in a collection, if there is one."""
        return self._shelf.with_name(collection, name)

    def find_content(self, collection: CollectionId, content_key: str) -> Document | None:
        """The oldest document of this content in a collection, if there is one."""
        return self._shelf.with_content(collection, content_key)

    def children(self, id: DocumentId) -> tuple[Document, ...]:
        """What was attached to a document or packed in it, oldest first."""
        return self._shelf.children(id)

    def read(self, id: DocumentId, part: Part) -> bytes:
        """One part of a document, opened in memory.

        Raises:
            NotFound: no such document.
            SealBroken: its file is missing, changed, moved or cut.
        """
        return self._shelf.read(id, part)

    def delete_document(self, id: DocumentId) -> None:
        """Erase a document: its key is overwritten, its rows, files and task results are gone.

        Documents that lay in it stay, without a parent; its lines in the file ledger go with it.

        Raises:
            NotFound: no such document.
        """
        with self._shelf.changing:
            self._shelf.erase(id)

    # the batch ledger

    def task_state(self, id: DocumentId, task: str) -> TaskState:
        """Where a task on a document stands; pending where nothing is known.

        Raises:
            NotFound: no such document.
        """
        return self._shelf.task(id, task).state

    def tasks(self, id: DocumentId | None = None) -> tuple[TaskRow, ...]:
        """The ledger's lines of one document, or of all."""
        with self._shelf.catalogue.transaction() as session:
            return task_rows.of_document(session, id)

    def task_start(self, id: DocumentId, task: str) -> None:
        """Say that a task is being worked on; from any state but done.

        Raises:
            NotFound: no such document.
            InvariantBroken: the task is done already.
        """
        row = TaskRow(id, task, TaskState.RUNNING)
        self._shelf.move_task(row, frozenset(TaskState) - {TaskState.DONE})

    def task_done(self, id: DocumentId, task: str, result: bytes) -> None:
        """Seal a task's result and close the task; durable when this returns.

        Raises:
            NotFound: no such document.
            InvariantBroken: the task was not started.
            DiskFull: nothing of the result is kept.
        """
        with self._shelf.changing:
            object_id = self._shelf.write_result(id, result)
            row = TaskRow(id, task, TaskState.DONE, result=object_id)
            try:
                self._shelf.move_task(row, frozenset({TaskState.RUNNING}))
            except (DiskFull, InvariantBroken, NotFound):
                self._shelf.objects.remove([object_id])
                raise

    def task_failed(self, id: DocumentId, task: str, reason: str) -> None:
        """Close a task without a result; ``reason`` names no content.

        Raises:
            NotFound: no such document.
            InvariantBroken: the task was not started.
        """
        row = TaskRow(id, task, TaskState.FAILED, reason=reason)
        self._shelf.move_task(row, frozenset({TaskState.RUNNING}))

    def task_result(self, id: DocumentId, task: str) -> bytes | None:
        """The result of a task that is done, or None.

        Raises:
            NotFound: no such document.
            SealBroken: its file is missing, changed, moved or cut.
        """
        row = self._shelf.task(id, task)
        return self._shelf.read_result(row) if row.state is TaskState.DONE else None

    # care

    def verify(self) -> tuple[str, ...]:
        """Everything that is damaged, missing or unknown, one sentence each; empty when sound."""
        return check.problems(self._shelf)

    def root(self) -> str:
        """Keyed hash over the catalogue's authority tables, 64 hex digits; remember it elsewhere.

        Known after each change without reading; a change under way is not in it yet.
        """
        return self._shelf.catalogue.root()


def _refuse_existing(folder: Path) -> None:
    if folder.exists():
        raise UsageError(f"there is a store at {folder} already", remedy="choose another home")


def _clear(unfinished: Path) -> None:
    """Remove what an interrupted creation left."""
    with disk(unfinished):
        for path in unfinished.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()


def _check_collection(name: str, sector: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(
            "a collection's name has 1 to 200 printable characters", remedy="choose another name"
        )
    if sector not in SECTORS:
        raise UsageError("this sector is not known", remedy=f"use one of {', '.join(SECTORS)}")
