"""The programs that leave the machine, from inside: forged histories, keys and signatures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.audit.checkpoint import Checkpoint, verifier_key, write_note
from appliance.audit.cosign import read_cosignature, read_key, request
from appliance.audit.merkle import leaf_hash
from appliance.audit.proofs import Levels
from appliance.carried import PROGRAMS, program, verify_audit, witness
from appliance.crypto import sign

SEED = bytes(range(32))
ORIGIN = "appliance.local/" + "ab" * 16
VECTORS = Path(__file__).parent / "vectors" / "wycheproof" / "ed25519_test.json"
LEAVES = [leaf_hash(b"%d" % n) for n in range(40)]


def history(size: int, forged_at: int = -1) -> Levels:
    """The first records of a log, or of one in which a record was exchanged."""
    leaves = [leaf_hash(b"forged") if n == forged_at else LEAVES[n] for n in range(size)]
    return Levels.over(b"".join(leaves))


def note(levels: Levels, seed: bytes = SEED) -> bytes:
    return write_note(Checkpoint(ORIGIN, levels.size, levels.root()), seed)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> witness.State:
    monkeypatch.setattr(witness, "secret", lambda _: b"")  # no terminal here
    state = witness.State(tmp_path / "state")
    state.make("laptop")
    witness.trust(state, verifier_key(ORIGIN, sign.public_key(SEED)))
    return state


@pytest.fixture
def cosign(state: witness.State, tmp_path: Path) -> Callable[..., str]:
    """Carries a request to the witness."""

    def carry(old: int, levels: Levels, *, seed: bytes = SEED, proof: Levels | None = None) -> str:
        steps = (proof or levels).consistency(old) if 0 < old < levels.size else ()
        stick = tmp_path / "stick"
        stick.mkdir(exist_ok=True)
        (stick / witness.ASKED).write_bytes(request(old, steps, note(levels, seed)))
        return witness.cosign(state, stick)

    return carry


def test_every_growth_is_signed_and_the_signature_is_good(
    cosign: Callable[..., str], tmp_path: Path
) -> None:
    before = 0
    for size in (1, 2, 3, 7, 8, 9, 31, 32, 40, 40):
        cosign(before, history(size))
        stick = tmp_path / "stick"
        key = read_key((stick / "witness-laptop").read_text())
        point = Checkpoint(ORIGIN, size, history(size).root())
        assert read_cosignature((stick / "cosignature-laptop").read_bytes(), point, key).line
        before = size


@pytest.mark.parametrize("old", [1, 2, 3, 8, 21, 32])
def test_a_history_in_which_a_seen_record_was_changed_is_refused(
    cosign: Callable[..., str], old: int
) -> None:
    cosign(0, history(old))
    forged = history(40, forged_at=old - 1)
    with pytest.raises(witness.Refused, match="NOT the continuation"):
        cosign(old, forged)
    with pytest.raises(witness.Refused, match="NOT the continuation"):
        cosign(old, forged, proof=history(40))
    cosign(old, history(40))


def test_two_histories_of_one_size_are_both_refused_from_then_on(
    cosign: Callable[..., str], state: witness.State
) -> None:
    cosign(0, history(20))
    with pytest.raises(witness.Refused, match="TWO HISTORIES"):
        cosign(20, history(20, forged_at=4))
    for levels in (history(20), history(20, forged_at=4), history(40)):
        with pytest.raises(witness.Refused, match="both stay refused"):
            cosign(20, levels)
    proof = (state.folder / "fork-20.txt").read_bytes()
    assert proof == note(history(20)) + b"\n" + note(history(20, forged_at=4))  # as signed, both
    assert "REFUSED" in witness.show(state)


def test_shrinking_other_keys_and_unknown_logs_are_refused(cosign: Callable[..., str]) -> None:
    cosign(0, history(20))
    with pytest.raises(witness.Refused, match="SHRANK"):
        cosign(10, history(10))
    with pytest.raises(witness.Refused, match="begins at 0"):
        cosign(0, history(30))
    with pytest.raises(witness.Refused, match="not signed with the key"):
        cosign(20, history(30), seed=bytes(32))


def test_what_was_seen_is_kept_before_it_is_signed(
    cosign: Callable[..., str], state: witness.State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> str:
        raise KeyboardInterrupt

    cosign(0, history(5))
    monkeypatch.setattr(witness, "signature_line", cut)
    with pytest.raises(KeyboardInterrupt):
        cosign(5, history(9))
    assert json.loads(state.logs_file.read_text())["logs"][ORIGIN]["size"] == 9
    assert os.stat(state.key_file).st_mode & 0o777 == 0o600


def test_another_key_for_a_trusted_log_is_refused(state: witness.State) -> None:
    with pytest.raises(witness.Refused, match="another key"):
        witness.trust(state, verifier_key(ORIGIN, sign.public_key(bytes(32))))


def test_a_link_on_the_stick_leads_nowhere(cosign: Callable[..., str], tmp_path: Path) -> None:
    cosign(0, history(5))
    stick, mine = tmp_path / "stick", tmp_path / "mine"
    mine.write_text("my own file")
    for name in ("cosignature-laptop", "witness-laptop"):
        (stick / f"{name}.new").symlink_to(mine)
        (stick / name).unlink()
        (stick / name).symlink_to(mine)
    cosign(5, history(9))
    assert mine.read_text() == "my own file"
    assert not (stick / "cosignature-laptop").is_symlink()


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("part", ["__future__", "json", "hashlib", "typing", "base64"])
def test_a_file_beside_it_does_not_pass_for_a_part_of_python(
    name: str, part: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(program(name))
    (tmp_path / f"{part}.py").write_text("import sys; sys.exit(77)")
    words = [sys.executable, str(tmp_path / name), "--help"]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


# -- verify_audit.py: signatures without a library -------------------------------------------------


def test_signatures_are_checked_as_the_library_does() -> None:
    """RFC 8032, 7.1, test 3, and what each changed byte of it comes to."""
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    message = bytes.fromhex("af82")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert verify_audit.signature_is_good(public, message, signature)
    assert not verify_audit.signature_is_good(public, message + b"x", signature)
    assert not verify_audit.signature_is_good(bytes(31), message, signature)
    for at in range(0, 64, 7):
        spoiled = bytearray(signature)
        spoiled[at] ^= 1
        assert not verify_audit.signature_is_good(public, message, bytes(spoiled))
    s = int.from_bytes(signature[32:], "little") + verify_audit.Q  # the same point, not reduced
    again = signature[:32] + s.to_bytes(32, "little")
    assert not verify_audit.signature_is_good(public, message, again)


def test_signatures_of_wycheproof() -> None:
    for group in json.loads(VECTORS.read_text("utf-8"))["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for test in group["tests"]:
            message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
            good = verify_audit.signature_is_good(public, message, signature)
            assert good is (test["result"] == "valid"), test["tcId"]


def test_every_record_of_every_tree_is_found_in_its_place_only() -> None:
    for size in range(1, 34):
        levels = history(size)
        nodes = {(n.level, n.index): n.hash for n in levels.paths(range(size))}
        for at in range(size):
            root = verify_audit.root_from(at, LEAVES[at], size, nodes)
            assert root == levels.root()
            if size > 1:
                other = (at + 1) % size
                assert verify_audit.root_from(other, LEAVES[at], size, nodes) != levels.root()


def test_growth_is_checked_as_in_the_log() -> None:
    for old in range(1, 41):
        first = verify_audit.Note(note(history(old)), "old")
        for size in (old, 40):
            second = verify_audit.Note(note(history(size)), "new")
            verify_audit.check_growth(first, second, list(history(size).consistency(old)))
        forged = history(40, forged_at=old - 1)
        for proof in (forged, history(40)):
            changed = verify_audit.Note(note(forged), "new")
            with pytest.raises(verify_audit.Bad):
                verify_audit.check_growth(first, changed, list(proof.consistency(old)))


def test_nobody_is_accused_where_the_proof_is_only_missing() -> None:
    first, second = (verify_audit.Note(note(history(n)), f"the first {n}") for n in (4, 9))
    with pytest.raises(verify_audit.Bad, match="the first 4: the folder has no proof of growth"):
        verify_audit.check_growth(first, second, [])


def test_a_key_is_one() -> None:
    key = verifier_key(ORIGIN, sign.public_key(SEED))
    assert verify_audit.read_key(key, b"\x01") == (ORIGIN, sign.public_key(SEED))
    for wrong in ("", "x", key[:-4] + "AAA=", key.replace("ab", "ac", 1)):
        with pytest.raises(verify_audit.Bad):
            verify_audit.read_key(wrong, b"\x01")
    with pytest.raises(verify_audit.Bad):  # what it is called is printed
        verify_audit.read_key(verifier_key("an\x1bna", sign.public_key(SEED)), b"\x01")
