"""Documents that lie in documents: linked to their parent, and flags that stay with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.documents import Collection, Document, DocumentId, Flag
from appliance.errors import InvariantBroken
from appliance.store.store import Store
from tests.store.builders import PASSPHRASE, new_document


@pytest.fixture
def mail(store: Store, collection: Collection) -> Document:
    return store.add_document(new_document(collection.id, "m.eml", "mail"))


def part_of(store: Store, mail: Document, name: str) -> Document:
    new = new_document(mail.collection, f"m.eml/{name}", name)
    return store.add_document(replace(new, parent=mail.id))


def test_parts_are_found_by_their_parent(store: Store, home: Path, mail: Document) -> None:
    parts = (part_of(store, mail, "b.txt"), part_of(store, mail, "a.txt"))
    assert {part.parent for part in parts} == {mail.id}
    assert mail.parent is None
    store.close()
    with Store.open(home, PASSPHRASE) as again:
        assert again.children(mail.id) == parts
        assert again.children(parts[0].id) == ()
        assert again.document(parts[0].id) == parts[0]


def test_parts_stay_when_their_parent_gets_a_new_version(store: Store, mail: Document) -> None:
    part = part_of(store, mail, "a.txt")
    newer = store.add_document(new_document(mail.collection, "m.eml", "changed"))
    assert (newer.id, newer.version) == (mail.id, 2)
    assert store.children(mail.id) == (part,)
    assert store.verify() == ()


def test_parts_stay_without_a_parent_that_is_erased(store: Store, mail: Document) -> None:
    part = part_of(store, mail, "a.txt")
    store.delete_document(mail.id)
    assert store.documents() == (replace(part, parent=None),)
    assert store.verify() == ()


def test_a_parent_that_is_not_there_is_refused(store: Store, collection: Collection) -> None:
    nowhere = replace(new_document(collection.id), parent=DocumentId("0" * 32))
    with pytest.raises(InvariantBroken):
        store.add_document(nowhere)
    assert (store.documents(), store._shelf.objects.ids()) == ((), frozenset())
    store.add_document(new_document(collection.id))


def test_flags_stay_with_the_document(store: Store, collection: Collection) -> None:
    new = replace(new_document(collection.id), flags=(Flag.TAGS, Flag.ACTIVE, Flag.TAGS))
    document = store.add_document(new)
    assert document.flags == (Flag.ACTIVE, Flag.TAGS)
    assert store.document(document.id) == document
    assert store.add_document(replace(new, content_key="2", flags=())).flags == ()


def test_the_root_follows_parents_and_flags(store: Store, mail: Document) -> None:
    seen = {store.root()}
    new = new_document(mail.collection)
    for _ in range(2):
        store.add_document(new)
        seen.add(store.root())
    part_of(store, mail, "a.txt")
    before = store.root()
    store.file_start(mail.collection, "f" * 64, "1")
    assert store.root() == before
    assert len(seen) == 3
