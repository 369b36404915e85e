"""Keys, the small sealed records that carry them, and the keyring that holds the topmost ones.

Every key is 32 random bytes or the output of a derivation.  Keys are wrapped by the same AEAD as
everything else, bound to a context, so that a wrapped key cannot be moved to another document.

unseal key -> root key -> key-encryption keys (terms) -> collection key (version) -> document key
(version) -> purpose keys.  The keyring is what the root key opens: the numbered key-encryption
keys (the newest wraps, older ones still open), the store key from which store-wide purposes are
derived (catalogue, audit, cache salt, ...) and the seed of the key that signs the audit log.  The
store key stays when a term is added.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.crypto import aead
from appliance.crypto.context import Context
from appliance.errors import SealBroken, StoreDamaged

RECORD_FORMAT = 1  # first byte of every small sealed record
_LABEL = "appliance/v1/"
_KEK, _STORE, _LOG_SEED = 1, 2, 3  # roles of the entries
_ENTRY = struct.Struct(">BI32s")  # role, term, key
_HEAD = struct.Struct(">16sH")  # store id, number of entries


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Key:
    """32 secret bytes. Neither ``repr`` nor ``str`` nor pickle ever shows them."""

    material: bytes

    def __post_init__(self) -> None:
        if len(self.material) != aead.KEY_BYTES:
            raise ValueError(f"a key has {aead.KEY_BYTES} bytes, not {len(self.material)}")

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and hmac.compare_digest(self.material, other.material)

    def __hash__(self) -> int:
        return hash(self.material)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is never serialised; wrap it")


def new_key() -> Key:
    """A key from the operating system's random numbers."""
    return Key(secrets.token_bytes(aead.KEY_BYTES))


def derive(key: Key, purpose: str) -> Key:
    """The key for one purpose: HKDF-SHA-512 (RFC 5869), 256 bits, info ``appliance/v1/<purpose>``.

    Different purposes give independent keys; the parent cannot be computed from them.
    """
    info = (_LABEL + purpose).encode("utf-8")
    return Key(
        HKDF(hashes.SHA512(), length=aead.KEY_BYTES, salt=None, info=info).derive(key.material)
    )


def join(keys: Sequence[Key]) -> Key:
    """The key that takes all of ``keys``, in their order: HKDF-SHA-512 as `derive`, info
    ``appliance/v1/joint``, over the keys one after the other.

    Raises:
        ValueError: there is none.
    """
    if not keys:
        raise ValueError("a joint key needs keys")
    material = b"".join(key.material for key in keys)
    info = (_LABEL + "joint").encode("utf-8")
    return Key(HKDF(hashes.SHA512(), length=aead.KEY_BYTES, salt=None, info=info).derive(material))


def seal_record(key: Key, plaintext: bytes, context: Context) -> bytes:
    """Seal a small record: a format byte, then the AEAD's output; the byte is bound as well."""
    prefix = bytes([RECORD_FORMAT])
    return prefix + aead.seal(key.material, plaintext, prefix + context.encode())


def open_record(key: Key, sealed: bytes, context: Context) -> bytes:
    """Open what ``seal_record`` made.

    Raises:
        SealBroken: changed, moved or cut.
        StoreDamaged: the format byte is of another version of this software.
    """
    if sealed and sealed[0] != RECORD_FORMAT:
        raise newer_format("sealed record", sealed[0])
    prefix, body = sealed[:1], sealed[1:]
    return aead.open_sealed(key.material, body, prefix + context.encode())


def wrap(kek: Key, key: Key, context: Context) -> bytes:
    """Seal ``key`` under ``kek``: 105 bytes."""
    return seal_record(kek, key.material, context)


def unwrap(kek: Key, wrapped: bytes, context: Context) -> Key:
    """The key inside ``wrapped``.

    Raises:
        SealBroken: changed or moved, wrapped under another key, or not a key.
    """
    material = open_record(kek, wrapped, context)
    if len(material) != aead.KEY_BYTES:
        raise SealBroken("a wrapped key has the wrong length", remedy="restore from a backup")
    return Key(material)


def newer_format(what: str, found: int) -> StoreDamaged:
    """The error for a format number that this software does not know."""
    return StoreDamaged(
        f"{what}: format {found} is not known to this version of the appliance",
        remedy="open the store with the version that wrote it",
    )


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one store while it is unsealed."""

    store_id: str  # 32 hex digits
    terms: tuple[tuple[int, Key], ...]  # (number, key-encryption key), ascending
    store_key: Key
    log_seed: Key  # seed of the Ed25519 key that signs the audit log

    @staticmethod
    def create() -> Keyring:
        """A fresh keyring with term 1."""
        return Keyring(secrets.token_hex(16), ((1, new_key()),), new_key(), new_key())

    @property
    def term(self) -> int:
        """The term in force: what is sealed now is sealed under it."""
        return self.terms[-1][0]

    def kek(self, term: int) -> Key:
        """The key-encryption key of one term.

        Raises:
            StoreDamaged: a record names a term that this keyring does not hold.
        """
        for number, key in self.terms:
            if number == term:
                return key
        raise StoreDamaged(
            f"the keyring holds no term {term}", remedy="restore keyring.sealed from a backup"
        )

    def with_new_term(self) -> Keyring:
        """The same keyring with one more key-encryption key, now in force."""
        return replace(self, terms=(*self.terms, (self.term + 1, new_key())))

    def seal(self, root: Key, generation: int) -> bytes:
        """The keyring as one sealed record; ``generation`` counts its rewritings."""
        entries = [(_KEK, number, key) for number, key in self.terms]
        entries += [(_STORE, 1, self.store_key), (_LOG_SEED, 1, self.log_seed)]
        body = _HEAD.pack(bytes.fromhex(self.store_id), len(entries)) + b"".join(
            _ENTRY.pack(role, number, key.material) for role, number, key in entries
        )
        return seal_record(derive(root, "keyring"), body, _context(self.store_id, generation))


def open_keyring(root: Key, sealed: bytes, store_id: str, generation: int) -> Keyring:
    """Open what ``Keyring.seal`` made.

    Raises:
        SealBroken: changed, or of another store or generation.
        StoreDamaged: sealed correctly, but its entries make no keyring.
    """
    body = open_record(derive(root, "keyring"), sealed, _context(store_id, generation))
    entries = _entries(body, store_id)
    terms = tuple((number, key) for role, number, key in entries if role == _KEK)
    stores = [key for role, _, key in entries if role == _STORE]
    seeds = [key for role, _, key in entries if role == _LOG_SEED]
    ascending = [number for number, _ in terms]
    if not terms or ascending != sorted(set(ascending)) or len(stores) != 1 or len(seeds) != 1:
        raise _odd()
    return Keyring(store_id, terms, stores[0], seeds[0])


def _entries(body: bytes, store_id: str) -> list[tuple[int, int, Key]]:
    if len(body) < _HEAD.size:
        raise _odd()
    named, count = _HEAD.unpack_from(body)
    if named.hex() != store_id or len(body) != _HEAD.size + count * _ENTRY.size:
        raise _odd()
    rows = _ENTRY.iter_unpack(body[_HEAD.size :])
    return [(role, number, Key(material)) for role, number, material in rows]


def _context(store_id: str, generation: int) -> Context:
    return Context("keyring", store_id, "", "keyring", generation, 0)


def _odd() -> StoreDamaged:
    return StoreDamaged(
        "the keyring opens but its entries are not known to this version of the appliance",
        remedy="open the store with the version that wrote it",
    )
