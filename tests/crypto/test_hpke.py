"""HPKE fits a second writing of RFC 9180; nothing opens that was changed, moved or cut."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.crypto import hpke
from appliance.errors import SealBroken


def second_writing(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """What RFC 9180 says of base mode with X25519, HKDF-SHA256 and AES-256-GCM, step by step."""
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    def extract(of: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
        labelled = b"HPKE-v1" + of + label + material
        return hmac.new(salt or bytes(32), labelled, hashlib.sha256).digest()

    def expand(of: bytes, key: bytes, label: bytes, about: bytes, length: int) -> bytes:
        labelled = length.to_bytes(2, "big") + b"HPKE-v1" + of + label + about + b"\x01"
        return hmac.new(key, labelled, hashlib.sha256).digest()[:length]

    own, enc = X25519PrivateKey.from_private_bytes(private), sealed[:32]
    shared = own.exchange(X25519PublicKey.from_public_bytes(enc))
    about = enc + own.public_key().public_bytes_raw()
    eae = extract(kem, b"", b"eae_prk", shared)
    secret = expand(kem, eae, b"shared_secret", about, 32)
    psk_id = extract(suite, b"", b"psk_id_hash", b"")
    info_hash = extract(suite, b"", b"info_hash", info)
    schedule = b"\x00" + psk_id + info_hash
    top = extract(suite, secret, b"secret", b"")
    key = expand(suite, top, b"key", schedule, 32)
    nonce = expand(suite, top, b"base_nonce", schedule, 12)
    return AESGCM(key).decrypt(nonce, sealed[32:], b"")


def test_the_form_is_that_of_the_standard() -> None:
    private = hpke.new_period_key()
    sealed = hpke.seal_to_period(hpke.period_public(private), b"a question", b"record 7")
    assert second_writing(private, sealed, b"record 7") == b"a question"


def test_what_was_sealed_opens_for_its_recipient_only() -> None:
    private = hpke.new_period_key()
    sealed = hpke.seal_to_period(hpke.period_public(private), b"a question", b"record 7")
    assert len(sealed) == len(b"a question") + hpke.OVERHEAD_BYTES
    assert hpke.open_of_period(private, sealed, b"record 7") == b"a question"
    for key, bytes_, info in (
        (hpke.new_period_key(), sealed, b"record 7"),
        (private, sealed, b"record 8"),
        (private, sealed[:-1], b"record 7"),
        (private, b"", b"record 7"),
    ):
        with pytest.raises(SealBroken):
            hpke.open_of_period(key, bytes_, info)


def test_every_flipped_byte_is_noticed() -> None:
    private = hpke.new_period_key()
    sealed = hpke.seal_to_period(hpke.period_public(private), b"q", b"")
    for at in range(len(sealed)):
        broken = bytearray(sealed)
        broken[at] ^= 1
        with pytest.raises(SealBroken):
            hpke.open_of_period(private, bytes(broken), b"")


def test_an_officers_key_is_both_kinds_at_once() -> None:
    private = hpke.new_officer_key()
    public = hpke.officer_public(private)
    assert (len(private), len(public)) == (hpke.OFFICER_PRIVATE_BYTES, hpke.OFFICER_PUBLIC_BYTES)
    sealed = hpke.seal_to_officer(public, b"a period's key", b"period 1")
    assert hpke.open_of_officer(private, sealed, b"period 1") == b"a period's key"
    for key, info in ((private, b"period 2"), (hpke.new_officer_key(), b"period 1")):
        with pytest.raises(SealBroken):
            hpke.open_of_officer(key, sealed, info)
    half = private[:64] + hpke.new_officer_key()[64:]  # one of the two is not enough
    with pytest.raises(SealBroken):
        hpke.open_of_officer(half, sealed, b"period 1")


@pytest.mark.parametrize("public", [b"", b"\x00" * 1215, b"\xff" * 1216])
def test_what_is_no_public_key_is_refused(public: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        hpke.seal_to_officer(public, b"", b"")
