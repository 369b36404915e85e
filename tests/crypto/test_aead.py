"""The sealed format: published vectors, a second implementation, every truncation, every byte."""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto import aead
from appliance.errors import SealBroken
from tests.crypto import reference

WYCHEPROOF = Path(__file__).parent.parent / "vectors" / "wycheproof"
KEY = bytes(range(32))


def _cases() -> list[dict[str, str]]:
    file = WYCHEPROOF / "c2sp_chunked_encryption_aes_256_gcm_test.json"
    (group,) = json.loads(file.read_text("utf-8"))["testGroups"]
    assert (group["aead"], group["sha"]) == ("AEAD_AES_256_GCM", "SHA-512")
    return list(group["tests"])


@pytest.mark.parametrize("case", _cases(), ids=lambda case: str(case["comment"]))
def test_wycheproof(case: dict[str, str]) -> None:
    key, context = bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"])
    sealed = zlib.decompress(bytes.fromhex(case["ct"]))
    if "InvalidKeySize" in case["flags"]:
        with pytest.raises(ValueError, match="32 bytes"):
            aead.open_sealed(key, sealed, context)
    elif case["result"] == "valid":
        message = aead.open_sealed(key, sealed, context)
        assert hashlib.sha512(message).hexdigest() == case["msgSha512"]
        assert len(message) == int(case["msgLength"])
        assert aead.open_sealed(key, aead.seal(key, message, context), context) == message
    else:
        assert case["result"] == "invalid"
        with pytest.raises(SealBroken):
            aead.open_sealed(key, sealed, context)


def test_all_of_wycheproofs_cases_ran() -> None:
    assert len(_cases()) == 35


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 32767, 32768, 40000])
def test_round_trip_and_length_at_chunk_edges(size: int) -> None:
    message = secrets.token_bytes(size)
    sealed = aead.seal(KEY, message, b"context")
    assert len(sealed) == 56 + size + 16 * (size // 16384 + 1)
    assert aead.open_sealed(KEY, sealed, b"context") == message


def test_sealing_twice_shares_nothing() -> None:
    first, second = (aead.seal(KEY, b"same words", b"") for _ in range(2))
    assert first[:24] != second[:24]
    assert first[56:] != second[56:]


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        aead.seal(KEY[:31], b"", b"")


def _three_chunks() -> bytes:
    return aead.seal(KEY, secrets.token_bytes(2 * 16384 + 150), b"context")


def test_every_truncation_of_a_three_chunk_object_is_rejected() -> None:
    sealed = _three_chunks()
    rejected = 0
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            aead.open_sealed(KEY, sealed[:length], b"context")
        rejected += 1
    assert rejected == len(sealed)


def test_every_flipped_byte_of_a_three_chunk_object_is_rejected() -> None:
    sealed = bytearray(_three_chunks())
    rejected = 0
    for at in range(len(sealed)):
        sealed[at] ^= 1 << at % 8
        with pytest.raises(SealBroken):
            aead.open_sealed(KEY, bytes(sealed), b"context")
        sealed[at] ^= 1 << at % 8
        rejected += 1
    assert rejected == len(sealed)
    aead.open_sealed(KEY, bytes(sealed), b"context")


SIZES = st.one_of(st.integers(0, 600), st.integers(16380, 16390), st.integers(32760, 32790))


@settings(max_examples=150, deadline=None)
@given(key=st.binary(min_size=32, max_size=32), size=SIZES, context=st.binary(max_size=200))
def test_a_second_implementation_opens_what_we_seal(key: bytes, size: int, context: bytes) -> None:
    message = hashlib.shake_128(key).digest(size)
    sealed = aead.seal(key, message, context)
    assert reference.open_sealed(key, sealed, context) == message
    assert reference.seal(key, message, context, sealed[:24]) == sealed


@settings(max_examples=150, deadline=None)
@given(
    key=st.binary(min_size=32, max_size=32), size=SIZES, salt=st.binary(min_size=24, max_size=24)
)
def test_we_open_what_a_second_implementation_seals(key: bytes, size: int, salt: bytes) -> None:
    message = hashlib.shake_128(salt).digest(size)
    sealed = reference.seal(key, message, b"context", salt)
    assert aead.open_sealed(key, sealed, b"context") == message
    with pytest.raises(SealBroken):
        aead.open_sealed(key, sealed, b"another context")
