"""From passphrase to root key, and the bounds on what a changed record may ask for."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from appliance.crypto.keyring import new_key
from appliance.crypto.unseal import (
    DEFAULT_COST,
    RECORD_BYTES,
    Argon2Cost,
    decode_record,
    protect,
    stretch,
    unprotect,
)
from appliance.errors import StoreDamaged, UsageError, WrongPassphrase

SMALL = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
STORE = "5" * 32


def test_the_default_cost_is_the_published_one() -> None:
    assert Argon2Cost(memory_kib=262_144, iterations=3, lanes=4) == DEFAULT_COST
    assert DEFAULT_COST.is_sane()


def test_argon2id_known_answer() -> None:
    """From the test program of the reference implementation (P-H-C/phc-winner-argon2, CC0)."""
    key = stretch("password", b"somesalt", Argon2Cost(memory_kib=256, iterations=2, lanes=1))
    assert key.material.hex() == "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"


def test_the_same_letters_in_two_unicode_forms_are_one_passphrase() -> None:
    assert stretch("caf\u00e9", b"saltsalt", SMALL) == stretch("cafe\u0301", b"saltsalt", SMALL)


def test_the_root_key_comes_back_through_the_encoded_record() -> None:
    root = new_key()
    encoded = protect(root, "correct horse", STORE, SMALL).encode()
    assert len(encoded) == RECORD_BYTES
    assert unprotect(decode_record(encoded), "correct horse", STORE) == root


def test_another_passphrase_or_another_store_does_not_open_it() -> None:
    record = protect(new_key(), "correct horse", STORE, SMALL)
    for passphrase, store in (("correct horsf", STORE), ("", STORE), ("correct horse", "6" * 32)):
        with pytest.raises(WrongPassphrase):
            unprotect(record, passphrase, store)
    with pytest.raises(WrongPassphrase):
        unprotect(replace(record, salt=bytes(16)), "correct horse", STORE)


def test_an_empty_passphrase_or_an_impossible_cost_is_not_taken() -> None:
    with pytest.raises(UsageError, match="empty"):
        protect(new_key(), "", STORE, SMALL)
    with pytest.raises(UsageError, match="cost"):
        protect(new_key(), "x", STORE, Argon2Cost(1, 1, 1))


@pytest.mark.parametrize(
    "figures", [(1 << 31, 1, 1), (64, 1 << 31, 1), (64, 1, 1 << 20), (0, 0, 0)]
)
def test_a_record_cannot_ask_for_endless_work(figures: tuple[int, int, int]) -> None:
    encoded = protect(new_key(), "x", STORE, SMALL).encode()
    asking = encoded[:4] + struct.pack(">III", *figures) + encoded[16:]
    with pytest.raises(StoreDamaged, match="Argon2"):
        decode_record(asking)


def test_records_of_other_lengths_methods_and_versions_are_refused() -> None:
    encoded = protect(new_key(), "x", STORE, SMALL).encode()
    with pytest.raises(StoreDamaged, match="length"):
        decode_record(encoded[:-1])
    for at in range(4):
        with pytest.raises(StoreDamaged, match="format"):
            decode_record(encoded[:at] + b"\x09" + encoded[at + 1 :])
