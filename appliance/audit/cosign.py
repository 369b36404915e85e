"""What goes to a witness and what comes back, in the forms of C2SP tlog-witness and -cosignature.

To the witness goes the size it saw last, the proof that the log has only grown since, and the
signed checkpoint.  Back comes one line: the witness's Ed25519 signature over the time and the
checkpoint's body.  Whoever holds the log key can rewrite the log; not what a witness has seen.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from appliance.audit.checkpoint import LARGEST_NOTE, Checkpoint
from appliance.crypto import sign
from appliance.errors import AuditError

_COSIGNATURE = b"\x04"  # signature type: Ed25519 over a time and a checkpoint
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_LINE = re.compile(r"\u2014 ([^\x00-\x20+]+) ([A-Za-z0-9+/]+={0,2})\n")
_CODE_BYTES = 10  # of a paper code: 80 bits, 16 letters


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """Who a witness is: a name, and an Ed25519 public key that no log and no other witness has."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand before its signatures."""
        return sha256(self.name.encode() + b"\n" + _COSIGNATURE + self.public).digest()[:4]

    def spelled(self) -> str:
        """In the notation of signed-note: name+id+key."""
        key = base64.b64encode(_COSIGNATURE + self.public).decode("ascii")
        return f"{self.name}+{self.id.hex()}+{key}"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's word: at this moment the log had this checkpoint, grown from all before."""

    witness: WitnessKey
    checkpoint: Checkpoint
    seconds: int  # since 1970, UTC, by the witness's clock
    line: str

    @property
    def time(self) -> str:
        """RFC 3339, UTC, whole seconds."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def request(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """What a witness is asked (tlog-witness, "add-checkpoint")."""
    lines = "".join(f"{base64.b64encode(step).decode('ascii')}\n" for step in proof)
    return f"old {old}\n{lines}\n".encode() + note


def read_key(untrusted: str) -> WitnessKey:
    """A witness's key as it was written down.

    Raises:
        AuditError: it is none.
    """
    name, _, rest = untrusted.strip().partition("+")
    given, _, key = rest.partition("+")
    try:
        material = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        material = b""
    found = WitnessKey(name, material[1:])
    form = len(material) == 1 + 32 and material[:1] == _COSIGNATURE and _NAME.fullmatch(name)
    if not form or found.id.hex() != given:
        raise AuditError(
            "this is not the key of a witness", remedy="take the line that `witness.py` shows"
        )
    return found


def check_name(name: str) -> str:
    """The name of a witness, which is part of file names and of signatures.

    Raises:
        AuditError: it has other characters than small letters, digits, dots and dashes.
    """
    if not _NAME.fullmatch(name):
        raise AuditError("a witness's name has at most 40 small letters, digits, dots or dashes")
    return name


def read_cosignature(untrusted: bytes, checkpoint: Checkpoint, key: WitnessKey) -> Cosigned:
    """The witness's signature over a checkpoint, out of the lines that came back.

    Raises:
        AuditError: there is none by this witness, or it does not verify.
    """
    if len(untrusted) > LARGEST_NOTE:
        raise AuditError("the cosignature is too long")
    for line in untrusted.decode("utf-8", "replace").splitlines(keepends=True):
        fields = _LINE.fullmatch(line)
        if fields and fields[1] == key.name:
            return _checked(line, fields[2], checkpoint, key)
    raise AuditError("there is no signature by this witness")


def paper_code(checkpoint: Checkpoint) -> str:
    """Sixteen letters and digits for a sheet of paper: 80 bits over origin, size and root."""
    digest = sha256(checkpoint.body()).digest()[:_CODE_BYTES]
    letters = base64.b32encode(digest).decode("ascii")
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _checked(line: str, spelled: str, checkpoint: Checkpoint, key: WitnessKey) -> Cosigned:
    try:
        blob = base64.b64decode(spelled, validate=True)
    except binascii.Error:
        blob = b""
    if len(blob) != 4 + 8 + 64 or blob[:4] != key.id:
        raise AuditError("the cosignature is not by the key that this witness had before")
    seconds = int.from_bytes(blob[4:12], "big")
    if seconds >= 1 << 33:
        raise AuditError("the cosignature's time is far in the future")
    message = f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint.body()
    sign.verify(key.public, message, blob[12:])
    return Cosigned(key, checkpoint, seconds, line)
