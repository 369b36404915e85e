"""The doctor's look at a store: every page, every key, every sealed file, whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from appliance.errors import ApplianceError
from appliance.store import document_rows, kept_rows, people_rows, task_rows
from appliance.store.shelf import Shelf


def problems(shelf: Shelf) -> tuple[str, ...]:
    """One sentence for everything that is damaged, missing or unknown; no content, no names.

    Documents that come and go meanwhile are looked at again while none does.
    """
    if not _problems(shelf):
        return ()
    with shelf.changing:
        return _problems(shelf)


def _problems(shelf: Shelf) -> tuple[str, ...]:
    found = list(shelf.catalogue.problems())
    if found:
        return tuple(found)  # rows of a damaged file prove nothing
    if not shelf.catalogue.root_is_kept():
        found.append("the catalogue's root does not follow its rows")
    found += _unreadable(shelf)
    unknown = shelf.objects.ids() - shelf.live_objects()
    if unknown:
        found.append(
            f"{len(unknown)} object files are known to no row; the catalogue may be an older copy"
        )
    return tuple(found)


def _unreadable(shelf: Shelf) -> Iterator[str]:
    with shelf.catalogue.transaction() as session:
        collection_keys = people_rows.collection_keys(session)
        rows = {row.facts.id: row for row in document_rows.of_collection(session, None)}
        tasks = task_rows.of_document(session, None)
        kept = kept_rows.every(session)
    for key in collection_keys:
        attempt = partial(shelf.seals.collection_key, key)
        yield from _failure(f"collection {key.collection}", attempt)
    for id, row in rows.items():
        yield from _failure(f"document {id}", partial(shelf.named, row))
        for part, object_id in row.objects:
            yield from _failure(f"document {id}", partial(shelf.opened, row, part.value, object_id))
    for task in tasks:
        if task.result:
            attempt_result = partial(shelf.opened, rows[task.document], "result", task.result)
            yield from _failure(f"document {task.document}", attempt_result)
    for result in kept:
        if result.object:
            yield from _failure(f"result {result.id}", partial(shelf.read_kept, result))


def _failure(what: str, attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except ApplianceError as error:
        yield f"{what}: {error.message}"
