"""Office files with a password: opened with the right one, named where there is none that fits."""

from __future__ import annotations

import io
import re
import struct
from hashlib import md5

import docx
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.rc4 import DocumentRC4

from appliance.documents import Flag
from appliance.errors import InputUnreadable
from appliance.formats import kinds, unlock
from appliance.formats.ole.container import Container, pack
from appliance.sandbox.outcome import Outcome, ReadingFailed
from tests.conftest import SAMPLES
from tests.formats.conftest import Read

LEGACY = SAMPLES / "legacy"


def locked(password: str) -> bytes:
    document = docx.Document()
    document.add_paragraph("The price is forty thousand.")
    plain, out = io.BytesIO(), io.BytesIO()
    document.save(plain)
    OOXMLFile(plain).encrypt(password, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def letter() -> bytes:
    return locked("right")


def test_a_password_opens_it(read: Read, letter: bytes) -> None:
    parsed = read(letter, "letter.docx", "right")

    assert parsed.text == "The price is forty thousand."
    assert parsed.media_type == kinds.DOCX
    assert Flag.ENCRYPTED in parsed.flags


def test_passwords_are_tried_in_turn(letter: bytes) -> None:
    found = unlock.opened(letter, kinds.LOCKED, ("wrong", "also wrong", "right"))

    assert found is not None
    assert found[0].startswith(b"PK")


@pytest.mark.parametrize(("password", "words"), [("", "needs a password"), ("no", "is wrong")])
def test_without_the_password(read: Read, letter: bytes, password: str, words: str) -> None:
    with pytest.raises(InputUnreadable, match=words):
        read(letter, "letter.docx", password)


def test_a_password_that_everybody_knows_is_no_encryption(read: Read) -> None:
    parsed = read(locked("VelvetSweatshop"), "letter.docx")

    assert parsed.text == "The price is forty thousand."
    assert Flag.ENCRYPTED not in parsed.flags


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("bug53475-password-is-pass.docx", "pass", "password protected document"),
        ("protected_passtika.xlsx", "tika", "x"),
    ],
)
def test_files_of_office_programs(read: Read, name: str, password: str, words: str) -> None:
    data = (LEGACY / name).read_bytes()

    assert words in read(data, name, password).text
    with pytest.raises(InputUnreadable, match="needs a password"):
        read(data, name)


def rc4_locked(data: bytes, password: str) -> bytes:
    """A DOC encrypted as Word 97 does: a header in the table, 68 bytes of WordDocument open."""
    container = Container(data)
    streams = {path[0]: container.stream(*path) for path in container.paths if len(path) == 1}
    salt = bytes(range(16))

    def crypt(plain: bytes) -> bytes:
        out: bytes = DocumentRC4.decrypt(password, salt, io.BytesIO(plain)).read()
        return out

    verifier = bytes(16)
    check = crypt(verifier + md5(verifier, usedforsecurity=False).digest())
    header = struct.pack("<HH", 1, 1) + salt + check
    main = bytearray(streams["WordDocument"])
    body = crypt(bytes(main))
    main[11] |= 1
    main[14:18] = struct.pack("<I", len(header))
    streams["WordDocument"] = bytes(main[:68]) + body[68:]
    table = b"\0" * len(header) + streams["1Table"][len(header) :]
    streams["1Table"] = header + crypt(table)[len(header) :]
    if "Data" in streams:
        streams["Data"] = crypt(streams["Data"])
    return pack(streams)


def test_old_word(read: Read) -> None:
    data = (LEGACY / "word97.doc").read_bytes()

    parsed = read(rc4_locked(data, "right"), "a.doc", "right")

    assert parsed.text == read(data, "a.doc").text
    assert Flag.ENCRYPTED in parsed.flags


def test_an_old_file_without_the_password(read: Read) -> None:
    data = (LEGACY / "PasswordProtected.doc").read_bytes()

    with pytest.raises(InputUnreadable, match="needs a password"):
        read(data, "a.doc")
    with pytest.raises(InputUnreadable, match="password is wrong"):
        read(data, "a.doc", "something else")


def changed(letter: bytes, old: bytes, new: bytes) -> bytes:
    container = Container(letter)
    info = re.sub(old, new, container.stream("EncryptionInfo"))
    return pack({"EncryptionInfo": info, "EncryptedPackage": container.stream("EncryptedPackage")})


def test_endless_hashing_is_not_begun(letter: bytes) -> None:
    data = changed(letter, rb'spinCount="\d+"', b'spinCount="99999999"')

    with pytest.raises(ReadingFailed) as caught:
        unlock.opened(data, kinds.LOCKED, ("right",))

    assert caught.value.outcome is Outcome.ENCRYPTED


def test_entities_are_not_expanded(letter: bytes) -> None:
    data = changed(letter, rb"\?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>')

    with pytest.raises(ReadingFailed) as caught:
        unlock.opened(data, kinds.LOCKED, ("right",))

    assert caught.value.outcome is Outcome.DAMAGED
