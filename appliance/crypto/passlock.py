"""A small secret under a person's own passphrase: Argon2id (RFC 9106) and the one AEAD.

For what belongs to a person and not to the store: an officer's private key.  It is locked and
unlocked on that person's side; the store keeps the locked bytes and cannot open them.
"""

from __future__ import annotations

import secrets
import struct

from appliance.crypto import aead
from appliance.crypto.context import Context
from appliance.crypto.keyring import newer_format
from appliance.crypto.unseal import DEFAULT_COST, SALT_BYTES, Argon2Cost, stretch
from appliance.errors import SealBroken, UsageError, WrongPassphrase

_FORM = 1
_HEAD = struct.Struct(f">BIII{SALT_BYTES}s")  # form, KiB, iterations, lanes, salt
LONGEST = 4096  # bytes of a locked secret


def lock(secret: bytes, passphrase: str, name: str, cost: Argon2Cost = DEFAULT_COST) -> bytes:
    """Lock a secret, bound to ``name``.

    Raises:
        UsageError: the passphrase is empty.
    """
    if not passphrase:
        raise UsageError("the passphrase is empty", remedy="give one of several words")
    salt = secrets.token_bytes(SALT_BYTES)
    head = _HEAD.pack(_FORM, cost.memory_kib, cost.iterations, cost.lanes, salt)
    key = stretch(passphrase, salt, cost)
    return head + aead.seal(key.material, secret, head + _context(name))


def unlock(untrusted: bytes, passphrase: str, name: str) -> bytes:
    """The secret.

    Raises:
        WrongPassphrase: it does not open with this passphrase, or was changed.
        StoreDamaged: locked by another version of this software.
    """
    if not _HEAD.size < len(untrusted) <= LONGEST:
        raise _wrong()
    head, body = untrusted[: _HEAD.size], untrusted[_HEAD.size :]
    form, memory, iterations, lanes, salt = _HEAD.unpack(head)
    if form != _FORM:
        raise newer_format("locked secret", form)
    cost = Argon2Cost(memory, iterations, lanes)
    if not cost.is_sane():
        raise _wrong()
    try:
        key = stretch(passphrase, salt, cost)
        return aead.open_sealed(key.material, body, head + _context(name))
    except SealBroken:
        raise _wrong() from None


def _context(name: str) -> bytes:
    return Context("passlock", "", "", name, _FORM, 0).encode()


def _wrong() -> WrongPassphrase:
    return WrongPassphrase(
        "the key does not open with this passphrase", remedy="check the passphrase and try again"
    )
