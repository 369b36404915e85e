"""Keyed hashes: equal inputs are recognised, and nobody without the key can guess them."""

from __future__ import annotations

import hmac

from appliance.crypto.keyring import Key


def keyed_hash(key: Key, data: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) of ``data``, as 64 hex digits."""
    return hmac.digest(key.material, data, "sha256").hex()
