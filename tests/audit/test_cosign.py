"""What goes to a witness and comes back: forms of C2SP, and what is refused."""

from __future__ import annotations

import base64

import pytest

from appliance.audit.checkpoint import Checkpoint, write_note
from appliance.audit.cosign import (
    WitnessKey,
    check_name,
    read_cosignature,
    read_key,
    request,
)
from appliance.crypto import sign
from appliance.errors import AuditError

POINT = Checkpoint("appliance.local/x", 12, bytes(range(32)))
SEED, OTHER = bytes(range(32)), bytes(32)
KEY = WitnessKey("laptop", sign.public_key(SEED))


def line(point: Checkpoint = POINT, seed: bytes = SEED, seconds: int = 1_700_000_000) -> bytes:
    message = f"cosignature/v1\ntime {seconds}\n".encode() + point.body()
    blob = KEY.id + seconds.to_bytes(8, "big") + sign.sign(seed, message)
    return f"\u2014 laptop {base64.b64encode(blob).decode()}\n".encode()


def test_a_cosignature_is_read_among_others() -> None:
    found = read_cosignature(b"noise\n" + line(), POINT, KEY)
    assert (found.witness, found.checkpoint, found.time) == (KEY, POINT, "2023-11-14T22:13:20Z")


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"\xff\xfe",
        line(seed=OTHER),
        line(Checkpoint(POINT.origin, 13, POINT.root)),
        line(seconds=1 << 40),
        line().replace(b"laptop", b"other"),
        line()[:-20] + b"\n",
        b"x" * 1_000_001,
    ],
)
def test_anything_else_is_refused(untrusted: bytes) -> None:
    with pytest.raises(AuditError):
        read_cosignature(untrusted, POINT, KEY)


def test_every_changed_byte_of_a_cosignature_is_noticed() -> None:
    good = bytearray(line())
    for at in range(len("\u2014 laptop ".encode()), len(good) - 3):
        spoiled = bytearray(good)
        spoiled[at] = ord("B") if spoiled[at] != ord("B") else ord("C")
        with pytest.raises(AuditError):
            read_cosignature(bytes(spoiled), POINT, KEY)


def test_a_key_is_read_back_and_a_mistyped_one_is_not() -> None:
    assert read_key(KEY.spelled() + "\n") == KEY
    for wrong in ("", "laptop", KEY.spelled()[:-4] + "AAAA", KEY.spelled().replace("laptop", "x")):
        with pytest.raises(AuditError):
            read_key(wrong)
    for name in ("", "Laptop", "../x", "a" * 41, "-x"):
        with pytest.raises(AuditError):
            check_name(name)


def test_the_example_of_the_specification_has_this_form() -> None:
    """C2SP tlog-cosignature: time and signature behind four bytes of key id."""
    example = (
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
        "xUe+mbIUBkBIfZ+qnA=="
    )
    blob = base64.b64decode(example)
    assert (len(blob), int.from_bytes(blob[4:12], "big")) == (76, 1679315147)


def test_a_request_is_that_of_a_witness_protocol() -> None:
    note = write_note(POINT, SEED)
    asked = request(7, (bytes(32),), note)
    assert asked == b"old 7\n" + base64.b64encode(bytes(32)) + b"\n\n" + note
    assert request(0, (), note).startswith(b"old 0\n\n")
