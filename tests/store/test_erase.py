"""Crypto-erasure: the wrapped key is gone from every page and from the journal.

The pages are decrypted here without SQLCipher: AES-256-CBC under the raw key, 4,096-byte pages of
which the last 80 hold the IV and the HMAC (SQLCipher's documented layout).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from appliance.crypto.keyring import Key, derive
from appliance.documents import Collection
from appliance.errors import NotFound
from appliance.store import keyfile
from appliance.store.store import Part, Store
from tests.store.builders import PASSPHRASE, new_document

PAGE, RESERVED, SALT = 4096, 80, 16


def _pages(home: Path) -> bytes:
    """Every page of the catalogue and of its journal, decrypted, free pages included."""
    key = derive(keyfile.unlock(home / "store", PASSPHRASE).store_key, "catalogue")
    file = (home / "store" / "catalogue.db").read_bytes()
    pages = [_page(key, file[at : at + PAGE], at == 0) for at in range(0, len(file), PAGE)]
    journal = home / "store" / "catalogue.db-wal"
    frames = journal.read_bytes()[32:] if journal.exists() else b""
    for at in range(0, len(frames), PAGE + 24):
        first = frames[at : at + 4] == b"\x00\x00\x00\x01"
        pages.append(_page(key, frames[at + 24 : at + 24 + PAGE], first))
    return b"".join(pages)


def _page(key: Key, page: bytes, first: bool) -> bytes:
    body = page[SALT if first else 0 : PAGE - RESERVED]
    iv = page[PAGE - RESERVED : PAGE - RESERVED + 16]
    decryptor = Cipher(algorithms.AES(key.material), modes.CBC(iv)).decryptor()
    return decryptor.update(body) + decryptor.finalize()


@pytest.mark.parametrize("replace", [False, True], ids=["delete", "new version"])
def test_no_page_and_no_frame_holds_a_destroyed_key(
    store: Store, home: Path, collection: Collection, replace: bool
) -> None:
    others = [store.add_document(new_document(collection.id, f"{n}", f"{n}")) for n in range(12)]
    victim = store.add_document(new_document(collection.id, "secret.txt", "one"))
    row = store._shelf._row(victim.id)
    kept = store._shelf._row(others[3].id)
    before = _pages(home)
    assert row.wrapped in before, "the control: it can be found while it is there"
    assert row.sealed_name in before
    if replace:
        store.add_document(new_document(collection.id, "secret.txt", "two"))
    else:
        store.delete_document(victim.id)
    after = _pages(home)
    assert row.wrapped not in after
    assert row.sealed_name not in after
    assert kept.wrapped in after
    assert not any(store._shelf.objects.path(name).exists() for _, name in row.objects)
    assert store.verify() == ()


def test_an_erased_document_is_not_found_and_its_neighbours_are(
    store: Store, home: Path, collection: Collection
) -> None:
    gone = store.add_document(new_document(collection.id, "1", "one"))
    kept = store.add_document(new_document(collection.id, "2", "two"))
    store.delete_document(gone.id)
    for attempt in (store.document, store.delete_document):
        with pytest.raises(NotFound):
            attempt(gone.id)
    store.close()
    with Store.open(home, PASSPHRASE) as again:
        assert again.documents() == (kept,)
        assert again.read(kept.id, Part.BLOB) == b"original two"
