"""Keys never show themselves, wraps cannot be moved, the keyring opens whole or not at all."""

from __future__ import annotations

import copy
import hashlib
import hmac
import pickle
import traceback
from dataclasses import replace

import pytest

from appliance.crypto.context import Context
from appliance.crypto.keyring import (
    Key,
    Keyring,
    derive,
    new_key,
    open_keyring,
    open_record,
    seal_record,
    unwrap,
    wrap,
)
from appliance.errors import SealBroken, StoreDamaged

HERE = Context("key/document", "5" * 32, "c" * 32, "d" * 32, 1, 1)


def test_a_key_shows_no_byte_of_itself() -> None:
    key = Key(b"\x41" * 32)
    ring = Keyring("5" * 32, ((1, key),), key, key)  # a store's id that is drawn may hold a 4141
    for shown in (repr(key), str(key), f"{key}", repr([key]), repr(ring)):
        assert "AAAA" not in shown
        assert "4141" not in shown
        assert "\\x" not in shown
    with pytest.raises(SealBroken) as caught:
        unwrap(key, b"\x01" + bytes(104), HERE)
    assert "AAAA" not in "".join(traceback.format_exception(caught.value))


def test_a_key_is_not_serialised() -> None:
    with pytest.raises(TypeError, match="wrap"):
        pickle.dumps(new_key())
    with pytest.raises(TypeError, match="wrap"):
        copy.copy(new_key())


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        Key(b"short")


def test_derivation_is_hkdf_sha512() -> None:
    """RFC 5869, spelled out with the standard library."""
    key = Key(bytes(range(32)))
    prk = hmac.new(bytes(64), key.material, hashlib.sha512).digest()
    expected = hmac.new(prk, b"appliance/v1/blob\x01", hashlib.sha512).digest()[:32]
    assert derive(key, "blob").material == expected


def test_purposes_are_independent() -> None:
    key = new_key()
    derived = {derive(key, purpose).material for purpose in ("blob", "text", "index", "result", "")}
    assert len(derived) == 5
    assert key.material not in derived


def test_a_wrapped_key_opens_only_where_it_belongs() -> None:
    kek, key = new_key(), new_key()
    wrapped = wrap(kek, key, HERE)
    assert len(wrapped) == 105
    assert unwrap(kek, wrapped, HERE) == key
    with pytest.raises(SealBroken):
        unwrap(new_key(), wrapped, HERE)
    with pytest.raises(SealBroken):
        unwrap(kek, wrapped, replace(HERE, object="e" * 32))


def test_a_record_that_is_no_key_is_not_taken_for_one() -> None:
    kek = new_key()
    with pytest.raises(SealBroken):
        unwrap(kek, seal_record(kek, b"not a key", HERE), HERE)


def test_every_flip_and_cut_of_a_record_is_rejected() -> None:
    key = new_key()
    sealed = seal_record(key, b"a name", HERE)
    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 0x80]) + sealed[at + 1 :]
        with pytest.raises(StoreDamaged):
            open_record(key, flipped, HERE)
        with pytest.raises(SealBroken):
            open_record(key, sealed[:at], HERE)


def test_a_record_of_a_later_format_is_named_as_such() -> None:
    key = new_key()
    with pytest.raises(StoreDamaged, match="format 2 is not known"):
        open_record(key, b"\x02" + seal_record(key, b"", HERE)[1:], HERE)


def test_the_keyring_comes_back_whole() -> None:
    ring, root = Keyring.create().with_new_term(), new_key()
    assert ring.term == 2
    assert ring.kek(1) != ring.kek(2)
    assert open_keyring(root, ring.seal(root, 7), ring.store_id, 7) == ring


def test_the_keyring_opens_under_its_root_store_and_generation_only() -> None:
    ring, root = Keyring.create(), new_key()
    sealed = ring.seal(root, 7)
    for other_root, store, generation in (
        (new_key(), ring.store_id, 7),
        (root, "0" * 32, 7),
        (root, ring.store_id, 6),
    ):
        with pytest.raises(SealBroken):
            open_keyring(other_root, sealed, store, generation)
    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(StoreDamaged):
            open_keyring(root, flipped, ring.store_id, 7)


def test_an_unknown_term_is_damage() -> None:
    with pytest.raises(StoreDamaged, match="no term 9"):
        Keyring.create().kek(9)


@pytest.mark.parametrize("body", [b"", bytes(18), bytes(17), bytes(16) + b"\x00\x01" + bytes(37)])
def test_entries_that_make_no_keyring_are_refused(body: bytes) -> None:
    root, store = new_key(), "0" * 32
    sealed = seal_record(
        derive(root, "keyring"), body, Context("keyring", store, "", "keyring", 1, 0)
    )
    with pytest.raises(StoreDamaged, match="keyring"):
        open_keyring(root, sealed, store, 1)
