"""Ed25519: published vectors, and refusal by raising."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.crypto.sign import new_signing_key, public_key, sign, verify
from appliance.errors import AuditError

VECTORS = Path(__file__).parent.parent / "vectors" / "wycheproof" / "ed25519_test.json"


def test_wycheproof() -> None:
    ran = 0
    for group in json.loads(VECTORS.read_text("utf-8"))["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            if case["result"] == "valid":
                verify(public, message, signature)
            else:
                with pytest.raises(AuditError, match="signature"):
                    verify(public, message, signature)
            ran += 1
    assert ran == 151


def test_rfc_8032_test_1() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert (
        public_key(seed).hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert sign(seed, b"").hex().startswith("e5564300c360ac729086e2cc806e828a")


def test_what_is_signed_verifies_and_nothing_else() -> None:
    seed = new_signing_key()
    signature = sign(seed, b"checkpoint")
    verify(public_key(seed), b"checkpoint", signature)
    for public, data, sig in (
        (public_key(seed), b"checkpoinT", signature),
        (public_key(new_signing_key()), b"checkpoint", signature),
        (public_key(seed), b"checkpoint", signature[:-1]),
        (b"no key", b"checkpoint", signature),
    ):
        with pytest.raises(AuditError):
            verify(public, data, sig)
