"""Opens office files that have a password, with those that the operator gives.

New formats: ECMA-376 agile and standard encryption; old ones: RC4, RC4 CryptoAPI and, in XLS, XOR
([MS-OFFCRYPTO]).  What comes out is read like any other file, in the same confined child.
"""

from __future__ import annotations

import re
import struct
from io import BytesIO
from typing import Any

from appliance.formats import kinds
from appliance.formats.ole import xls_records
from appliance.formats.ole.container import FAULTS, Container
from appliance.sandbox.outcome import Outcome, ReadingFailed

LOCKABLE = kinds.OLD_OFFICE | {kinds.LOCKED}
MOST_ROUNDS = 12_000_000  # of hashing, over all passwords tried; 100,000 for one are usual
MOST_PASSWORDS = 64
_ROUNDS = re.compile(rb"spinCount\s*=\s*[\"'](\d{1,20})[\"']")
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)
_PASSWORD_RECORD, _FIRST_RECORDS = 0x2F, 64
_PPT_MARK = 0xF3D1C4DF
# Office opens files with these passwords without asking: they keep no one out.
_KNOWN = {
    kinds.LOCKED: ("VelvetSweatshop",),
    kinds.XLS: ("VelvetSweatshop",),
    kinds.PPT: ("/01Hannes Ruescher/01",),
}


class _Memory:
    """Stands for the module tempfile in a library that would write the open text to a disk."""

    @staticmethod
    def TemporaryFile() -> BytesIO:
        """In memory, under the name that the library calls."""
        return BytesIO()


def warm() -> None:
    """Import what the children need, and start the ciphers once."""
    from msoffcrypto.format import doc97, ooxml, ppt97, xls97  # noqa: F401
    from msoffcrypto.method import ecma376_agile, rc4

    for module in (doc97, ppt97, xls97):
        module.tempfile = _Memory
    ecma376_agile._decrypt_aes_cbc(bytes(16), bytes(16), bytes(16))
    rc4.DocumentRC4.decrypt("warm", bytes(16), BytesIO(bytes(16)))


def opened(data: bytes, media_type: str, passwords: tuple[str, ...]) -> tuple[bytes, bool] | None:
    """The open file, and whether that took a password of the operator's; None: it has none.

    Args:
        media_type: one of `LOCKABLE`.

    Raises:
        ReadingFailed: a password is needed or none fits; encrypted in a way that is not known, or
            so that trying takes too long; damaged.
    """
    container = Container(data)
    if not _is_locked(container, media_type):
        return None
    rounds = _rounds(container, media_type)
    known = _KNOWN.get(media_type, ())
    tries = dict.fromkeys((*known, *passwords[:MOST_PASSWORDS]))
    for number, password in enumerate(tries, 1):
        if number * rounds > MOST_ROUNDS:
            raise ReadingFailed(Outcome.ENCRYPTED)
        found = _tried(data, password)
        if found is not None:
            return found, password not in known
    raise ReadingFailed(Outcome.WRONG_PASSWORD if passwords else Outcome.NEEDS_PASSWORD)


def _is_locked(container: Container, media_type: str) -> bool:
    if media_type == kinds.DOC:
        return bool(container.stream("WordDocument")[11:12].ljust(1, b"\0")[0] & 1)
    if media_type == kinds.PPT:
        return int.from_bytes(container.stream("Current User")[12:16], "little") == _PPT_MARK
    if media_type == kinds.XLS:
        stream = container.stream("Workbook") or container.stream("Book")
        first = zip(range(_FIRST_RECORDS), xls_records.records(stream), strict=False)
        return any(number == _PASSWORD_RECORD for _, (number, _) in first)
    return True


def _rounds(container: Container, media_type: str) -> int:
    """How many times one password is hashed; the file says so, and may claim anything."""
    if media_type != kinds.LOCKED:
        return 1
    info = container.stream("EncryptionInfo")
    if _DECLARES.search(info):
        raise ReadingFailed(Outcome.DAMAGED)
    claims = [int(claim) for claim in _ROUNDS.findall(info)]
    return max(claims, default=50_000)


def _tried(data: bytes, password: str) -> bytes | None:
    """The open file, None where this password does not fit."""
    import msoffcrypto
    from msoffcrypto import exceptions

    out = BytesIO()
    try:
        file: Any = msoffcrypto.OfficeFile(BytesIO(data))
        if file.format == "ooxml" and file.type == "agile":
            file.secret_key = _agile_key(file.info, password)
            if file.secret_key is None:
                return None
        elif file.format == "ooxml":
            file.load_key(password=password, verify_password=True)
        else:
            file.load_key(password=password)
        file.decrypt(out)
    except exceptions.InvalidKeyError:
        return None
    except (exceptions.DecryptionError, NotImplementedError) as error:
        raise ReadingFailed(Outcome.ENCRYPTED) from error
    except (*FAULTS, exceptions.ParseError, exceptions.FileFormatError) as error:
        raise ReadingFailed(Outcome.DAMAGED) from error
    except (struct.error, RecursionError, ArithmeticError, AssertionError) as error:
        raise ReadingFailed(Outcome.DAMAGED) from error
    return out.getvalue()


def _agile_key(info: Any, password: str) -> bytes | None:
    """The key that a password opens, None where it does not fit; [MS-OFFCRYPTO] 2.3.4.11 to 13.

    The library neither fills up keys that are longer than their hash (SHA-1 with 256 bits, as
    Office 2010 writes them), nor hashes once for both uses.
    """
    from msoffcrypto.method import ecma376_agile as agile

    hashed = agile._get_hash_func(info["passwordHashAlgorithm"])
    rounds = agile.ECMA376Agile._derive_iterated_hash_from_password(
        password, info["passwordSalt"], info["passwordHashAlgorithm"], info["spinValue"]
    ).digest()
    size = info["passwordKeyBits"] // 8
    salt = _filled(info["passwordSalt"], 16)

    def opened(block: bytes, value: bytes) -> bytes:
        key = _filled(hashed(rounds + bytes(block)).digest(), size)
        return bytes(agile._decrypt_aes_cbc(value, key, salt))

    given = opened(agile.blkKey_VerifierHashInput, info["encryptedVerifierHashInput"])
    expected = opened(agile.blkKey_encryptedVerifierHashValue, info["encryptedVerifierHashValue"])
    actual = hashed(given[: len(info["passwordSalt"])]).digest()
    if expected[: len(actual)] != actual:
        return None
    return opened(agile.blkKey_encryptedKeyValue, info["encryptedKeyValue"])[:size]


def _filled(value: bytes, size: int) -> bytes:
    return value[:size].ljust(size, b"\x36")
