"""The signed report: what was changed is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from appliance.acceptance.checks import Verdict
from appliance.acceptance.record import KeyOf, Signed, check, signed
from appliance.attest import record as attest_record
from appliance.crypto import sign
from appliance.errors import AuditError
from appliance.plain import to_plain
from tests.acceptance.reports import report

SEED = bytes(range(32))


def spelled(found: Signed) -> bytes:
    return json.dumps(to_plain(found)).encode()


def test_a_report_is_checked_with_the_key_that_was_written_down() -> None:
    found = signed(report(), SEED)
    assert check(spelled(found), sign.public_key(SEED).hex().upper()) == found
    assert (found.key, found.report.verdict) == (KeyOf.LOG, Verdict.PASS)
    with pytest.raises(AuditError, match="another key"):
        check(spelled(found), "00")


def test_without_a_store_a_key_is_made_and_forgotten() -> None:
    first, second = signed(report()), signed(report())
    assert first.key is KeyOf.REPORT
    assert first.public_key != second.public_key
    assert check(spelled(first)).public_key == first.public_key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"found words "', '"found w0rds "'),
        ('"PASS"', '"NOT RUN"'),
        ("97.5", "98.5"),
        ('"signature": "', '"signature": "00'),
        ('"deep": true', '"deep": false'),
    ],
)
def test_what_was_changed_is_refused(old: str, new: str) -> None:
    record = spelled(signed(report(), SEED)).decode()
    assert old in record
    with pytest.raises(AuditError):
        check(record.replace(old, new, 1).encode())


@pytest.mark.parametrize("record", [b"", b"{}", b"[" * 100_000, b" " * (2 << 20)])
def test_what_is_no_report_is_refused(record: bytes) -> None:
    with pytest.raises(AuditError):
        check(record)


def test_a_verdict_that_its_checks_do_not_bear_is_refused_even_if_signed() -> None:
    failing = replace(report(), checks=(replace(report().checks[0], verdict=Verdict.FAIL),))
    with pytest.raises(AuditError):
        check(spelled(signed(failing, SEED)))


def test_a_signature_of_an_attestation_stands_for_no_report() -> None:
    found = signed(report(), SEED)
    mark = sign.sign(SEED, attest_record.PURPOSE + bytes.fromhex(found.digest))
    with pytest.raises(AuditError):
        check(spelled(replace(found, signature=mark.hex())))
