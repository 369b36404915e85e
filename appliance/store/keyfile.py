"""The file ``keyring.sealed``: how to unseal, and what is unsealed (FORMAT.md, "Keyring file").

A plain checksum over the whole file tells damage from a wrong passphrase.  The file is replaced
by renaming; while that happens the generation before it is kept beside it, and it is removed once
the new one is durable, because an old generation opens with the old passphrase.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from appliance.crypto.keyring import Keyring, new_key, newer_format, open_keyring
from appliance.crypto.unseal import (
    RECORD_BYTES,
    Argon2Cost,
    UnsealRecord,
    decode_record,
    protect,
    unprotect,
)
from appliance.errors import StoreDamaged
from appliance.store.files import TEMPORARY, disk, replace_durably, sync_folder

NAME, PREVIOUS = "keyring.sealed", "keyring.previous"
_MAGIC, _FORMAT = b"APKR", 1
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
    records: tuple[UnsealRecord, ...]
    body: bytes  # the sealed keyring

    def encode(self) -> bytes:
        """The file's bytes."""
        store = bytes.fromhex(self.store_id)
        head = _HEAD.pack(
            _MAGIC, _FORMAT, len(self.records), 0, self.generation, store, len(self.body)
        )
        content = head + b"".join(record.encode() for record in self.records) + self.body
        return content + hashlib.sha256(content).digest()

    def unseal(self, passphrase: str) -> Keyring:
        """The keyring inside.

        Raises:
            WrongPassphrase: no record opens with this passphrase.
            StoreDamaged: the passphrase is right and the keyring does not open.
        """
        root = unprotect(self.records[0], passphrase, self.store_id)
        return open_keyring(root, self.body, self.store_id, self.generation)


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
    if form != _FORMAT:
        raise newer_format(NAME, form)
    if count != 1 or spare != 0 or len(content) != _HEAD.size + count * RECORD_BYTES + length:
        raise _damaged()
    at = _HEAD.size + RECORD_BYTES
    record = decode_record(content[_HEAD.size : at])
    return KeyFile(generation, store.hex(), (record,), content[at:])


def create(folder: Path, passphrase: str, cost: Argon2Cost) -> Keyring:
    """Make a keyring and its file."""
    ring, root = Keyring.create(), new_key()
    record = protect(root, passphrase, ring.store_id, cost)
    write(folder, KeyFile(1, ring.store_id, (record,), ring.seal(root, 1)))
    return ring


def unlock(folder: Path, passphrase: str) -> Keyring:
    """Open the keyring of a store folder; finishes a replacement that a crash interrupted.

    Raises:
        WrongPassphrase, StoreDamaged: as ``KeyFile.unseal`` and ``decode``.
    """
    file = read(folder)
    ring = file.unseal(passphrase)
    with disk(folder):
        for leftover in folder.glob(f"{TEMPORARY}*"):
            leftover.unlink()
    if (folder / PREVIOUS).exists():
        write(folder, file)
    return ring


def change_passphrase(folder: Path, current: str, new: str, cost: Argon2Cost) -> None:
    """Wrap the same root key under another passphrase.

    Raises:
        WrongPassphrase: ``current`` is not the passphrase.
    """
    file = read(folder)
    root = unprotect(file.records[0], current, file.store_id)
    ring = open_keyring(root, file.body, file.store_id, file.generation)
    generation = file.generation + 1
    record = protect(root, new, ring.store_id, cost)
    write(folder, KeyFile(generation, ring.store_id, (record,), ring.seal(root, generation)))


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
