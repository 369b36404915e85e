"""Statements that are signed to be carried away: one spelling, one digest, one way to check them.

The signature is Ed25519 (RFC 8032) over a purpose and the SHA-256 of the statement's one spelling
(keys sorted, no white space), so that it can stand for nothing else.
"""

from __future__ import annotations

import hashlib
import json
from typing import Protocol, TypeVar

from appliance.crypto import sign
from appliance.errors import AuditError
from appliance.plain import from_plain, to_plain

Noun = TypeVar("Noun")


class Signature(Protocol):
    """What a signed record holds beside its statement, in hexadecimal."""

    @property
    def digest(self) -> str:
        """SHA-256 of the statement's spelling."""

    @property
    def public_key(self) -> str:
        """Whose key it is."""

    @property
    def signature(self) -> str:
        """The signature."""


def spelled(statement: object) -> bytes:
    """The one spelling of a statement."""
    return json.dumps(to_plain(statement), sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(statement: object) -> str:
    """SHA-256 of the spelling, in hexadecimal."""
    return hashlib.sha256(spelled(statement)).hexdigest()


def signature(seed: bytes, purpose: bytes, statement: object) -> tuple[str, str, str]:
    """Digest, public key and signature of a statement, in hexadecimal."""
    found = digest(statement)
    mark = sign.sign(seed, purpose + bytes.fromhex(found))
    return found, sign.public_key(seed).hex(), mark.hex()


def opened(untrusted: bytes, kind: type[Noun], longest: int, refused: AuditError) -> Noun:
    """The record in these bytes; nothing of it is verified yet.

    Raises:
        AuditError: ``refused``: it is none, or larger than ``longest``.
    """
    if len(untrusted) > longest:
        raise refused
    try:
        return from_plain(kind, json.loads(untrusted))
    except (ValueError, TypeError, RecursionError):
        raise refused from None


def verify(
    statement: object,
    record: Signature,
    purpose: bytes,
    trusted_key: str,
    *,
    refused: AuditError,
    foreign: AuditError,
) -> None:
    """Check the signature of a statement.

    Args:
        trusted_key: the public key in hexadecimal as written down elsewhere; where it is empty,
            the record's own key only shows that nothing was changed since.

    Raises:
        AuditError: ``refused``: it was changed; ``foreign``: it was signed with another key.
    """
    try:
        key, mark = bytes.fromhex(record.public_key), bytes.fromhex(record.signature)
        found = digest(statement)
    except (ValueError, TypeError, RecursionError):
        raise refused from None
    if found != record.digest:
        raise refused
    if trusted_key and trusted_key.strip().lower() != record.public_key:
        raise foreign
    sign.verify(key, purpose + bytes.fromhex(found), mark)
