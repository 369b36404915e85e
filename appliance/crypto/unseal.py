"""From a passphrase or from key shares to the root key, and the records that are kept beside it.

One record per way to unseal; each wraps the same root key, so a way can be added or removed
without touching anything below.  A passphrase is stretched by Argon2id (RFC 9106); of key shares
(SLIP-39, see shares.py) so many as were agreed give a random key, which needs no stretching.
"""

from __future__ import annotations

import secrets
import struct
import unicodedata
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from appliance.crypto.aead import KEY_BYTES, OVERHEAD_BYTES
from appliance.crypto.context import Context
from appliance.crypto.keyring import Key, new_key, newer_format, unwrap, wrap
from appliance.crypto.shares import MOST_SHARES, Combined, combine, share, split
from appliance.errors import SealBroken, StoreDamaged, UsageError, WrongPassphrase

SALT_BYTES = 16
_PASSPHRASE, _SHARES, _VERSION = 1, 2, 1
_WRAPPED_BYTES = 1 + OVERHEAD_BYTES + KEY_BYTES
_RECORD = struct.Struct(f">BBHIII{SALT_BYTES}s{_WRAPPED_BYTES}s")
RECORD_BYTES = _RECORD.size
_SHARE_RECORD = struct.Struct(f">BBBBH{_WRAPPED_BYTES}s")
SHARE_RECORD_BYTES = _SHARE_RECORD.size


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


@dataclass(frozen=True, slots=True, repr=False)
class Shares:
    """The key shares that custodians gave, in the order in which they gave them; never shown."""

    words: tuple[str, ...]  # one share each

    def __repr__(self) -> str:
        return f"Shares({len(self.words)} hidden)"


Secret = str | Shares  # what opens a store: a passphrase, or key shares


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


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """The root key wrapped under the key that ``threshold`` of ``of`` key shares give."""

    threshold: int
    of: int
    identifier: int  # of this set of shares, 15 bits; stands in every share, too
    wrapped: bytes

    def encode(self) -> bytes:
        """Fixed length, big endian; see store/FORMAT.md, "Keyring file"."""
        return _SHARE_RECORD.pack(
            _SHARES, _VERSION, self.threshold, self.of, self.identifier, self.wrapped
        )

    def context(self, store_id: str) -> Context:
        """What the wrapped key is bound to: the figures of its set."""
        figures = f"shares/{self.threshold}/{self.of}/{self.identifier}"
        return Context("key/root", store_id, "", figures, _VERSION, 0)


@dataclass(frozen=True, slots=True, repr=False)
class NewShares:
    """A set of shares that was drawn and opens nothing yet; never shown by ``repr``."""

    threshold: int
    identifier: int
    key: Key
    shares: Shares  # all of them

    def __repr__(self) -> str:
        return f"NewShares({self.threshold} of {len(self.shares.words)}, hidden)"


Slot = UnsealRecord | ShareRecord


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


def draw_shares(threshold: int, of: int) -> NewShares:
    """A fresh random key in ``of`` shares, any ``threshold`` of which give it back.

    Raises:
        UsageError: fewer than 2, more than 16, or more needed than there are.
    """
    key = new_key()
    words = split(key.material, threshold, of)
    return NewShares(threshold, combine(words[:threshold]).identifier, key, Shares(words))


def protect_by_shares(root: Key, made: NewShares, store_id: str) -> ShareRecord:
    """Wrap the root key under what the shares give."""
    bare = ShareRecord(made.threshold, len(made.shares.words), made.identifier, b"")
    return replace(bare, wrapped=wrap(made.key, root, bare.context(store_id)))


def check_share(words: str, number: int, set_number: int) -> None:
    """Return only if this share, the ``number``th that is given, is whole and of the set.

    Raises:
        UsageError: it is not whole; what is wrong is named by the position of the word.
        WrongPassphrase: it is of another set.
    """
    if share(words, number).identifier != set_number:
        raise _other_set()


def unprotect_by_shares(record: ShareRecord, shares: Shares, store_id: str) -> Key:
    """The root key.

    Raises:
        UsageError: a share is not whole; it is named by its number.
        WrongPassphrase: too few, of different sets, or not of the set that opens this store.
    """
    found = combine(shares.words)
    if not _is_of(record, found):
        raise _other_set()
    try:
        return unwrap(Key(found.secret), record.wrapped, record.context(store_id))
    except (SealBroken, ValueError):
        raise _other_set() from None


def _is_of(record: ShareRecord, found: Combined) -> bool:
    return (record.identifier, record.threshold) == (found.identifier, found.threshold)


def _other_set() -> WrongPassphrase:
    return WrongPassphrase(
        "these key shares are not of the set that opens this store",
        remedy="`appliance key status` gives the number of the set; it stands on every share sheet",
    )


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


def decode_share_record(untrusted: bytes) -> ShareRecord:
    """Read one record of key shares.

    Raises:
        StoreDamaged: wrong length, unknown method or version, or impossible figures.
    """
    if len(untrusted) != SHARE_RECORD_BYTES:
        raise StoreDamaged("an unseal record has the wrong length", remedy="restore from a backup")
    method, version, threshold, of, identifier, wrapped = _SHARE_RECORD.unpack(untrusted)
    if (method, version) != (_SHARES, _VERSION):
        raise newer_format("unseal record", version)
    if not 2 <= threshold <= of <= MOST_SHARES:
        raise StoreDamaged("impossible key shares are asked for", remedy="restore from a backup")
    return ShareRecord(threshold, of, identifier, wrapped)


def decode_slots(untrusted: bytes, count: int) -> tuple[tuple[Slot, ...], int]:
    """The first ``count`` unseal records, and how many bytes they take.

    Raises:
        StoreDamaged: cut, of an unknown method or version, or two of one method.
    """
    slots: list[Slot] = []
    at = 0
    for _ in range(count):
        if untrusted[at : at + 1] == bytes([_SHARES]):
            slots.append(decode_share_record(untrusted[at : at + SHARE_RECORD_BYTES]))
            at += SHARE_RECORD_BYTES
        else:
            slots.append(decode_record(untrusted[at : at + RECORD_BYTES]))
            at += RECORD_BYTES
    if len({type(slot) for slot in slots}) != count:
        raise StoreDamaged("two unseal records of one method", remedy="restore from a backup")
    return tuple(slots), at


def _context(store_id: str) -> Context:
    return Context("key/root", store_id, "", "passphrase", _VERSION, 0)
