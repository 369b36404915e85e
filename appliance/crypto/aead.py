"""The one sealed format: C2SP chunked-encryption with AES-256-GCM and SHA-512 (Cobblestone-256).

``salt(24) || commitment(32) || chunk 0 || chunk 1 || ...``; every chunk holds 16 KiB of plaintext
and a 16-byte tag, except the last, which is always shorter, so a cut message never has a valid
length.  The key of one message, its base nonce and the commitment come from HKDF-Expand over the
input key, the salt and the context: a message opens under one key and one context only.

Source: https://c2sp.org/chunked-encryption (checked with Wycheproof's vectors for it).
"""

from __future__ import annotations

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from appliance.errors import SealBroken

KEY_BYTES = 32
SALT_BYTES = 24
HEADER_BYTES = SALT_BYTES + 32  # salt and commitment
CHUNK_BYTES = 16 * 1024
TAG_BYTES = 16
OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES  # of a message shorter than one chunk
_MOST_CHUNKS = 1 << 38
_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


def seal(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Encrypt and authenticate ``plaintext`` under a 32-byte key, bound to ``context``.

    The salt is fresh, so sealing the same bytes twice gives unrelated results.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    cipher, nonce, commitment = _message_keys(key, salt, context)
    chunks = len(plaintext) // CHUNK_BYTES + 1
    sealed = bytearray(HEADER_BYTES + len(plaintext) + chunks * TAG_BYTES)
    sealed[:HEADER_BYTES] = salt + commitment
    source, target, at = memoryview(plaintext), memoryview(sealed), HEADER_BYTES
    for number in range(chunks):
        chunk = source[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
        end = at + len(chunk) + TAG_BYTES
        cipher.encrypt_into(_nonce(nonce, number), chunk, None, target[at:end])
        at = end
    return bytes(sealed)


def open_sealed(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return what was sealed; nothing of it is released unless all of it verifies.

    Raises:
        SealBroken: changed, cut, extended, moved, or sealed under another key or context.
        ValueError: the key is not 32 bytes long.
    """
    body = len(sealed) - HEADER_BYTES
    full, rest = divmod(body, CHUNK_BYTES + TAG_BYTES)
    if body < 0 or rest < TAG_BYTES or full >= _MOST_CHUNKS:
        raise _broken()
    cipher, nonce, commitment = _message_keys(key, sealed[:SALT_BYTES], context)
    if not hmac.compare_digest(commitment, sealed[SALT_BYTES:HEADER_BYTES]):
        raise _broken()
    plaintext = bytearray(full * CHUNK_BYTES + rest - TAG_BYTES)
    source, target, at = memoryview(sealed), memoryview(plaintext), HEADER_BYTES
    for number in range(full + 1):
        chunk = source[at : at + CHUNK_BYTES + TAG_BYTES]
        start = number * CHUNK_BYTES
        into = target[start : start + len(chunk) - TAG_BYTES]
        try:
            cipher.decrypt_into(_nonce(nonce, number), chunk, None, into)
        except InvalidTag:
            raise _broken() from None
        at += len(chunk)
    return bytes(plaintext)


def _message_keys(key: bytes, salt: bytes, context: bytes) -> tuple[AESGCM, int, bytes]:
    """The cipher, the base nonce and the commitment of one message."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a sealing key has {KEY_BYTES} bytes, not {len(key)}")
    expand = HKDFExpand(hashes.SHA512(), length=32 + 12 + 32, info=_LABEL + salt + context)
    derived = expand.derive(key)
    return AESGCM(derived[:32]), int.from_bytes(derived[32:44], "big"), derived[44:]


def _nonce(base: int, number: int) -> bytes:
    return (base ^ number).to_bytes(12, "big")


def _broken() -> SealBroken:
    return SealBroken(
        "a sealed record did not open: it was changed, moved or cut",
        remedy="restore the store from a backup",
    )
