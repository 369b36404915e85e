"""The keyring file: damage told from a wrong passphrase, and whole through every crash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from appliance.crypto.keyring import Keyring
from appliance.crypto.unseal import NewShares, Secret, Shares, draw_shares
from appliance.errors import StoreDamaged, UsageError, WrongPassphrase
from appliance.store import keyfile
from tests.store.builders import SMALL


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return keyfile.create(tmp_path, "old words", SMALL)


@pytest.fixture
def made(tmp_path: Path, ring: Keyring) -> NewShares:
    """Key shares, two of three, beside the passphrase."""
    drawn = draw_shares(2, 3)
    keyfile.put_shares(tmp_path, "old words", drawn)
    return drawn


def some(made: NewShares, *numbers: int) -> Shares:
    return Shares(tuple(made.shares.words[number] for number in numbers))


def test_it_opens_with_its_passphrase_only(tmp_path: Path, ring: Keyring) -> None:
    assert keyfile.unlock(tmp_path, "old words") == ring
    with pytest.raises(WrongPassphrase):
        keyfile.unlock(tmp_path, "other words")


def test_every_flip_and_every_truncation_is_damage_not_a_wrong_passphrase(
    tmp_path: Path, ring: Keyring
) -> None:
    path = tmp_path / keyfile.NAME
    whole = path.read_bytes()
    for at in range(len(whole)):
        for changed in (whole[:at], whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]):
            with pytest.raises(StoreDamaged, match="damaged"):
                keyfile.decode(changed)


def test_a_changed_file_with_a_matching_checksum_still_does_not_open(
    tmp_path: Path, ring: Keyring
) -> None:
    path = tmp_path / keyfile.NAME
    content = path.read_bytes()[:-32]
    for at in range(len(content)):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        path.write_bytes(changed + hashlib.sha256(changed).digest())
        with pytest.raises((StoreDamaged, WrongPassphrase)):
            keyfile.unlock(tmp_path, "old words")


def test_a_later_format_is_named_as_such(tmp_path: Path, ring: Keyring) -> None:
    content = bytearray((tmp_path / keyfile.NAME).read_bytes()[:-32])
    content[4] = 3
    with pytest.raises(StoreDamaged, match="format 3 is not known"):
        keyfile.decode(bytes(content) + hashlib.sha256(content).digest())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreDamaged, match=r"keyring\.sealed is missing"):
        keyfile.unlock(tmp_path, "words")


def test_a_changed_passphrase_opens_the_same_keys(tmp_path: Path, ring: Keyring) -> None:
    with pytest.raises(WrongPassphrase):
        keyfile.change_passphrase(tmp_path, "no", "new words", SMALL)
    keyfile.change_passphrase(tmp_path, "old words", "new words", SMALL)
    assert keyfile.unlock(tmp_path, "new words") == ring
    with pytest.raises(WrongPassphrase):
        keyfile.unlock(tmp_path, "old words")
    assert [path.name for path in tmp_path.iterdir()] == [keyfile.NAME]


def test_the_generation_before_lies_beside_it_while_it_is_replaced(
    tmp_path: Path, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, seen = (tmp_path / keyfile.NAME).read_bytes(), []
    rename = os.rename

    def watched(source: Path, target: Path) -> None:
        if target.name == keyfile.NAME:
            seen.append((tmp_path / keyfile.PREVIOUS).read_bytes() == old)
        rename(source, target)

    monkeypatch.setattr(os, "rename", watched)
    keyfile.change_passphrase(tmp_path, "old words", "new words", SMALL)
    assert seen == [True]


def test_what_a_killed_replacement_wrote_is_removed(tmp_path: Path, ring: Keyring) -> None:
    (tmp_path / ".new-0123").write_bytes(b"half a keyring")
    keyfile.unlock(tmp_path, "old words")
    assert [path.name for path in tmp_path.iterdir()] == [keyfile.NAME]


def test_every_state_a_crash_can_leave_opens_with_the_old_or_the_new_passphrase(
    tmp_path: Path, ring: Keyring
) -> None:
    """Old and new generation in every combination, the new one torn at every 16th byte."""
    current, previous = tmp_path / keyfile.NAME, tmp_path / keyfile.PREVIOUS
    old = current.read_bytes()
    keyfile.change_passphrase(tmp_path, "old words", "new words", SMALL)
    new = current.read_bytes()
    torn = [(new[:at], old, "old words") for at in range(0, len(new), 16)]
    whole = [(old, old, "old words"), (new, old, "new words"), (new, None, "new words")]
    for now, before, passphrase in [*whole, (None, old, "old words"), *torn]:
        for path, content in ((current, now), (previous, before)):
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
        assert keyfile.unlock(tmp_path, passphrase) == ring
        assert not previous.exists(), "an old generation still opens with the old passphrase"
        assert keyfile.unlock(tmp_path, passphrase) == ring


def test_a_kill_between_any_two_steps_leaves_a_whole_generation(
    tmp_path: Path, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every system call of the replacement is made to fail in turn."""
    names = ("write", "fsync", "rename", "unlink")
    for step in range(40):
        left = [step]

        def counted(real: object, left: list[int] = left) -> object:
            def call(*arguments: object, **named: object) -> object:
                if left[0] == 0:
                    raise KeyboardInterrupt
                left[0] -= 1
                return real(*arguments, **named)  # type: ignore[operator]  # whatever os has

            return call

        finished = True
        with monkeypatch.context() as patched:
            for name in names:
                patched.setattr(os, name, counted(getattr(os, name)))
            try:
                keyfile.change_passphrase(tmp_path, "old words", "old words", SMALL)
            except KeyboardInterrupt:
                finished = False
        assert keyfile.unlock(tmp_path, "old words") == ring
        if finished:
            return
    pytest.fail("the replacement never finished")


def test_shares_and_passphrase_open_the_same_keys(
    tmp_path: Path, ring: Keyring, made: NewShares
) -> None:
    ways: list[Secret] = ["old words", some(made, 0, 1), some(made, 2, 0), made.shares]
    assert {keyfile.unlock(tmp_path, way) == ring for way in ways} == {True}
    with pytest.raises(WrongPassphrase, match="1 key shares of 2"):
        keyfile.unlock(tmp_path, some(made, 1))
    with pytest.raises(WrongPassphrase, match="not of the set"):
        keyfile.unlock(tmp_path, draw_shares(2, 3).shares)
    assert keyfile.slots(tmp_path) == keyfile.Slots(2, True, 2, 3, made.identifier)


def test_without_shares_there_is_nothing_that_shares_open(tmp_path: Path, ring: Keyring) -> None:
    with pytest.raises(WrongPassphrase, match="no key shares"):
        keyfile.unlock(tmp_path, draw_shares(2, 3).shares)
    assert keyfile.slots(tmp_path) == keyfile.Slots(1, True, 0, 0, 0)


def test_a_new_set_ends_the_one_before_and_keeps_the_passphrase(
    tmp_path: Path, ring: Keyring, made: NewShares
) -> None:
    again = draw_shares(3, 4)
    keyfile.put_shares(tmp_path, some(made, 0, 2), again)
    for way in ("old words", again.shares):
        assert keyfile.unlock(tmp_path, way) == ring
    with pytest.raises(WrongPassphrase, match="not of the set"):
        keyfile.unlock(tmp_path, made.shares)


def test_only_what_has_just_opened_the_store_stays(
    tmp_path: Path, ring: Keyring, made: NewShares
) -> None:
    with pytest.raises(WrongPassphrase):
        keyfile.drop_others(tmp_path, some(made, 0))
    keyfile.drop_others(tmp_path, some(made, 0, 1))
    assert keyfile.slots(tmp_path).passphrase is False
    with pytest.raises(WrongPassphrase, match="key shares only"):
        keyfile.unlock(tmp_path, "old words")
    with pytest.raises(UsageError, match="nothing else"):
        keyfile.drop_others(tmp_path, made.shares)
    keyfile.change_passphrase(tmp_path, made.shares, "new words", SMALL)
    assert keyfile.unlock(tmp_path, "new words") == ring
    keyfile.drop_others(tmp_path, "new words")
    with pytest.raises(WrongPassphrase, match="no key shares"):
        keyfile.unlock(tmp_path, made.shares)
    assert (tmp_path / keyfile.NAME).read_bytes()[4] == 1, "what older versions read, too"


def test_a_new_passphrase_keeps_the_shares(tmp_path: Path, ring: Keyring, made: NewShares) -> None:
    keyfile.change_passphrase(tmp_path, "old words", "new words", SMALL)
    for way in ("new words", some(made, 1, 2)):
        assert keyfile.unlock(tmp_path, way) == ring


def test_a_changed_file_with_shares_does_not_open_either_way(
    tmp_path: Path, ring: Keyring, made: NewShares
) -> None:
    """Every byte of the share slot: its figures are bound as well."""
    path = tmp_path / keyfile.NAME
    content = path.read_bytes()[:-32]
    for at in range(36 + 137, 36 + 137 + 111):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        path.write_bytes(changed + hashlib.sha256(changed).digest())
        with pytest.raises((StoreDamaged, WrongPassphrase)):
            keyfile.unlock(tmp_path, some(made, 0, 1))


def test_nothing_of_a_secret_is_shown(made: NewShares) -> None:
    assert repr(made) == "NewShares(2 of 3, hidden)"
    assert repr(made.shares) == "Shares(3 hidden)"
