"""The batch ledger: states move forward, results are sealed, a dead run starts again."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.documents import Collection, Document, DocumentId
from appliance.errors import InvariantBroken, NotFound, SealBroken
from appliance.store.store import Store, TaskState
from tests.store.builders import PASSPHRASE, new_document


@pytest.fixture
def document(store: Store, collection: Collection) -> Document:
    return store.add_document(new_document(collection.id))


def test_a_task_is_pending_then_running_then_done(store: Store, document: Document) -> None:
    states = [store.task_state(document.id, "t")]
    store.task_start(document.id, "t")
    states.append(store.task_state(document.id, "t"))
    assert store.task_result(document.id, "t") is None
    store.task_done(document.id, "t", b"result")
    states.append(store.task_state(document.id, "t"))
    assert states == [TaskState.PENDING, TaskState.RUNNING, TaskState.DONE]
    assert store.task_result(document.id, "t") == b"result"
    assert store.task_state(document.id, "u") is TaskState.PENDING


def test_done_is_final_and_nothing_skips_running(store: Store, document: Document) -> None:
    with pytest.raises(InvariantBroken, match="pending to done"):
        store.task_done(document.id, "t", b"result")
    with pytest.raises(InvariantBroken, match="pending to failed"):
        store.task_failed(document.id, "t", "why")
    assert len(store._shelf.objects.ids()) == 3, "the refused result was kept"
    store.task_start(document.id, "t")
    store.task_done(document.id, "t", b"result")
    with pytest.raises(InvariantBroken, match="done to running"):
        store.task_start(document.id, "t")
    with pytest.raises(InvariantBroken, match="done to failed"):
        store.task_failed(document.id, "t", "why")
    assert store.task_result(document.id, "t") == b"result"


def test_a_failed_task_starts_again(store: Store, document: Document) -> None:
    store.task_start(document.id, "t")
    store.task_failed(document.id, "t", "the engine stopped")
    (row,) = store.tasks(document.id)
    assert (row.state, row.reason) == (TaskState.FAILED, "the engine stopped")
    store.task_start(document.id, "t")
    store.task_done(document.id, "t", b"result")
    assert [row.reason for row in store.tasks()] == [""]


def test_what_a_dead_process_left_running_is_pending(
    store: Store, home: Path, document: Document
) -> None:
    store.task_start(document.id, "t")
    store.task_start(document.id, "u")
    store.task_done(document.id, "u", b"result")
    store.close()
    with Store.open(home, PASSPHRASE) as again:
        assert again.task_state(document.id, "t") is TaskState.PENDING
        assert again.task_result(document.id, "u") == b"result"


def test_tasks_of_no_document_are_not_found(store: Store) -> None:
    nowhere = DocumentId("0" * 32)
    with pytest.raises(NotFound):
        store.task_state(nowhere, "t")
    with pytest.raises(NotFound):
        store.task_start(nowhere, "t")
    with pytest.raises(NotFound):
        store.task_done(nowhere, "t", b"")


def test_a_changed_result_does_not_open(store: Store, document: Document) -> None:
    store.task_start(document.id, "t")
    store.task_done(document.id, "t", b"result")
    path = store._shelf.objects.path(store.tasks()[0].result)
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(SealBroken):
        store.task_result(document.id, "t")
    assert len(store.verify()) == 1


def test_results_go_with_their_document(store: Store, document: Document) -> None:
    store.task_start(document.id, "t")
    store.task_done(document.id, "t", b"result")
    store.delete_document(document.id)
    assert store.tasks() == ()
    assert store._shelf.objects.ids() == frozenset()
