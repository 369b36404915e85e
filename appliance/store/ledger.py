"""The file ledger of an open store: what became of every file, and where a run goes on.

One line per file of a collection and per file that lies in one, found by a keyed hash of the name;
no name stands in it.  A line belongs to one content: a changed file starts anew.  What a dead
process left ``reading`` is ``pending`` when the store is opened again, so a kill costs one file's
work and decides nothing.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from appliance.documents import CollectionId
from appliance.errors import InvariantBroken, NotFound
from appliance.store import file_rows, people_rows
from appliance.store.file_rows import MOST_DEATHS
from appliance.store.records import FileRow, FileState
from appliance.store.shelf import Shelf


class FileLedger:
    """The part of a store that keeps account of files."""

    _shelf: Shelf

    def file_key(self, collection: CollectionId, name: str) -> str:
        """The key of a name's line; ``name`` is the path that documents are named by."""
        return self._shelf.hashed_name(collection, name)

    def file(self, collection: CollectionId, file_key: str) -> FileRow | None:
        """One line, or None where this file was never seen."""
        with self._shelf.catalogue.transaction() as session:
            return file_rows.one(session, collection, file_key)

    def files(self, collection: CollectionId) -> tuple[FileRow, ...]:
        """The lines of one collection, in the order of their keys."""
        with self._shelf.catalogue.transaction() as session:
            return file_rows.of_collection(session, collection)

    def file_start(self, collection: CollectionId, file_key: str, content_key: str) -> FileRow:
        """Say that a file is being read; returns its line, ``reading``.

        The line keeps its ``deaths``, and the ``document`` that an earlier run committed before
        it was killed.  Another content than before begins a new line.

        Raises:
            InvariantBroken: this content has ended already; ``file_release`` opens it again.
            NotFound: no such collection.
        """
        with self._shelf.catalogue.transaction() as session:
            if people_rows.newest_key(session, collection) is None:
                raise NotFound("no such collection")
            before = file_rows.one(session, collection, file_key)
            if before is None or before.content != content_key:
                before = FileRow(collection, file_key, content_key)
                file_rows.put(session, before)
            return _moved(session, replace(before, state=FileState.READING, reason=""))

    def file_done(self, row: FileRow) -> FileRow:
        """Close a line that ends ``stored`` without a document of its own, or ``duplicate``.

        A file that becomes a document is closed by ``add_document``, in one step with it.

        Raises:
            InvariantBroken: the line was not started with this content.
        """
        if row.state not in (FileState.STORED, FileState.DUPLICATE):
            raise InvariantBroken(f"a file that is done is not {row.state}")
        with self._shelf.catalogue.transaction() as session:
            return _moved(session, row)

    def file_failed(
        self, collection: CollectionId, file_key: str, reason: str, *, died: bool
    ) -> FileRow:
        """Close a line without a document; ``reason`` is fixed words, never content.

        Args:
            collection: where the file belongs.
            file_key: names the line.
            reason: why.
            died: the reader was killed by the file; the third time sets the file apart.

        Raises:
            InvariantBroken: the line was not started.
        """
        with self._shelf.catalogue.transaction() as session:
            before = _known(session, collection, file_key)
            deaths = before.deaths + died
            state = FileState.QUARANTINED if deaths >= MOST_DEATHS else FileState.FAILED
            return _moved(session, replace(before, state=state, deaths=deaths, reason=reason))

    def file_release(self, collection: CollectionId, file_key: str) -> FileRow:
        """Let a file be read again, as if it had never been; for the operator's word only.

        Raises:
            NotFound: there is no such line.
        """
        with self._shelf.catalogue.transaction() as session:
            before = file_rows.one(session, collection, file_key)
            if before is None:
                raise NotFound("no such file")
            row = FileRow(collection, file_key, before.content, document=before.document)
            file_rows.put(session, row)
        return row


def _known(session: Session, collection: CollectionId, file_key: str) -> FileRow:
    row = file_rows.one(session, collection, file_key)
    if row is None:
        raise InvariantBroken("a file that was not started cannot end")
    return row


def _moved(session: Session, row: FileRow) -> FileRow:
    file_rows.check_move(session, row)
    file_rows.put(session, row)
    return row
