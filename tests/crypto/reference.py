"""A second C2SP chunked-encryption, written from the specification for the tests only.

It shares no primitive with the appliance beyond single AES blocks: counter mode and GHASH are
spelled out (NIST SP 800-38D), HKDF-Expand is the standard library's HMAC (RFC 5869).  Slow, and
not constant-time.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
CHUNK = 16384


class NotAuthentic(Exception):
    """The reference implementation refuses this message."""


def seal(key: bytes, plaintext: bytes, context: bytes, salt: bytes) -> bytes:
    """Seal with a given salt, so that the result can be compared byte for byte."""
    message_key, base, commitment = _derive(key, salt, context)
    pieces = [plaintext[at : at + CHUNK] for at in range(0, len(plaintext) + 1, CHUNK)]
    chunks = [_gcm_seal(message_key, _nonce(base, k), piece) for k, piece in enumerate(pieces)]
    return salt + commitment + b"".join(chunks)


def open_sealed(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Open, or raise NotAuthentic."""
    salt, commitment, body = sealed[:24], sealed[24:56], sealed[56:]
    message_key, base, expected = _derive(key, salt, context)
    if commitment != expected:
        raise NotAuthentic("commitment")
    plaintext, number = b"", 0
    while len(body) >= CHUNK + 16:
        plaintext += _gcm_open(message_key, _nonce(base, number), body[: CHUNK + 16])
        body, number = body[CHUNK + 16 :], number + 1
    return plaintext + _gcm_open(message_key, _nonce(base, number), body)


def _derive(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    okm, block = b"", b""
    for counter in range(1, 3):
        info = block + LABEL + salt + context + bytes([counter])
        block = hmac.new(key, info, hashlib.sha512).digest()
        okm += block
    return okm[:32], okm[32:44], okm[44:76]


def _nonce(base: bytes, number: int) -> bytes:
    counter = number.to_bytes(12, "big")
    return bytes(a ^ b for a, b in zip(base, counter, strict=True))


def _gcm_seal(key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    ciphertext = _counter_mode(key, nonce, plaintext)
    return ciphertext + _tag(key, nonce, ciphertext)


def _gcm_open(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    if len(sealed) < 16:
        raise NotAuthentic("length")
    ciphertext, tag = sealed[:-16], sealed[-16:]
    if tag != _tag(key, nonce, ciphertext):
        raise NotAuthentic("tag")
    return _counter_mode(key, nonce, ciphertext)


def _blocks(key: bytes, blocks: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  # single blocks
    return encryptor.update(blocks)


def _counter_mode(key: bytes, nonce: bytes, data: bytes) -> bytes:
    count = -(-len(data) // 16)
    counters = b"".join(nonce + (2 + k).to_bytes(4, "big") for k in range(count))
    stream = _blocks(key, counters)[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")


def _tag(key: bytes, nonce: bytes, ciphertext: bytes) -> bytes:
    h = int.from_bytes(_blocks(key, bytes(16)), "big")
    padded = ciphertext + bytes(-len(ciphertext) % 16)
    padded += (0).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    multiples = _multiples(h)
    y = 0
    for at in range(0, len(padded), 16):
        y = _multiply(y ^ int.from_bytes(padded[at : at + 16], "big"), multiples)
    mask = int.from_bytes(_blocks(key, nonce + b"\x00\x00\x00\x01"), "big")
    return (y ^ mask).to_bytes(16, "big")


def _multiples(h: int) -> list[int]:
    """h, h*x, h*x^2, ... in GF(2^128), bit 0 being the leftmost (SP 800-38D, 6.3)."""
    reduction = 0xE1 << 120
    found = []
    for _ in range(128):
        found.append(h)
        h = (h >> 1) ^ (reduction if h & 1 else 0)
    return found


def _multiply(value: int, multiples: list[int]) -> int:
    product = 0
    for position, digit in enumerate(f"{value:0128b}"):
        if digit == "1":
            product ^= multiples[position]
    return product
