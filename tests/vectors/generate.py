"""Makes ``store.json`` from FORMAT.md alone, with the tests' own sealing, none of the appliance's.

``python -m tests.vectors.generate`` writes the file anew; a test says that it would not change.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tests.crypto import reference

FILE = Path(__file__).parent / "store.json"
STORE, COLLECTION, DOCUMENT, OBJECT = "5a" * 16, "c0" * 16, "d0" * 16, "0b" * 16
PASSPHRASE = "four throw-away test words"
SHARES = (  # SLIP-39, 2 of 3, set 9029: of the bytes `fixed("shared")`
    "endorse crunch academic acid animal blue regular bolt sheriff evil taught paper "
    "episode tracks cowboy enjoy guest cultural slim much august regular prepare costume "
    "lips froth hawk leaves nail flash forward jump harvest",
    "endorse crunch academic agency always perfect venture mule medal evidence threaten "
    "scatter insect spirit pink acquire papa paid wavy intimate puny spill promise thumb "
    "total glasses counter switch shame scared standard ruler prize",
    "endorse crunch academic always artwork diet dance justice enjoy elevator traffic alien "
    "charity again decent slice fraction slow pajamas flavor software together pleasure "
    "pumps element grocery unhappy dragon dish prospect dictate prospect heat",
)
PAIRS = ((SHARES[0], SHARES[1]), (SHARES[2], SHARES[0]))
Vector = dict[str, str | int]


def fixed(name: str, size: int = 32) -> bytes:
    """Bytes that stand for random ones, the same at every run."""
    return hashlib.shake_256(name.encode()).digest(size)


def context(kind: str, collection: str, object: str, version: int, term: int) -> bytes:
    """FORMAT.md, "Context"."""
    encoded = b"appliance/context/v1\x00"
    for text in (kind, STORE, collection, object):
        encoded += b"\x01" + len(text).to_bytes(2, "big") + text.encode()
    for number in (version, term):
        encoded += b"\x02" + number.to_bytes(8, "big")
    return encoded


def derive(key: bytes, purpose: str) -> bytes:
    """FORMAT.md, "Derived keys": one block of HKDF-SHA-512 (RFC 5869), cut to 32 bytes."""
    prk = hmac.new(bytes(64), key, hashlib.sha512).digest()
    return hmac.new(prk, b"appliance/v1/" + purpose.encode() + b"\x01", hashlib.sha512).digest()[
        :32
    ]


def record(key: bytes, plaintext: bytes, ctx: bytes, name: str) -> bytes:
    """FORMAT.md, "Small records"."""
    return b"\x01" + reference.seal(key, plaintext, b"\x01" + ctx, fixed(name, 24))


def sealed_file(key: bytes, kind: str, number: int, plaintext: bytes) -> bytes:
    """FORMAT.md, "Object files": document version 3, term 2, collection key version 1."""
    header = b"APPL\x01" + bytes([number]) + struct.pack(">HIIQ", 0, 2, 1, 3)
    bound = header + context(kind, COLLECTION, OBJECT, 3, 2)
    return header + reference.seal(derive(key, kind), plaintext, bound, fixed(kind, 24))


def keyring_file(root: bytes) -> bytes:
    """FORMAT.md, "Keyring file": generation 4, terms 1 and 2."""
    salt = fixed("argon2 salt", 16)
    kdf = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=64)
    unseal = kdf.derive(PASSPHRASE.encode())
    wrapped = record(unseal, root, context("key/root", "", "passphrase", 1, 0), "root")
    entries = [(1, 1, "kek 1"), (1, 2, "kek 2"), (2, 1, "store key"), (3, 1, "log seed")]
    body = bytes.fromhex(STORE) + struct.pack(">H", len(entries))
    body += b"".join(struct.pack(">BI", role, n) + fixed(name) for role, n, name in entries)
    ctx = context("keyring", "", "keyring", 4, 0)
    sealed = record(derive(root, "keyring"), body, ctx, "keyring")
    content = struct.pack(">4sBBHQ16sI", b"APKR", 1, 1, 0, 4, bytes.fromhex(STORE), len(sealed))
    content += struct.pack(">BBHIII", 1, 1, 0, 64, 1, 1) + salt + wrapped + sealed
    return content + hashlib.sha256(content).digest()


def shared_keyring_file(root: bytes) -> bytes:
    """FORMAT.md, "Keyring file", format 2: a passphrase, and the key shares of `SHARES`."""
    content = keyring_file(root)[:-32]
    head, record_1, body = content[:36], content[36:173], content[173:]
    ctx = context("key/root", "", "shares/2/3/9029", 1, 0)
    slot = struct.pack(">BBBBH", 2, 1, 2, 3, 9029) + record(fixed("shared"), root, ctx, "shared")
    content = head[:4] + b"\x02\x02" + head[6:] + record_1 + slot + body
    return content + hashlib.sha256(content).digest()


def flipped(data: bytes, at: int) -> bytes:
    """One bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def vectors() -> list[Vector]:
    """All of them."""
    return [*_pure(), *_records(), *_objects(), *_keyrings()]


def _pure() -> list[Vector]:
    key = fixed("some key")
    encoded: Vector = {
        "format": "context",
        "expect": "success",
        "kind": "text",
        "store": STORE,
        "collection": COLLECTION,
        "object": OBJECT,
        "version": 3,
        "term": 2,
        "bytes": context("text", COLLECTION, OBJECT, 3, 2).hex(),
    }
    purposes = ("keyring", "catalogue", "blob", "name", "use/audit-seal")
    names = ("a/lease.pdf", "m\u00e4rz.eml/\udcff.txt")
    return [encoded, *(_derived(key, purpose) for purpose in purposes), *map(_name, names)]


def _name(name: str) -> Vector:
    """FORMAT.md, "Catalogue": the key of a name."""
    store_key = fixed("store key")
    data = COLLECTION.encode() + b"\x00" + name.encode("utf-8", "surrogateescape")
    hashed = hmac.new(derive(store_key, "name-key"), data, hashlib.sha256).hexdigest()
    base: Vector = {"format": "name", "expect": "success", "store_key": store_key.hex()}
    return {**base, "collection": COLLECTION, "name": name, "bytes": hashed}


def _derived(key: bytes, purpose: str) -> Vector:
    derived = derive(key, purpose).hex()
    base: Vector = {"format": "derive", "expect": "success", "key": key.hex()}
    return {**base, "purpose": purpose, "bytes": derived}


def _records() -> list[Vector]:
    kek, ctx = fixed("collection key"), context("key/document", COLLECTION, DOCUMENT, 3, 2)
    wrapped = record(kek, fixed("document key"), ctx, "wrap")
    base: Vector = {"format": "record", "key": kek.hex(), "context": ctx.hex()}
    moved = context("key/document", COLLECTION, OBJECT, 3, 2).hex()
    plain = fixed("document key").hex()
    return [
        {**base, "expect": "success", "plaintext": plain, "bytes": wrapped.hex()},
        {**base, "expect": "integrity", "why": "last byte", "bytes": flipped(wrapped, 104).hex()},
        {**base, "expect": "integrity", "why": "commitment", "bytes": flipped(wrapped, 30).hex()},
        {**base, "expect": "integrity", "why": "cut", "bytes": wrapped[:-1].hex()},
        {**base, "expect": "integrity", "why": "moved", "context": moved, "bytes": wrapped.hex()},
        {**base, "expect": "version", "why": "format 2", "bytes": (b"\x02" + wrapped[1:]).hex()},
    ]


def _objects() -> list[Vector]:
    key = fixed("document key")
    found: list[Vector] = []
    for number, kind in enumerate(("blob", "text", "index", "result"), start=1):
        plaintext = f"the {kind} of a document".encode()
        sealed = sealed_file(key, kind, number, plaintext)
        base: Vector = {"format": "object", "kind": kind, "document_key": key.hex()}
        good: Vector = {**base, "plaintext": plaintext.hex(), "bytes": sealed.hex()}
        later = sealed[:4] + b"\x02" + sealed[5:]
        cut = sealed[: 24 + 56 + 15]
        found += [
            {**good, "expect": "success"},
            {**base, "expect": "integrity", "why": "term", "bytes": flipped(sealed, 11).hex()},
            {**base, "expect": "integrity", "why": "salt", "bytes": flipped(sealed, 24).hex()},
            {**base, "expect": "integrity", "why": "cut in the tag", "bytes": cut.hex()},
            {**base, "expect": "version", "why": "format 2", "bytes": later.hex()},
        ]
    return found


def _keyrings() -> list[Vector]:
    whole = keyring_file(fixed("root key"))
    content = bytearray(whole[:-32])
    content[4] = 3
    later = bytes(content) + hashlib.sha256(content).digest()
    base: Vector = {"format": "keyring", "passphrase": PASSPHRASE}
    return [
        {
            **base,
            "expect": "success",
            "store": STORE,
            "term": 2,
            "kek_1": fixed("kek 1").hex(),
            "kek_2": fixed("kek 2").hex(),
            "store_key": fixed("store key").hex(),
            "log_seed": fixed("log seed").hex(),
            "bytes": whole.hex(),
        },
        *_shared(base),
        {**base, "expect": "integrity", "why": "generation", "bytes": flipped(whole, 15).hex()},
        {**base, "expect": "integrity", "why": "cut", "bytes": whole[:-1].hex()},
        {**base, "expect": "version", "why": "format 3", "bytes": later.hex()},
    ]


def _shared(base: Vector) -> list[Vector]:
    """The same keyring, opened by two of three key shares; and by a share too few."""
    whole = shared_keyring_file(fixed("root key")).hex()
    good: Vector = {**base, "passphrase": "", "bytes": whole, "store": STORE, "term": 2}
    for name in ("kek 1", "kek 2", "store key", "log seed"):
        good[name.replace(" ", "_")] = fixed(name).hex()
    return [{**good, "expect": "success", "shares": "\n".join(pair)} for pair in PAIRS]


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", "utf-8")
