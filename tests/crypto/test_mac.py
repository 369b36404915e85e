"""Keyed hashes: published vectors, and another key gives another hash."""

from __future__ import annotations

import json
from pathlib import Path

from appliance.crypto.keyring import Key, new_key
from appliance.crypto.mac import keyed_hash

VECTORS = Path(__file__).parent.parent / "vectors" / "wycheproof" / "hmac_sha256_test.json"


def test_wycheproof() -> None:
    ran = 0
    for group in json.loads(VECTORS.read_text("utf-8"))["testGroups"]:
        if (group["keySize"], group["tagSize"]) != (256, 256):
            continue  # our keys have 256 bits, our hashes are whole
        for case in group["tests"]:
            found = keyed_hash(Key(bytes.fromhex(case["key"])), bytes.fromhex(case["msg"]))
            assert (found == case["tag"]) == (case["result"] == "valid")
            ran += 1
    assert ran > 50


def test_another_key_gives_another_hash() -> None:
    assert keyed_hash(new_key(), b"same") != keyed_hash(new_key(), b"same")
