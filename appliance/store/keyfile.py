"""The file ``keyring.sealed``: how to unseal, and what is unsealed (FORMAT.md, "Keyring file").

A plain checksum over the whole file tells damage from a wrong passphrase.  There is one slot for a
passphrase, one for key shares, or both; each opens the same root key.  The file is replaced by
renaming; while that happens the generation before it is kept beside it, and it is removed once
the new one is durable, because an old generation opens with the old secrets.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from appliance.crypto.keyring import Key, Keyring, new_key, newer_format, open_keyring
from appliance.crypto.unseal import (
    Argon2Cost,
    NewShares,
    Secret,
    ShareRecord,
    Shares,
    Slot,
    UnsealRecord,
    decode_slots,
    protect,
    protect_by_shares,
    unprotect,
    unprotect_by_shares,
)
from appliance.errors import StoreDamaged, UsageError, WrongPassphrase
from appliance.store.files import TEMPORARY, disk, replace_durably, sync_folder

NAME, PREVIOUS = "keyring.sealed", "keyring.previous"
_MAGIC = b"APKR"
_PLAIN, _SLOTTED = 1, 2  # formats: one passphrase, or any slots
_HEAD = struct.Struct(
    ">4sBBHQ16sI"
)  # magic, format, records, spare, generation, store, body length
_CHECKSUM_BYTES = 32
_MOST_BYTES = 1 << 20
_RESTORE = "restore keyring.sealed from a backup; without it the store cannot be opened"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The decoded file."""

    generation: int
    store_id: str
    records: tuple[Slot, ...]
    body: bytes  # the sealed keyring

    def encode(self) -> bytes:
        """The file's bytes."""
        store = bytes.fromhex(self.store_id)
        form = _SLOTTED if self.shares else _PLAIN
        head = _HEAD.pack(
            _MAGIC, form, len(self.records), 0, self.generation, store, len(self.body)
        )
        content = head + b"".join(record.encode() for record in self.records) + self.body
        return content + hashlib.sha256(content).digest()

    @property
    def passphrase(self) -> UnsealRecord | None:
        """The slot of the passphrase, where there is one."""
        return next((one for one in self.records if isinstance(one, UnsealRecord)), None)

    @property
    def shares(self) -> ShareRecord | None:
        """The slot of the key shares, where there is one."""
        return next((one for one in self.records if isinstance(one, ShareRecord)), None)

    def root(self, secret: Secret) -> Key:
        """The root key, by a passphrase or by key shares.

        Raises:
            WrongPassphrase: it does not open, or nothing opens this way.
            UsageError: a key share is not whole.
        """
        if isinstance(secret, Shares):
            if self.shares is None:
                raise WrongPassphrase(
                    "this store has no key shares", remedy="open it with its passphrase"
                )
            return unprotect_by_shares(self.shares, secret, self.store_id)
        if self.passphrase is None:
            raise WrongPassphrase(
                "this store opens with key shares only", remedy="ask the custodians; see --shares"
            )
        return unprotect(self.passphrase, secret, self.store_id)

    def unseal(self, secret: Secret) -> Keyring:
        """The keyring inside.

        Raises:
            WrongPassphrase, UsageError: as ``root``.
            StoreDamaged: the secret is right and the keyring does not open.
        """
        return open_keyring(self.root(secret), self.body, self.store_id, self.generation)


@dataclass(frozen=True, slots=True)
class Slots:
    """What opens a store, for people to see."""

    generation: int  # how often that was changed, from 1
    passphrase: bool
    threshold: int  # key shares that are needed; 0: there are none
    of: int
    set_number: int  # stands on every share sheet of the set


def decode(untrusted: bytes) -> KeyFile:
    """Read the file's bytes.

    Raises:
        StoreDamaged: cut, changed, or of another version of this software.
    """
    if len(untrusted) < _HEAD.size + _CHECKSUM_BYTES or len(untrusted) > _MOST_BYTES:
        raise _damaged()
    magic, form, count, spare, generation, store, length = _HEAD.unpack_from(untrusted)
    content, checksum = untrusted[:-_CHECKSUM_BYTES], untrusted[-_CHECKSUM_BYTES:]
    if magic != _MAGIC or hashlib.sha256(content).digest() != checksum:
        raise _damaged()
    if form not in (_PLAIN, _SLOTTED):
        raise newer_format(NAME, form)
    if spare != 0 or not 1 <= count <= (2 if form == _SLOTTED else 1):
        raise _damaged()
    slots, taken = decode_slots(content[_HEAD.size :], count)
    body = content[_HEAD.size + taken :]
    if len(body) != length:
        raise _damaged()
    return KeyFile(generation, store.hex(), slots, body)


def create(folder: Path, passphrase: str, cost: Argon2Cost) -> Keyring:
    """Make a keyring and its file."""
    ring, root = Keyring.create(), new_key()
    record = protect(root, passphrase, ring.store_id, cost)
    write(folder, KeyFile(1, ring.store_id, (record,), ring.seal(root, 1)))
    return ring


def unlock(folder: Path, secret: Secret) -> Keyring:
    """Open the keyring of a store folder; finishes a replacement that a crash interrupted.

    Raises:
        WrongPassphrase, UsageError, StoreDamaged: as ``KeyFile.unseal`` and ``decode``.
    """
    file = read(folder)
    ring = file.unseal(secret)
    with disk(folder):
        for leftover in folder.glob(f"{TEMPORARY}*"):
            leftover.unlink()
    if (folder / PREVIOUS).exists():
        write(folder, file)
    return ring


def change_passphrase(folder: Path, current: Secret, new: str, cost: Argon2Cost) -> None:
    """Let the store open with the passphrase ``new``, and with no other; key shares stay.

    Raises:
        WrongPassphrase, UsageError: ``current`` does not open the store.
    """
    file = read(folder)
    root = file.root(current)
    slot = protect(root, new, file.store_id, cost)
    _replace(folder, file, root, (slot, *filter(None, [file.shares])))


def put_shares(folder: Path, current: Secret, made: NewShares) -> None:
    """Let the store open with this set of key shares, and with none before; a passphrase stays.

    Raises:
        WrongPassphrase, UsageError: ``current`` does not open the store.
    """
    file = read(folder)
    root = file.root(current)
    slot = protect_by_shares(root, made, file.store_id)
    _replace(folder, file, root, (*filter(None, [file.passphrase]), slot))


def drop_others(folder: Path, current: Secret) -> None:
    """Let the store open with what ``current`` is (a passphrase, or key shares) and nothing else.

    Only what has just opened the store stays, so nobody locks themselves out.

    Raises:
        WrongPassphrase, UsageError: ``current`` does not open the store, or nothing else does.
    """
    file = read(folder)
    root = file.root(current)
    kept = file.shares if isinstance(current, Shares) else file.passphrase
    if kept is None or len(file.records) == 1:
        raise UsageError(
            "nothing else opens this store", remedy="`appliance key status` shows what does"
        )
    _replace(folder, file, root, (kept,))


def _replace(folder: Path, file: KeyFile, root: Key, slots: tuple[Slot, ...]) -> None:
    ring = open_keyring(root, file.body, file.store_id, file.generation)
    generation = file.generation + 1
    write(folder, KeyFile(generation, ring.store_id, slots, ring.seal(root, generation)))


def read(folder: Path) -> KeyFile:
    """The keyring file, or the generation before it where only that one is whole.

    Raises:
        StoreDamaged: neither is whole.
    """
    try:
        return decode(_bytes_of(folder / NAME))
    except StoreDamaged:
        if not (folder / PREVIOUS).exists():
            raise
    return decode(_bytes_of(folder / PREVIOUS))


def slots(folder: Path) -> Slots:
    """What opens the store in this folder; no secret is needed.

    Raises:
        StoreDamaged: no generation of the file is whole.
    """
    file = read(folder)
    shares = file.shares or ShareRecord(0, 0, 0, b"")
    return Slots(
        file.generation,
        file.passphrase is not None,
        shares.threshold,
        shares.of,
        shares.identifier,
    )


def write(folder: Path, file: KeyFile) -> None:
    """Replace the keyring file; at every moment one whole generation is durable."""
    current, previous = folder / NAME, folder / PREVIOUS
    if current.exists() and not previous.exists():
        replace_durably(previous, _bytes_of(current))
    replace_durably(current, file.encode())
    with disk(previous):
        previous.unlink(missing_ok=True)
    sync_folder(folder)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as source:
            return source.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise StoreDamaged(f"{path} is missing", remedy=_RESTORE) from None
    except OSError as error:
        raise StoreDamaged(f"{path}: {error.strerror}", remedy=_RESTORE) from error


def _damaged() -> StoreDamaged:
    return StoreDamaged(f"{NAME} is damaged: its checksum does not match", remedy=_RESTORE)
