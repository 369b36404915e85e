"""A person's own secret opens with that person's passphrase and for its own name only."""

from __future__ import annotations

import pytest

from appliance.crypto.passlock import lock, unlock
from appliance.crypto.unseal import Argon2Cost
from appliance.errors import ApplianceError, StoreDamaged, UsageError, WrongPassphrase

CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
SECRET = b"\x07" * 96


def test_it_opens_with_its_passphrase_in_every_form_of_writing() -> None:
    locked = lock(SECRET, "pässword", "officer", CHEAP)
    assert unlock(locked, "pa\u0308ssword", "officer") == SECRET
    assert SECRET not in locked
    assert lock(SECRET, "pässword", "officer", CHEAP) != locked


@pytest.mark.parametrize(
    ("passphrase", "name"), [("wrong", "officer"), ("right", "witness"), ("", "officer")]
)
def test_it_opens_with_nothing_else(passphrase: str, name: str) -> None:
    with pytest.raises(WrongPassphrase):
        unlock(lock(SECRET, "right", "officer", CHEAP), passphrase, name)


def test_every_flip_and_every_cut_is_noticed() -> None:
    locked = lock(SECRET, "right", "officer", CHEAP)
    for at in (*range(0, 13), 20, 40, len(locked) - 1):
        broken = bytearray(locked)
        broken[at] ^= 1
        with pytest.raises(ApplianceError):
            unlock(bytes(broken), "right", "officer")
    for length in (0, 5, 29, 60, len(locked) - 1):
        with pytest.raises(WrongPassphrase):
            unlock(locked[:length], "right", "officer")


def test_impossible_costs_are_refused_before_they_cost_anything() -> None:
    locked = bytearray(lock(SECRET, "right", "officer", CHEAP))
    locked[1:5] = b"\xff\xff\xff\xff"
    with pytest.raises(WrongPassphrase):
        unlock(bytes(locked), "right", "officer")


def test_another_version_is_named_as_such() -> None:
    locked = lock(SECRET, "right", "officer", CHEAP)
    with pytest.raises(StoreDamaged, match="version"):
        unlock(b"\x09" + locked[1:], "right", "officer")


def test_an_empty_passphrase_locks_nothing() -> None:
    with pytest.raises(UsageError):
        lock(SECRET, "", "officer", CHEAP)
