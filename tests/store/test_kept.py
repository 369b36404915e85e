"""Results that are kept: opened as they were, gone with any document they were made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.crypto.keyring import Key, join
from appliance.documents import Collection, Document, DocumentId
from appliance.errors import NotFound, SealBroken
from appliance.store.store import Store
from tests.store.builders import PASSPHRASE, new_document


@pytest.fixture
def sources(store: Store, collection: Collection) -> tuple[Document, ...]:
    return tuple(store.add_document(new_document(collection.id, name)) for name in "abc")


def keep(store: Store, sources: tuple[Document, ...], content: bytes = b"result") -> str:
    return store.keep([document.id for document in sources], content).id


def test_a_result_is_found_again_by_another_process(
    store: Store, home: Path, sources: tuple[Document, ...]
) -> None:
    id = keep(store, sources[::-1], b"what was said")
    store.close()
    with Store.open(home, PASSPHRASE) as opened:
        row = opened.kept(id)
        assert opened.read_kept(row) == b"what was said"
        assert row.sources == tuple(sorted((d.id, 1) for d in sources))
        assert opened.every_kept() == (row,)
        assert opened.verify() == ()


def test_it_stays_labelled_as_its_sources_were(
    store: Store, collection: Collection, sources: tuple[Document, ...]
) -> None:
    labelled = store.label_collection(collection, (("classification", "secret"), ("hold", "yes")))
    id = keep(store, sources[:2])
    store.label_collection(labelled, ())
    own = dict(sources[0].labels)
    row = store.kept(id)
    assert [one.document for one in row.labels] == sorted(d.id for d in sources[:2])
    for one in row.labels:
        expected = {"classification": "secret"} | own | {"hold": "yes"}
        assert one.labels == tuple(sorted(expected.items()))


def test_it_goes_with_any_of_its_sources(store: Store, sources: tuple[Document, ...]) -> None:
    both, other = keep(store, sources[:2]), keep(store, sources[2:], b"other")
    objects = store._shelf.objects.ids()
    store.delete_document(sources[1].id)
    gone = store.kept(both)
    assert gone.object == ""
    assert (sources[1].id, 1) in gone.sources, "what it was made from is still said"
    with pytest.raises(NotFound, match="erased or replaced"):
        store.read_kept(gone)
    assert store.read_kept(store.kept(other)) == b"other"
    assert len(objects) - len(store._shelf.objects.ids()) == 4
    assert store.verify() == ()


def test_it_goes_with_a_new_version(
    store: Store, collection: Collection, sources: tuple[Document, ...]
) -> None:
    id = keep(store, sources)
    store.add_document(new_document(collection.id, "a", "another text"))
    assert store.kept(id).object == ""
    assert store.verify() == ()


def test_its_key_needs_every_source(store: Store, sources: tuple[Document, ...]) -> None:
    """The file alone, put back after an erasure, opens with nothing that is left."""
    row = store.keep([document.id for document in sources], b"result")
    path = store._shelf.objects.path(row.object)
    kept = path.read_bytes()
    store.delete_document(sources[0].id)
    path.write_bytes(kept)
    with pytest.raises(NotFound):
        store.read_kept(row)


def test_a_changed_or_moved_file_is_named(store: Store, sources: tuple[Document, ...]) -> None:
    one = store.keep([sources[0].id], b"one")
    two = store.keep([sources[0].id], b"two")
    first, second = (store._shelf.objects.path(row.object) for row in (one, two))
    first.write_bytes(second.read_bytes())
    with pytest.raises(SealBroken):
        store.read_kept(one)
    assert [problem for problem in store.verify() if one.id in problem]


def test_it_is_made_from_documents_that_are_there(
    store: Store, sources: tuple[Document, ...]
) -> None:
    with pytest.raises(ValueError, match="made from documents"):
        store.keep([], b"result")
    with pytest.raises(NotFound):
        store.keep([sources[0].id, DocumentId("0" * 32)], b"result")
    with pytest.raises(NotFound, match="no such result"):
        store.kept("0" * 32)
    assert store.every_kept() == ()


def test_the_joint_key_depends_on_each_key_and_their_order() -> None:
    one, two = Key(b"1" * 32), Key(b"2" * 32)
    keys = {join([one]), join([two]), join([one, two]), join([two, one]), one, two}
    assert len(keys) == 6
    assert join([one, two]) == join([one, two])
    with pytest.raises(ValueError, match="needs keys"):
        join([])
