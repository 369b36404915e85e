"""Witnesses at the store: what is kept of them, what is refused, and a log that was rewritten."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from appliance.app import doctor
from appliance.app.oversight.witnessing import Carried
from appliance.app.premises import _log_keys
from appliance.app.view import Appliance
from appliance.audit.checkpoint import read_note
from appliance.audit.cosign import WitnessKey
from appliance.audit.log import AuditLog
from appliance.audit.merkle import leaf_hash, root_of
from appliance.audit.records import Actor, Kind
from appliance.audit.segments import lines
from appliance.audit.selection import Wanted
from appliance.carried import witness
from appliance.crypto import sign
from appliance.dossier import folder as dossier
from appliance.errors import AuditError
from appliance.store.store import Store
from tests.conftest import PASSPHRASE, QUICK

SEED = bytes(range(32))
DAY = 24 * 3600


class Laptop:
    """A witness that signs whatever it is given: a double for the one on another machine."""

    def __init__(self, name: str = "laptop", seed: bytes = SEED) -> None:
        self.seed = seed
        self.key = WitnessKey(name, sign.public_key(seed))

    def signed(self, carried: Carried, seconds: int | None = None) -> bytes:
        seconds = int(time.time()) if seconds is None else seconds
        body = carried.note.rpartition(b"\n\n")[0] + b"\n"
        mark = sign.sign(self.seed, f"cosignature/v1\ntime {seconds}\n".encode() + body)
        blob = self.key.id + seconds.to_bytes(8, "big") + mark
        return f"\u2014 {self.key.name} {base64.b64encode(blob).decode()}\n".encode()

    def brings(self, app: Appliance, carried: Carried, seconds: int | None = None) -> None:
        app.witnessing.cosign(carried.note, self.key.spelled(), self.signed(carried, seconds))


def opened(home: Path) -> Appliance:
    return Appliance.open(config.load(home), PASSPHRASE, os.getuid(), "", lambda _: None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Appliance.create(config.load(tmp_path / "home"), PASSPHRASE, os.getuid(), cost=QUICK)
    return tmp_path / "home"


@pytest.fixture
def app(home: Path) -> Iterator[Appliance]:
    with opened(home) as app:
        yield app


def leaves(app: Appliance) -> list[bytes]:
    return [leaf_hash(line.data) for line in lines(app.settings.home / "audit")]


def test_a_checkpoint_is_that_of_the_log_and_its_proof_holds(app: Appliance) -> None:
    first = app.witnessing.checkpoint()
    Laptop().brings(app, first)
    second = app.witnessing.checkpoint("laptop")
    assert (second.since, second.size > first.size) == (first.size, True)
    old, new = (read_note(one.note, app.log.public_key) for one in (first, second))
    assert new.root == root_of(leaves(app)[: new.size])
    asked, *steps = second.request.partition(b"\n\n")[0].decode().split("\n")
    assert asked == f"old {first.size}"
    proof = [base64.b64decode(step) for step in steps]
    witness.check_growth(old.size, old.root, new.size, new.root, proof)


def test_only_the_witness_itself_is_taken_back(app: Appliance) -> None:
    laptop, carried = Laptop(), app.witnessing.checkpoint()
    laptop.brings(app, carried)
    stranger = Laptop(seed=bytes(32))  # the same name, another key
    later = app.witnessing.checkpoint("laptop")
    with pytest.raises(AuditError, match="another key"):
        stranger.brings(app, later)
    with pytest.raises(AuditError):
        app.witnessing.cosign(later.note, laptop.key.spelled(), stranger.signed(later))
    with pytest.raises(AuditError):
        app.witnessing.cosign(later.note, laptop.key.spelled(), laptop.signed(carried))
    laptop.brings(app, later)
    with pytest.raises(AuditError, match="later checkpoint"):
        laptop.brings(app, carried)
    (seen,) = app.witnessing.witnesses()
    assert (seen.name, seen.size) == ("laptop", later.size)


def test_the_doctor_says_how_old_the_last_look_is(app: Appliance) -> None:
    def told() -> doctor.Finding:
        return next(f for f in doctor.examine_store(app) if f.check == "witness")

    assert "nobody outside" in told().found
    Laptop().brings(app, app.witnessing.checkpoint(), int(time.time()) - 9 * DAY)
    assert (told().right, "9 day(s) ago" in told().found) == (False, True)
    Laptop("other", bytes(32)).brings(app, app.witnessing.checkpoint())
    assert told().right
    kept = app.settings.home / "audit" / "witnesses" / "other"
    kept.write_bytes(kept.read_bytes().replace(b"cosign", b"x")[:-9] + b"AAAAAAA=\n")
    assert not told().right


def test_a_log_written_anew_is_found_by_what_was_seen(home: Path, tmp_path: Path) -> None:
    """Somebody has everything, the keys as well, and writes the log once more from its middle."""
    shutil.copytree(home, tmp_path / "before")
    with opened(home) as app:
        app.documents(None)
        carried = app.witnessing.checkpoint()
        paper = read_note(carried.note, app.log.public_key)
        Laptop().brings(app, carried)
    kept = (home / "audit" / "witnesses").rename(tmp_path / "witnesses")
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "before", home)
    shutil.copytree(kept, home / "audit" / "witnesses")
    with opened(home) as app:
        while app.log.size < paper.size:
            app.collections()
        app.audit_verify()  # by itself the log is whole
        with pytest.raises(AuditError, match="not those that a witness saw"):
            app.witnessing.verify()
        with pytest.raises(AuditError):
            app.witnessing.compare_note(carried.note)
        from appliance.audit.cosign import paper_code

        with pytest.raises(AuditError, match="printed page"):
            app.witnessing.compare_paper(paper_code(paper), paper.size)
        with pytest.raises(AuditError):
            Laptop().brings(app, carried)


def test_evidence_verifies_when_the_oldest_records_were_removed(home: Path, tmp_path: Path) -> None:
    settings = config.load(home)
    with opened(home) as app:
        early = app.witnessing.checkpoint()  # by somebody who never looked again
        Laptop("retired", bytes(32)).brings(app, early)
    with Store.open(home, PASSPHRASE) as store:
        keys = _log_keys(settings, store)
        with AuditLog.open(*keys, segment_records=5, root=store.root) as log:
            for _ in range(12):
                log.event(Kind.SYSTEM, "engine_start", Actor(0))
            assert [log.remove_segment(Actor(0)) for _ in range(3)] == [0, 1, 2]
    with opened(home) as app:
        carried = app.witnessing.checkpoint(since=None)
        Laptop().brings(app, carried)
        app.documents(None)
        assert app.witnessing.checkpoint("laptop").since == carried.size
        for old in (
            lambda: app.witnessing.checkpoint("laptop", since=3),
            lambda: app.witnessing.compare_note(early.note),
        ):
            with pytest.raises(AuditError, match="removed"):
                old()
        assert [one.name for one in app.witnessing.verify()] == ["laptop"]
        found = dossier.write(app.evidence.gather(Wanted()), tmp_path / "evidence")
    program = tmp_path / "evidence" / "verify_audit.py"
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(tmp_path / "evidence")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "witness laptop" in run.stdout
    assert "retired" not in run.stdout
    assert f"{found.records} records verify, numbers 18 to" in run.stdout


def test_a_line_changed_since_it_was_chosen_is_not_given_out(app: Appliance) -> None:
    pieces = app.evidence.gather(Wanted())
    for piece in pieces:
        if piece.name == "proofs.txt":
            break
    log = app.settings.home / "audit" / "log" / "000000.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"action":"init"', b'"action":"seal"', 1))
    with pytest.raises(AuditError, match="has just been changed"):
        list(pieces)
