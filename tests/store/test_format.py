"""FORMAT.md's test vectors: what must open opens, what must not is refused for the right reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.crypto import aead
from appliance.crypto.context import Context
from appliance.crypto.keyring import RECORD_FORMAT as RECORD
from appliance.crypto.keyring import Key, derive
from appliance.crypto.unseal import Shares
from appliance.documents import CollectionId
from appliance.errors import SealBroken, StoreDamaged
from appliance.store import keyfile
from appliance.store.seals import ObjectLabel, hashed_name, open_object
from tests.vectors import generate

VECTORS: list[dict[str, str]] = json.loads(generate.FILE.read_text("utf-8"))
FORMAT = Path(keyfile.__file__).parent / "FORMAT.md"


def _context(vector: dict[str, str]) -> str:
    kind, store, collection, object = (
        vector[name] for name in ("kind", "store", "collection", "object")
    )
    version, term = int(vector["version"]), int(vector["term"])
    return Context(kind, store, collection, object, version, term).encode().hex()


def _derived(vector: dict[str, str]) -> str:
    return derive(Key(bytes.fromhex(vector["key"])), vector["purpose"]).material.hex()


def _hashed_name(vector: dict[str, str]) -> str:
    key = derive(Key(bytes.fromhex(vector["store_key"])), "name-key")
    return hashed_name(key, CollectionId(vector["collection"]), vector["name"])


def _record(vector: dict[str, str]) -> str:
    """The vector gives the encoded context, so the record is opened one layer down."""
    sealed, context = bytes.fromhex(vector["bytes"]), bytes.fromhex(vector["context"])
    if sealed[0] != RECORD:
        raise StoreDamaged(f"format {sealed[0]} is not known")
    return aead.open_sealed(bytes.fromhex(vector["key"]), sealed[1:], sealed[:1] + context).hex()


def _object(vector: dict[str, str]) -> str:
    collection = CollectionId(generate.COLLECTION)
    label = ObjectLabel(vector["kind"], generate.STORE, collection, generate.OBJECT, 3, 2, 1)
    key = Key(bytes.fromhex(vector["document_key"]))
    return open_object(key, label, bytes.fromhex(vector["bytes"])).hex()


def _keyring(vector: dict[str, str]) -> dict[str, str | int]:
    shares = tuple(filter(None, vector.get("shares", "").split("\n")))
    secret = Shares(shares) if shares else vector["passphrase"]
    ring = keyfile.decode(bytes.fromhex(vector["bytes"])).unseal(secret)
    return {
        "store": ring.store_id,
        "term": ring.term,
        "kek_1": ring.kek(1).material.hex(),
        "kek_2": ring.kek(2).material.hex(),
        "store_key": ring.store_key.material.hex(),
        "log_seed": ring.log_seed.material.hex(),
    }


OPENERS: dict[str, Callable[[dict[str, str]], object]] = {
    "context": _context,
    "derive": _derived,
    "name": _hashed_name,
    "record": _record,
    "object": _object,
    "keyring": _keyring,
}


def _name(vector: dict[str, str]) -> str:
    parts = (vector.get(key, "") for key in ("format", "kind", "purpose", "expect", "why"))
    return " ".join(part for part in parts if part)


@pytest.mark.parametrize("vector", VECTORS, ids=_name)
def test_vector(vector: dict[str, str]) -> None:
    attempt = OPENERS[vector["format"]]
    if vector["expect"] == "version":
        with pytest.raises(StoreDamaged, match=r"format [23] is not known"):
            attempt(vector)
    elif vector["expect"] == "integrity":
        with pytest.raises(StoreDamaged) as caught:
            attempt(vector)
        assert isinstance(caught.value, SealBroken) or "checksum" in caught.value.message
    else:
        assert vector["expect"] == "success"
        expected = vector.get("plaintext", vector["bytes"])
        found = attempt(vector)
        if isinstance(found, dict):
            assert found == {key: vector[key] for key in found}
        else:
            assert found == expected


def test_the_file_is_what_the_format_says_when_made_afresh() -> None:
    assert json.loads(json.dumps(generate.vectors())) == VECTORS


def test_every_format_has_all_its_outcomes_and_a_section() -> None:
    text = FORMAT.read_text("utf-8")
    for name in ("record", "object", "keyring"):
        outcomes = {vector["expect"] for vector in VECTORS if vector["format"] == name}
        assert outcomes == {"success", "integrity", "version"}
    for heading in ("Context", "Derived keys", "Small records", "Object files", "Keyring file"):
        assert f"\n## {heading}\n" in text
