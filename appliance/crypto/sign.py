"""Ed25519 signatures (RFC 8032) for the audit log's checkpoints."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance.errors import AuditError

SEED_BYTES = 32


def new_signing_key() -> bytes:
    """A fresh 32-byte seed; everything else follows from it."""
    return secrets.token_bytes(SEED_BYTES)


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, data: bytes) -> bytes:
    """The 64-byte signature of ``data``; the same input gives the same signature."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(data)


def verify(public: bytes, data: bytes, signature: bytes) -> None:
    """Return only if ``signature`` is of ``data`` under ``public``.

    Raises:
        AuditError: it is not, or the public key is none.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        raise AuditError(
            "a signature does not verify under this public key",
            remedy="compare the public key with the one written down at installation",
        ) from None
