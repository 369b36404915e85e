"""Checkpoints: the log's size and root, signed with the log key.

The format is C2SP's tlog-checkpoint inside a signed-note, so that anybody's tools can read it::

    appliance.local/<store id>
    <size, decimal>
    <root, base64>

    — appliance.local/<store id> <base64 of key id and Ed25519 signature>

Signatures by other names (witnesses) may follow; they are left alone here.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from appliance.crypto import sign
from appliance.errors import AuditError

ORIGIN = "appliance.local/"
LARGEST_NOTE = 1_000_000  # bytes, the bound C2SP signed-note recommends
_ED25519 = b"\x01"  # signature type of signed-note
_BODY = re.compile(r"([^\x00-\x20+]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile(r"\u2014 ([^\x00-\x20+]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the log key vouches for: the first ``size`` records have this Merkle root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> bytes:
        """The signed text."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n".encode()


def origin_of(store_id: str) -> str:
    """The name of one store's log."""
    return ORIGIN + store_id


def write_note(checkpoint: Checkpoint, seed: bytes) -> bytes:
    """The signed note, as it stands in the file."""
    return signed_note(checkpoint.body().decode(), checkpoint.origin, seed)


def read_note(untrusted_note: bytes, public_key: bytes) -> Checkpoint:
    """The checkpoint inside a note whose signature verifies under ``public_key``.

    Raises:
        AuditError: not a checkpoint, or not signed by this key.
    """
    body, signatures = _parted(untrusted_note)
    fields = _BODY.fullmatch(body)
    if not fields:
        raise AuditError("the checkpoint does not have the form of one")
    checkpoint = Checkpoint(fields[1], int(fields[2]), base64.b64decode(fields[3]))
    if checkpoint.body() != body.encode():
        raise AuditError("the checkpoint is not in its one spelling")
    _check(signatures, checkpoint.origin, body.encode(), public_key)
    return checkpoint


def signed_note(body: str, name: str, seed: bytes) -> bytes:
    """A signed note: a text that ends in a newline, and its signature under a key's name."""
    text = body.encode()
    signature = key_id(name, sign.public_key(seed)) + sign.sign(seed, text)
    return text + b"\n" + f"\u2014 {name} {_base64(signature)}\n".encode()


def opened_note(untrusted_note: bytes, name: str, public_key: bytes) -> str:
    """The text of a note that ``public_key`` signed under this name.

    Raises:
        AuditError: not a note, or not signed by this key.
    """
    body, signatures = _parted(untrusted_note)
    _check(signatures, name, body.encode(), public_key)
    return body


def key_id(name: str, public_key: bytes) -> bytes:
    """The four bytes by which a signed note points to a key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def verifier_key(origin: str, public_key: bytes) -> str:
    """The public key in the notation that signed-note tools take: name+id+key."""
    return f"{origin}+{key_id(origin, public_key).hex()}+{_base64(_ED25519 + public_key)}"


def read_verifier_key(untrusted_key: str) -> tuple[str, bytes]:
    """Name and 32-byte public key out of name+id+key.

    Raises:
        AuditError: it does not have this form, or the id is of another key.
    """
    name, _, rest = untrusted_key.strip().partition("+")
    given, _, spelled = rest.partition("+")
    try:
        material = base64.b64decode(spelled, validate=True)
    except ValueError:
        material = b""
    right = len(material) == 33 and material[:1] == _ED25519
    if not right or key_id(name, material[1:]).hex() != given:
        raise AuditError("this is not the key of a log", remedy="it has the form name+id+key")
    return name, material[1:]


def _parted(untrusted_note: bytes) -> tuple[str, str]:
    """The text and the signatures of a note."""
    if len(untrusted_note) > LARGEST_NOTE:
        raise AuditError("the note is too long")
    try:
        body, separator, signatures = untrusted_note.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        raise AuditError("the note is not text") from None
    if not separator or not signatures.endswith("\n"):
        raise AuditError("the note does not have the form of one")
    return body + "\n", signatures


def _check(signatures: str, name: str, body: bytes, public_key: bytes) -> None:
    wanted = key_id(name, public_key)
    found = False
    for line in signatures.removesuffix("\n").split("\n"):
        fields = _SIGNATURE.fullmatch(line)
        if not fields:
            raise AuditError("the note has a line that is no signature")
        try:
            signature = base64.b64decode(fields[2], validate=True)
        except binascii.Error:
            raise AuditError("the note has a line that is no signature") from None
        if fields[1] == name and signature[:4] == wanted:
            if _base64(signature) != fields[2]:
                raise AuditError("the note's signature is not in its one spelling")
            sign.verify(public_key, body, signature[4:])
            found = True
    if not found:
        raise AuditError(
            "the note is not signed by this key",
            remedy="compare the public key with the one written down at installation",
        )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
