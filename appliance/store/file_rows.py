"""Rows of the file ledger, and the moves that are allowed in it."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appliance.documents import CollectionId, DocumentId
from appliance.errors import InvariantBroken
from appliance.store.records import FileRow, FileState
from appliance.store.tables import FileTable

MOST_DEATHS = 3  # of its reader, after which a file is set apart

_ENDS = frozenset({FileState.STORED, FileState.DUPLICATE, FileState.FAILED, FileState.QUARANTINED})
_MOVES = {
    FileState.PENDING: frozenset({FileState.READING}),
    FileState.READING: _ENDS | {FileState.READING},  # its document is in, its parts are not yet
    FileState.FAILED: frozenset({FileState.READING}),
}


def one(session: Session, collection: CollectionId, file: str) -> FileRow | None:
    """One line, if there is one."""
    row = session.get(FileTable, (collection, file))
    return None if row is None else _row(row)


def of_collection(session: Session, collection: CollectionId) -> tuple[FileRow, ...]:
    """The lines of one collection, in the order of their keys."""
    query = select(FileTable).where(FileTable.collection == collection).order_by(FileTable.file)
    return tuple(map(_row, session.scalars(query)))


def check_move(session: Session, row: FileRow) -> None:
    """Raise unless the ledger may go from what it says now to ``row``.

    Raises:
        InvariantBroken: the line is of another content, or its state does not lead there.
    """
    before = one(session, row.collection, row.file)
    if before is None or before.content != row.content:
        raise InvariantBroken("a file that was not started cannot end")
    if row.state not in _MOVES.get(before.state, frozenset()):
        raise InvariantBroken(f"a file cannot go from {before.state} to {row.state}")


def put(session: Session, row: FileRow) -> None:
    """Insert or replace one line."""
    session.merge(
        FileTable(
            collection=row.collection,
            file=row.file,
            content=row.content,
            state=row.state.value,
            deaths=row.deaths,
            reason=row.reason,
            document=row.document,
            parts=row.parts,
            pages=row.pages,
            characters=row.characters,
            seconds=row.seconds,
        )
    )


def reset_reading(session: Session) -> None:
    """What a dead process left being read is pending again."""
    session.execute(
        update(FileTable)
        .where(FileTable.state == FileState.READING.value)
        .values(state=FileState.PENDING.value)
    )


def _row(row: FileTable) -> FileRow:
    return FileRow(
        collection=CollectionId(row.collection),
        file=row.file,
        content=row.content,
        state=FileState(row.state),
        deaths=row.deaths,
        reason=row.reason,
        document=None if row.document is None else DocumentId(row.document),
        parts=row.parts,
        pages=row.pages,
        characters=row.characters,
        seconds=row.seconds,
    )
