"""One-time codes: the vectors of RFC 6238 and RFC 4226, drift, and no code twice."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from appliance.crypto import totp

SECRET = b"12345678901234567890"  # of both RFCs


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_rfc_6238_appendix_b(seconds: int, expected: str) -> None:
    assert totp.code(SECRET, seconds // totp.STEP_SECONDS, digits=8) == expected


def test_rfc_4226_appendix_d() -> None:
    expected = (755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489)
    assert tuple(int(totp.code(SECRET, count)) for count in range(10)) == expected


def test_a_clock_may_be_wrong_by_one_step_and_no_more() -> None:
    now = 1_700_000_000
    step = now // totp.STEP_SECONDS
    taken = [
        by
        for by in range(-3, 4)
        if totp.matching_step(SECRET, totp.code(SECRET, step + by), now, 0) == step + by
    ]
    assert taken == [-1, 0, 1]


def test_a_code_is_taken_once_and_none_before_it() -> None:
    now = 1_700_000_000
    step = now // totp.STEP_SECONDS
    for used, taken in ((step - 1, step), (step, None), (step + 1, None)):
        assert totp.matching_step(SECRET, totp.code(SECRET, step), now, used) == taken


@pytest.mark.parametrize("given", ["", "12345", "1234567", "١٢٣٤٥٦", "\udcff", "      "])
def test_what_is_no_code_is_none(given: str) -> None:
    assert totp.matching_step(SECRET, given, 1_700_000_000, 0) is None


def test_secrets_are_long_enough_and_never_the_same() -> None:
    drawn = {totp.new_secret() for _ in range(50)}
    assert len(drawn) == 50
    assert {len(one) for one in drawn} == {20}


def test_the_address_holds_what_the_program_needs() -> None:
    assert totp.base32(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    parts = urlsplit(totp.address(SECRET, "anna@host", "Appliance 5a5a"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Appliance%205a5a:anna%40host"
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Appliance 5a5a"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
