"""The signed report of an acceptance, and how anybody checks it.

The signature is Ed25519 (RFC 8032) over `PURPOSE` and the SHA-256 of the report's one spelling
(keys sorted, no white space).  The key is that of the customer's audit log when the store was
opened; the digest is then on record there.  Otherwise it is one made for this report alone: it
shows that nothing was changed since, and whoever stood by can write its public half down.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from enum import StrEnum

from appliance import __version__
from appliance.acceptance.checks import Check, Figure, Verdict, overall
from appliance.audit import statement
from appliance.audit.clock import now
from appliance.crypto import sign
from appliance.errors import AuditError

SCHEMA = 1
PURPOSE = b"appliance accept v1\n"
LONGEST = 1 << 20  # bytes of a record


class KeyOf(StrEnum):
    """Whose key signed."""

    LOG = "the audit log of this store"
    REPORT = "made for this report"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, when and where."""

    schema: int
    time: str  # RFC 3339, UTC
    version: str
    release: str  # version, serial, variant and digest of the manifest; empty for a checkout
    host: str
    kernel: str
    processors: int
    memory_gib: float
    uid: int
    model: str  # name and digest of the language model; empty without an engine
    deep: bool
    verdict: Verdict
    checks: tuple[Check, ...]
    figures: tuple[Figure, ...]
    seconds: float

    def spelled(self) -> bytes:
        """The one spelling."""
        return statement.spelled(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the spelling, in hexadecimal."""
        return statement.digest(self)

    def counts(self) -> dict[str, int]:
        """Checks by verdict."""
        return {
            name.lower().replace(" ", "_"): sum(check.verdict is name for check in self.checks)
            for name in Verdict
        }


@dataclass(frozen=True, slots=True)
class Signed:
    """A report with its signature; ``public_key`` and ``signature`` in hexadecimal."""

    report: Report
    digest: str
    key: KeyOf
    public_key: str
    signature: str


def compose(
    checks: tuple[Check, ...],
    figures: tuple[Figure, ...],
    *,
    release: str,
    model: str,
    deep: bool,
    seconds: float,
) -> Report:
    """The report of what was found, at this moment."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Report(
        schema=SCHEMA,
        time=now().time,
        version=__version__,
        release=release,
        host=platform.node(),
        kernel=platform.release(),
        processors=len(os.sched_getaffinity(0)),
        memory_gib=round(memory, 1),
        uid=os.getuid(),
        model=model,
        deep=deep,
        verdict=overall(checks),
        checks=checks,
        figures=figures,
        seconds=round(seconds, 1),
    )


def signed(report: Report, seed: bytes = b"") -> Signed:
    """Sign with the key of this seed, or with one that is made for it and then forgotten."""
    key = KeyOf.LOG if seed else KeyOf.REPORT
    seed = seed or sign.new_signing_key()
    digest, public_key, mark = statement.signature(seed, PURPOSE, report)
    return Signed(report, digest, key, public_key, mark)


def check(untrusted_record: bytes, trusted_key: str = "") -> Signed:
    """The record in these bytes, if its signature verifies.

    Args:
        untrusted_record: what `signed` gave, as JSON.
        trusted_key: the public key in hexadecimal as written down elsewhere; where it is empty,
            the record's own key only shows that nothing was changed since.

    Raises:
        AuditError: it is no such record, was changed, or was signed with another key.
    """
    refused = AuditError(
        "this is no acceptance report whose signature verifies",
        remedy="compare the file with the one that the appliance wrote",
    )
    foreign = AuditError(
        "this report was signed with another key",
        remedy="compare the key with the one that `appliance accept` showed",
    )
    record = statement.opened(untrusted_record, Signed, LONGEST, refused)
    found = record.report
    if overall(found.checks) != found.verdict:
        raise refused
    statement.verify(found, record, PURPOSE, trusted_key, refused=refused, foreign=foreign)
    return record
