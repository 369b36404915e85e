"""Rows of the batch ledger."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appliance.documents import DocumentId
from appliance.store.records import TaskRow, TaskState
from appliance.store.tables import TaskTable


def one(session: Session, document: DocumentId, task: str) -> TaskRow | None:
    """One line, if there is one."""
    row = session.get(TaskTable, (document, task))
    return None if row is None else _row(row)


def of_document(session: Session, document: DocumentId | None) -> tuple[TaskRow, ...]:
    """The lines of one document, or of all."""
    query = select(TaskTable).order_by(TaskTable.document, TaskTable.task)
    if document is not None:
        query = query.where(TaskTable.document == document)
    return tuple(map(_row, session.scalars(query)))


def put(session: Session, row: TaskRow) -> None:
    """Insert or replace one line."""
    session.merge(
        TaskTable(
            document=row.document,
            task=row.task,
            state=row.state.value,
            reason=row.reason,
            result=row.result,
        )
    )


def reset_running(session: Session) -> None:
    """What a dead process left running is pending again."""
    session.execute(
        update(TaskTable)
        .where(TaskTable.state == TaskState.RUNNING.value)
        .values(state=TaskState.PENDING.value)
    )


def _row(row: TaskTable) -> TaskRow:
    return TaskRow(DocumentId(row.document), row.task, TaskState(row.state), row.reason, row.result)
