"""The doctor names what is damaged, missing or unknown."""

from __future__ import annotations

import threading
from pathlib import Path

from appliance.documents import Collection
from appliance.store.store import Part, Store
from tests.store.builders import PASSPHRASE, new_document


def test_each_kind_of_damage_is_one_sentence(store: Store, collection: Collection) -> None:
    ids = [store.add_document(new_document(collection.id, f"{n}", str(n))).id for n in range(3)]
    objects = store._shelf.objects
    rows = [store._shelf._row(id) for id in ids]
    assert store.verify() == ()
    objects.path(rows[0].object(Part.BLOB)).unlink()
    cut = objects.path(rows[1].object(Part.INDEX))
    cut.write_bytes(cut.read_bytes()[:-1])
    (cut.parent / ("f" * 32)).write_bytes(b"unknown")
    problems = store.verify()
    assert len(problems) == 3
    assert ids[0] in problems[0]
    assert "is missing" in problems[0]
    assert ids[1] in problems[1]
    assert cut.name in problems[1]
    assert "1 object files are known to no row" in problems[2]


def test_what_others_do_meanwhile_is_no_damage(store: Store, collection: Collection) -> None:
    """As in a service: documents come, are replaced and go while the doctor looks."""
    for number in range(20):
        store.add_document(new_document(collection.id, f"{number}", str(number)))
    over = threading.Event()

    def works() -> None:
        number = 0
        while not over.is_set():
            number += 1
            name = f"{number % 20}"
            document = store.add_document(new_document(collection.id, name, f"again {number}"))
            if number % 3 == 0:
                store.delete_document(document.id)

    worker = threading.Thread(target=works)
    worker.start()
    try:
        found = [store.verify() for _ in range(8)]
    finally:
        over.set()
        worker.join()
    assert found == [()] * 8


def test_a_kills_leftovers_are_gone_after_opening(
    store: Store, home: Path, collection: Collection
) -> None:
    kept = store.add_document(new_document(collection.id))
    (orphan,) = ["ab" + "0" * 30]
    store._shelf.objects.write([(orphan, b"of a killed process")])
    store._shelf.objects.path(orphan).with_name(".new-01").write_bytes(b"torn")
    store.close()
    with Store.open(home, PASSPHRASE) as again:
        assert again.verify() == ()
        assert again.documents() == (kept,)
    assert not [path for path in home.rglob("*") if path.name in {orphan, ".new-01"}]
