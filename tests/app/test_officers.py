"""Officers' keys, end to end: what is asked is sealed to them, shared by them, destroyed by two."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance import config
from appliance.app import doctor
from appliance.app.oversight.officers import KEY_NAME, Shared
from appliance.app.view import Appliance
from appliance.audit.periods import Recipient, wrapped
from appliance.audit.private import Opener
from appliance.audit.records import Record
from appliance.crypto import hpke, passlock
from appliance.crypto.unseal import Argon2Cost
from appliance.errors import Denied, NotFound, SealBroken, UsageError
from appliance.store.records import PrincipalRow
from tests.conftest import PASSPHRASE, Desk

FOUNDER = os.getuid()
ADMIN, OTTO, OLGA = 70001, 70003, 70004
CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)


@contextmanager
def acting(home: Path, uid: int) -> Iterator[Appliance]:
    """The appliance, open as one person."""
    with Appliance.open(config.load(home), PASSPHRASE, uid, "", lambda _: None) as app:
        yield app


@pytest.fixture
def home(desk: Desk) -> Path:
    """A store with an administrator and two officers beside the founder."""
    with acting(desk.home, FOUNDER) as app:
        app.create_collection("Doe v Roe", "legal")
        with app.acts.act("user_change"):
            app.store.put_principal(PrincipalRow(ADMIN, "adam", frozenset({"administrator"})))
            for uid, name in ((OTTO, "otto"), (OLGA, "olga")):
                app.store.put_principal(PrincipalRow(uid, name, frozenset({"officer"})))
    return desk.home


WORDS = "a long passphrase"


def published(app: Appliance) -> bytes:
    """A fresh key of this person; the private one."""
    private = hpke.new_officer_key()
    locked = passlock.lock(private, WORDS, KEY_NAME, CHEAP)
    app.officers.publish(hpke.officer_public(private), locked)
    return private


def named(app: Appliance) -> Record:
    """The newest intent that names a collection."""
    found = [r for r in app.log.records() if r.action == "create_collection" and r.sealed]
    return found[-1]


def test_what_is_said_is_sealed_to_the_officers_and_to_nobody_else(home: Path) -> None:
    with acting(home, OTTO) as app:
        private = published(app)
        periods = app.officers.periods()
    with acting(home, FOUNDER) as app:
        app.create_collection("In re Poe", "legal")
        record = named(app)
        with pytest.raises(SealBroken, match="sealed to the officers"):
            app.log.unseal(record)
    opener = Opener(private, periods)
    assert opener.open(record)["collection"] == "In re Poe"
    stranger = Opener(hpke.new_officer_key(), periods)
    assert stranger.open(record) == {}
    assert not stranger.can_open(record)


def test_the_first_officer_takes_over_what_the_store_could_open(home: Path) -> None:
    with acting(home, FOUNDER) as app:
        record = named(app)
        assert app.log.unseal(record)["collection"] == "Doe v Roe"
    with acting(home, OTTO) as app:
        private = published(app)
        periods = app.officers.periods()
        with pytest.raises(SealBroken):
            app.log.unseal(record)
    assert [bool(period.held) for period in periods] == [False, False]
    assert Opener(private, periods).open(record)["collection"] == "Doe v Roe"


def test_a_second_officer_opens_what_was_shared_and_what_comes(home: Path) -> None:
    with acting(home, OTTO) as app:
        ottos = published(app)
    with acting(home, OLGA) as app:
        olgas = published(app)
        mine = app.officers.sealed_key()
        assert passlock.unlock(mine, WORDS, KEY_NAME) == olgas
    with acting(home, FOUNDER) as app:
        old = named(app)
        app.create_collection("In re Poe", "legal")
        new = named(app)
    with acting(home, OTTO) as app:
        periods = app.officers.periods()
        opener = Opener(ottos, periods)
        assert Opener(olgas, periods).open(old) == {}
        assert Opener(olgas, periods).open(new)["collection"] == "In re Poe"
        to = next(key for key in app.officers.known_keys() if key.who == "olga")
        recipient = Recipient(OLGA, to.public)
        shares = [
            Shared(one.number, wrapped(one, opener.keys[one.number], recipient).sealed)
            for one in periods
            if to.name not in {wrap.officer for wrap in one.wraps}
        ]
        shown = app.officers.share("olga", shares)
        assert shown.periods == tuple(one.number for one in periods)
        assert Opener(olgas, app.officers.periods()).open(old)["collection"] == "Doe v Roe"


def test_nobody_shares_what_he_cannot_open(home: Path) -> None:
    with acting(home, OTTO) as app:
        published(app)
    with acting(home, OLGA) as app:
        published(app)
        with pytest.raises(Denied, match="cannot open"):
            app.officers.share("otto", [Shared(1, "AAAA")])
        with pytest.raises(NotFound):
            app.officers.share("nobody", [])


def test_a_retired_key_is_not_sealed_to_any_more_and_the_last_one_stays(home: Path) -> None:
    with acting(home, OTTO) as app:
        published(app)
        with pytest.raises(Denied, match="last"):
            app.officers.retire("otto")
    with acting(home, OLGA) as app:
        published(app)
        app.officers.retire("otto")
        assert len(app.officers.periods()[-1].wraps) == 1
        retired = {key.who: bool(key.retired) for key in app.officers.known_keys()}
        assert retired == {"otto": True, "olga": False}


def test_who_is_no_officer_any_more_opens_nothing_new(home: Path) -> None:
    with acting(home, OTTO) as app:
        private = published(app)
    with acting(home, OLGA) as app:
        published(app)
    with acting(home, ADMIN) as app:
        app.governing.revoke_role("otto", "officer")
    with acting(home, FOUNDER) as app:
        app.create_collection("In re Poe", "legal")
        record = named(app)
        periods = app.log.periods.every()
    assert Opener(private, periods).open(record) == {}


def test_a_period_is_destroyed_by_two_persons_and_the_log_still_verifies(home: Path) -> None:
    with acting(home, OTTO) as app:
        private = published(app)
        assert not app.officers.destroy(1).done
        with pytest.raises(Denied, match="yourself"):
            app.officers.destroy(1)
        with pytest.raises(Denied, match="in force"):
            app.officers.destroy(2)
    with acting(home, ADMIN) as app:
        assert app.officers.destroy(1).done
        with pytest.raises(UsageError, match="destroyed"):
            app.officers.destroy(1)
    with acting(home, OTTO) as app:
        app.audit_verify()
        periods = app.officers.periods()
        assert periods[0].destroyed
        record = next(r for r in app.log.records() if r.action == "create_collection" and r.sealed)
        assert Opener(private, periods).open(record) == {}


def finding(app: Appliance) -> doctor.Finding:
    return next(f for f in doctor.examine_store(app) if f.check == "officers' keys")


def test_the_doctor_says_who_can_read_what_is_sealed(home: Path) -> None:
    with acting(home, FOUNDER) as app:
        assert not finding(app).right
        assert "the store itself can open 1" in finding(app).found
    with acting(home, OTTO) as app:
        published(app)
        assert finding(app).right
        assert "1 in force, 2 period(s)" in finding(app).found


def test_an_older_period_put_back_or_taken_away_is_named(home: Path) -> None:
    folder = home / "audit" / "periods"
    old = (folder / "0001.json").read_bytes()  # before the store let the key go
    with acting(home, OTTO) as app:
        published(app)
        new = (folder / "0001.json").read_bytes()
    (folder / "0001.json").write_bytes(old)
    with acting(home, OTTO) as app:
        assert "not as they were recorded: 1" in finding(app).found
        assert not finding(app).right
    (folder / "0001.json").write_bytes(new)
    (folder / "0002.json").unlink()
    with acting(home, OTTO) as app:
        assert "not as they were recorded: 2" in finding(app).found


def test_everything_done_with_keys_is_on_record(home: Path) -> None:
    with acting(home, OTTO) as app:
        published(app)
        records = tuple(app.log.records())
    codes = [record.code for record in records]
    at = codes.index("5108.intent")
    assert codes[at:][:5] == ["5108.intent", "5108.admin", "5111.admin", "5111.admin", "5108.done"]
    digests = [r.result.status for r in records if r.code == "5111.admin" and r.result]
    assert all(digest.startswith("sha256:") for digest in digests)


@pytest.mark.parametrize("public", [b"", b"\x00" * 1215, b"\xff" * 1216])
def test_what_is_no_key_is_not_published(home: Path, public: bytes) -> None:
    with acting(home, OTTO) as app, pytest.raises(UsageError, match="no officer's key"):
        app.officers.publish(public, b"locked")


def test_only_officers_have_keys(home: Path) -> None:
    private = hpke.new_officer_key()
    with acting(home, ADMIN) as app:
        with pytest.raises(Denied):
            app.officers.publish(hpke.officer_public(private), b"locked")
        with pytest.raises(Denied):
            app.officers.known_keys()


def test_a_person_without_a_key_is_told_so(home: Path) -> None:
    with acting(home, OTTO) as app, pytest.raises(NotFound, match="no officer's key"):
        app.officers.sealed_key()


def test_a_key_in_base64_is_what_is_shown(home: Path) -> None:
    with acting(home, OTTO) as app:
        private = published(app)
        (key,) = app.officers.known_keys()
    assert base64.b64decode(key.public) == hpke.officer_public(private)
    assert (key.who, key.periods) == ("otto", (1, 2))
