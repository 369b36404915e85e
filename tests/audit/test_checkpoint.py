"""Checkpoints are C2SP signed notes, and nothing that is not exactly one is taken for one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.audit.checkpoint import (
    Checkpoint,
    key_id,
    read_note,
    read_verifier_key,
    signed_note,
    verifier_key,
    write_note,
)
from appliance.crypto import sign
from appliance.errors import AuditError

# a busy machine is no fault of the code
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SEED = b"\x07" * 32
PUBLIC = sign.public_key(SEED)
POINT = Checkpoint("appliance.local/" + "5e" * 16, 1234, b"\x09" * 32)
NOTE = write_note(POINT, SEED)

# The example in the documentation of golang.org/x/mod/sumdb/note (BSD-3-Clause).
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_key_ids_and_signatures_are_those_of_the_specification() -> None:
    public = base64.b64decode(GO_KEY.split("+", 2)[2])[1:]
    assert verifier_key("PeterNeumann", public) == GO_KEY
    signature = base64.b64decode(GO_SIGNATURE)
    assert signature[:4] == key_id("PeterNeumann", public)
    sign.verify(public, GO_TEXT, signature[4:])


def test_the_note_has_the_published_form() -> None:
    head, line = NOTE.decode("utf-8").split("\n\n")
    assert head.split("\n") == [POINT.origin, "1234", base64.b64encode(POINT.root).decode()]
    assert line.startswith(f"\u2014 {POINT.origin} ")
    assert line.endswith("\n")


def test_a_note_reads_back() -> None:
    assert read_note(NOTE, PUBLIC) == POINT


def test_signatures_of_others_may_follow() -> None:
    theirs = base64.b64encode(b"\x00" * 68).decode()
    assert read_note(NOTE + f"\u2014 witness.example {theirs}\n".encode(), PUBLIC) == POINT


def test_every_flipped_bit_is_refused() -> None:
    for at in range(len(NOTE)):
        for bit in range(8):
            damaged = bytearray(NOTE)
            damaged[at] ^= 1 << bit
            with pytest.raises(AuditError):
                read_note(bytes(damaged), PUBLIC)


def test_another_spelling_is_refused_although_the_log_signed_it() -> None:
    root = base64.b64encode(POINT.root).decode()
    loose = root[:-2] + chr(ord(root[-2]) + 1) + root[-1]  # other bits where no byte is
    assert base64.b64decode(loose) == POINT.root
    for size, spelled in (("01234", root), ("+1234", root), ("1234", loose)):
        note = signed_note(f"{POINT.origin}\n{size}\n{spelled}\n", POINT.origin, SEED)
        with pytest.raises(AuditError, match=r"form|spelling"):
            read_note(note, PUBLIC)


def test_a_key_fits_its_id() -> None:
    spelled = verifier_key(POINT.origin, PUBLIC)
    assert read_verifier_key(spelled) == (POINT.origin, PUBLIC)
    other = spelled[:-1] + ("B" if spelled.endswith("A") else "A")
    for mistyped in ("x" + spelled, other, spelled[:-4]):
        with pytest.raises(AuditError, match="not the key of a log"):
            read_verifier_key(mistyped)


def test_every_cut_is_refused() -> None:
    for length in range(len(NOTE)):
        with pytest.raises(AuditError):
            read_note(NOTE[:length], PUBLIC)


def test_another_key_is_refused() -> None:
    with pytest.raises(AuditError, match="not signed by this key"):
        read_note(NOTE, sign.public_key(b"\x08" * 32))


@CALM
@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(AuditError):
        read_note(noise, PUBLIC)


def test_a_huge_note_is_refused() -> None:
    with pytest.raises(AuditError, match="too long"):
        read_note(NOTE + b"x" * 1_000_001, PUBLIC)
