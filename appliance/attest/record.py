"""The signed record of an attestation, and how anybody checks it.

The signature is Ed25519 (RFC 8032) with the audit log's key over `PURPOSE` and the SHA-256 of the
attestation's one spelling (keys sorted, no white space), so that it can stand for nothing else.
"""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass

from appliance import __version__
from appliance.attest.parts import Seen
from appliance.audit import statement
from appliance.audit.clock import now
from appliance.config import Settings
from appliance.egress.probe import Observation
from appliance.egress.verdict import Item, Verdict, overall
from appliance.errors import AuditError

SCHEMA = 1
PURPOSE = b"appliance attest egress v1\n"
LONGEST = 4 * 1024 * 1024  # bytes of a record


@dataclass(frozen=True, slots=True)
class Attestation:
    """What was found, when and where.  ``release`` is the SHA-256 of the release's manifest."""

    schema: int
    time: str  # RFC 3339, UTC
    boot: str
    version: str
    release: str
    kernel: str
    uid: int
    wall: str
    verdict: Verdict
    items: tuple[Item, ...]
    engine: Observation
    locked: Observation
    control: Observation

    def spelled(self) -> bytes:
        """The one spelling."""
        return statement.spelled(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the spelling, in hexadecimal."""
        return statement.digest(self)

    def counts(self) -> dict[str, int]:
        """Items by verdict."""
        return {name.lower(): sum(item.verdict is name for item in self.items) for name in Verdict}


@dataclass(frozen=True, slots=True)
class Signed:
    """An attestation with its signature; ``public_key`` and ``signature`` in hexadecimal."""

    attestation: Attestation
    digest: str
    public_key: str = ""
    signature: str = ""


def compose(settings: Settings, seen: Seen) -> Attestation:
    """The attestation of what was seen, at this moment."""
    moment = now()
    return Attestation(
        schema=SCHEMA,
        time=moment.time,
        boot=moment.boot,
        version=__version__,
        release=_release(settings),
        kernel=platform.release(),
        uid=os.getuid(),
        wall=seen.engine.wall.value,
        verdict=overall(seen.items),
        items=seen.items,
        engine=seen.engine.seen,
        locked=seen.locked,
        control=seen.engine.control,
    )


def signed(attestation: Attestation, seed: bytes) -> Signed:
    """Sign with the key of this seed."""
    return Signed(attestation, *statement.signature(seed, PURPOSE, attestation))


def check(untrusted_record: bytes, trusted_key: str = "") -> Signed:
    """The record in these bytes, if its signature verifies.

    Args:
        untrusted_record: what `signed` gave, as JSON.
        trusted_key: the log's public key in hexadecimal as written down elsewhere; where it is
            empty, the record's own key only shows that nothing was changed since.

    Raises:
        AuditError: it is no such record, was changed, or was signed with another key.
    """
    refused = AuditError(
        "this is no attestation whose signature verifies",
        remedy="compare the file with the one that the appliance wrote",
    )
    foreign = AuditError(
        "this attestation was signed with another key",
        remedy="compare the key with the one that `appliance attest egress` showed",
    )
    record = statement.opened(untrusted_record, Signed, LONGEST, refused)
    found = record.attestation
    if overall(found.items) != found.verdict:
        raise refused
    statement.verify(found, record, PURPOSE, trusted_key, refused=refused, foreign=foreign)
    return record


def _release(settings: Settings) -> str:
    """Of the manifest that the installer left; empty for a checkout."""
    try:
        return hashlib.sha256((settings.root / "MANIFEST.json").read_bytes()).hexdigest()
    except OSError:
        return ""
