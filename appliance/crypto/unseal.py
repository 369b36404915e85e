"""From a passphrase to the root key: Argon2id (RFC 9106) and the record that is kept beside it.

One record per way to unseal; each wraps the same root key, so a way can be added or removed
without touching anything below.  For now there is one way: a passphrase.
"""

from __future__ import annotations

import secrets
import struct
import unicodedata
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from appliance.crypto.aead import KEY_BYTES, OVERHEAD_BYTES
from appliance.crypto.context import Context
from appliance.crypto.keyring import Key, newer_format, unwrap, wrap
from appliance.errors import SealBroken, StoreDamaged, UsageError, WrongPassphrase

SALT_BYTES = 16
_PASSPHRASE, _VERSION = 1, 1
_WRAPPED_BYTES = 1 + OVERHEAD_BYTES + KEY_BYTES
_RECORD = struct.Struct(f">BBHIII{SALT_BYTES}s{_WRAPPED_BYTES}s")
RECORD_BYTES = _RECORD.size


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one guess costs an attacker, and one opening costs us."""

    memory_kib: int = 256 * 1024
    iterations: int = 3
    lanes: int = 4

    def is_sane(self) -> bool:
        """Whether the figures are ones Argon2 accepts and a machine can bear."""
        return (
            1 <= self.lanes <= 64
            and 1 <= self.iterations <= 64
            and 8 * self.lanes <= self.memory_kib <= 8 * 1024 * 1024
        )


DEFAULT_COST = Argon2Cost()  # 256 MiB, about 1.4 s on four cores


@dataclass(frozen=True, slots=True)
class UnsealRecord:
    """The root key wrapped under a passphrase, with the figures to stretch it again."""

    cost: Argon2Cost
    salt: bytes
    wrapped: bytes

    def encode(self) -> bytes:
        """Fixed length, big endian; see store/FORMAT.md, "Keyring file"."""
        cost = self.cost
        return _RECORD.pack(
            _PASSPHRASE,
            _VERSION,
            0,
            cost.memory_kib,
            cost.iterations,
            cost.lanes,
            self.salt,
            self.wrapped,
        )


def stretch(passphrase: str, salt: bytes, cost: Argon2Cost) -> Key:
    """The unseal key of a passphrase; NFC first, so that two keyboards give the same key."""
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return Key(kdf.derive(secret))


def protect(root: Key, passphrase: str, store_id: str, cost: Argon2Cost) -> UnsealRecord:
    """Wrap the root key under a passphrase.

    Raises:
        UsageError: the passphrase is empty, or the cost is out of bounds.
    """
    if not passphrase:
        raise UsageError("the passphrase is empty", remedy="give one of several words")
    if not cost.is_sane():
        raise UsageError("the Argon2 cost is out of bounds", remedy="use the default cost")
    salt = secrets.token_bytes(SALT_BYTES)
    return UnsealRecord(cost, salt, wrap(stretch(passphrase, salt, cost), root, _context(store_id)))


def unprotect(record: UnsealRecord, passphrase: str, store_id: str) -> Key:
    """The root key.

    Raises:
        WrongPassphrase: the record does not open with this passphrase.
    """
    try:
        return unwrap(
            stretch(passphrase, record.salt, record.cost), record.wrapped, _context(store_id)
        )
    except SealBroken:
        raise WrongPassphrase(
            "the store does not open with this passphrase",
            remedy="check the passphrase and try again",
        ) from None


def decode_record(untrusted: bytes) -> UnsealRecord:
    """Read one record; its figures are bounded before they can cost memory or time.

    Raises:
        StoreDamaged: wrong length, unknown method or version, or figures out of bounds.
    """
    if len(untrusted) != RECORD_BYTES:
        raise StoreDamaged("an unseal record has the wrong length", remedy="restore from a backup")
    method, version, spare, memory, iterations, lanes, salt, wrapped = _RECORD.unpack(untrusted)
    if (method, version, spare) != (_PASSPHRASE, _VERSION, 0):
        raise newer_format("unseal record", version)
    cost = Argon2Cost(memory, iterations, lanes)
    if not cost.is_sane():
        raise StoreDamaged(
            "an unseal record asks for an impossible Argon2 cost", remedy="restore from a backup"
        )
    return UnsealRecord(cost, salt, wrapped)


def _context(store_id: str) -> Context:
    return Context("key/root", store_id, "", "passphrase", _VERSION, 0)
