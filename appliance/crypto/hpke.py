"""Sealing to somebody's public key: HPKE in base mode (RFC 9180), by two suites.

A *period* of the audit log has an X25519 pair: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
AES-256-GCM.  An *officer* has a pair of ML-KEM-768 and X25519 together (MLKEM768-X25519 of
draft-ietf-hpke-pq), since what is sealed to an officer has to last as long as the log is kept,
and a reader of then may have a quantum computer.

Keys are raw bytes.  X25519: 32 and 32.  Officer: private 96 (ML-KEM seed, X25519 key), public
1,216 (ML-KEM encapsulation key, X25519 key).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from appliance.errors import SealBroken

OVERHEAD_BYTES = 48  # of what is sealed to a period: encapsulated key and tag
OFFICER_PRIVATE_BYTES, OFFICER_PUBLIC_BYTES = 96, 1216
_SEED, _POINT = 64, 32

_PERIOD = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_OFFICER = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def new_period_key() -> bytes:
    """A fresh private key of a period."""
    return X25519PrivateKey.generate().private_bytes_raw()


def period_public(private: bytes) -> bytes:
    """The public key of a period's private key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal_to_period(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal to a period's public key, bound to ``info``; takes about 0.14 ms."""
    return _PERIOD.encrypt(plaintext, X25519PublicKey.from_public_bytes(public), info)


def open_of_period(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """Open what `seal_to_period` made.

    Raises:
        SealBroken: changed, moved, or sealed to another key.
    """
    try:
        return _PERIOD.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError):
        raise _broken() from None


def new_officer_key() -> bytes:
    """A fresh private key of an officer."""
    kem, point = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    return kem.private_bytes_raw() + point.private_bytes_raw()


def officer_public(private: bytes) -> bytes:
    """The public key of an officer's private key."""
    kem, point = _parts(private)
    return kem.public_key().public_bytes_raw() + point.public_key().public_bytes_raw()


def seal_to_officer(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal to an officer's public key, bound to ``info``.

    Raises:
        ValueError: the public key is none.
    """
    if len(public) != OFFICER_PUBLIC_BYTES:
        raise ValueError(f"an officer's public key has {OFFICER_PUBLIC_BYTES} bytes")
    kem = MLKEM768PublicKey.from_public_bytes(public[:-_POINT])
    point = X25519PublicKey.from_public_bytes(public[-_POINT:])
    return _OFFICER.encrypt(plaintext, MLKEM768X25519PublicKey(kem, point), info)


def open_of_officer(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """Open what `seal_to_officer` made.

    Raises:
        SealBroken: changed, moved, or sealed to another key.
    """
    try:
        return _OFFICER.decrypt(sealed, MLKEM768X25519PrivateKey(*_parts(private)), info)
    except (InvalidTag, ValueError):
        raise _broken() from None


def _parts(private: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    kem = MLKEM768PrivateKey.from_seed_bytes(private[:_SEED])
    return kem, X25519PrivateKey.from_private_bytes(private[_SEED:])


def _broken() -> SealBroken:
    return SealBroken(
        "what was sealed to a public key does not open with this private key",
        remedy="use the key it was sealed to; if it is the one, restore from a backup",
    )
