"""One-time codes of a second factor: TOTP (RFC 6238) with HMAC-SHA-1, six digits, 30 seconds.

SHA-1 and six digits are what every authenticator program takes, also where it ignores what the
address asks for; as the inner hash of HMAC, SHA-1 is not weakened by its collisions.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

SECRET_BYTES = 20  # as long as the hash (RFC 4226, section 4)
STEP_SECONDS = 30
DIGITS = 6
DRIFT = 1  # steps before and after that are taken as well, for a clock that is wrong


def new_secret() -> bytes:
    """A fresh shared secret from the operating system's random numbers."""
    return secrets.token_bytes(SECRET_BYTES)


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step: the dynamic truncation of RFC 4226, section 5.3."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, given: str, seconds: float, after: int) -> int | None:
    """The step of which ``given`` is the code, or None.

    Args:
        secret: shared.
        given: what the person typed, six digits.
        seconds: since the epoch.
        after: the last step whose code was used; a code is taken once only.
    """
    now = int(seconds) // STEP_SECONDS
    found = None
    for step in range(max(0, now - DRIFT), now + DRIFT + 1):
        same = hmac.compare_digest(code(secret, step).encode(), given.encode("utf-8", "replace"))
        if same and step > after:
            found = step
    return found


def base32(secret: bytes) -> str:
    """The secret as authenticator programs take it when typed (RFC 4648), in groups of four."""
    letters = base64.b32encode(secret).decode("ascii").rstrip("=")
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def address(secret: bytes, account: str, issuer: str) -> str:
    """The ``otpauth`` address that an authenticator program reads from a QR code."""
    letters = base64.b32encode(secret).decode("ascii").rstrip("=")
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    figures = f"algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    return f"otpauth://totp/{label}?secret={letters}&issuer={quote(issuer, safe='')}&{figures}"
