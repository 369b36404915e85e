"""What is older than the retention period goes, by two persons; the rest verifies as before."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from appliance import config
from appliance.app.oversight.officers import unrecorded
from appliance.app.view import Appliance
from appliance.audit import closed
from appliance.audit.clock import Moment
from appliance.audit.log import AuditLog
from appliance.audit.records import Actor
from appliance.errors import AuditError, ConfigError, Denied, NotFound
from appliance.store.records import PrincipalRow
from appliance.store.store import Store
from tests.conftest import PASSPHRASE, Desk

FOUNDER = os.getuid()
ADMIN, OTTO, OLGA = 70001, 70003, 70004
PER_SEGMENT = 8


@contextmanager
def acting(home: Path, uid: int) -> Iterator[Appliance]:
    """The appliance, open as one person."""
    with Appliance.open(config.load(home), PASSPHRASE, uid, "", print) as app:
        yield app


@pytest.fixture
def home(desk: Desk) -> Path:
    """A store whose log has two full segments from 2015 and goes on today."""
    with acting(desk.home, FOUNDER) as app, app.acts.act("user_change"):
        app.store.put_principal(PrincipalRow(ADMIN, "adam", frozenset({"administrator"})))
        for uid, name in ((OTTO, "otto"), (OLGA, "olga")):
            app.store.put_principal(PrincipalRow(uid, name, frozenset({"officer"})))
    tick = count(1)
    with Store.open(desk.home, PASSPHRASE) as store:
        keys = store.derive("audit-seal"), store.derive("audit-mac")
        with AuditLog.open(
            desk.home / "audit",
            store.log_seed(),
            *keys,
            store.store_id,
            clock=lambda: Moment(f"2015-03-01T00:00:00.{next(tick):06d}Z", "b", 1),
            root=store.root,
            segment_records=PER_SEGMENT,
        ) as log:
            while log.size < 2 * PER_SEGMENT + 2:
                log.outcome(log.intent(Actor(FOUNDER), "ask"), "done")
    return desk.home


def test_what_is_kept_and_until_when(home: Path) -> None:
    with acting(home, OTTO) as app:
        kept = app.retention.kept()
    assert (kept.profile, kept.years) == ("general", 6)
    assert [(one.number, one.records) for one in kept.segments] == [(0, 8), (1, 8)]
    assert [one.expires[:10] for one in kept.segments] == ["2021-03-01", "2021-03-01"]
    assert not any(one.removed for one in kept.segments)


def test_a_segment_goes_by_two_persons_and_the_log_verifies(home: Path) -> None:
    gone = home / "audit" / "log" / "000000.jsonl"
    with acting(home, OTTO) as app:
        assert not app.retention.remove().done
        with pytest.raises(Denied, match="yourself"):
            app.retention.remove()
        assert app.retention.kept().segments[0].proposed_by == ("otto",)
    assert gone.exists()
    with acting(home, ADMIN) as app:
        assert app.retention.remove().done
    assert not gone.exists()
    with acting(home, OLGA) as app:
        app.audit_verify()
        first, second = app.retention.kept().segments
        assert (first.removed, second.removed) == (True, False)
        assert unrecorded(app.log) == ()  # the first period's record is gone with its segment
        assert not app.retention.remove().done  # the next one is proposed, not removed


def test_a_segment_that_somebody_takes_away_is_missed(home: Path) -> None:
    (home / "audit" / "log" / "000000.jsonl").unlink()
    with pytest.raises(AuditError, match="000000"), acting(home, OTTO):
        pass


def test_what_is_not_over_stays(home: Path) -> None:
    (home / "appliance.toml").write_text("[audit]\nkeep_years = 30\n")
    with acting(home, OTTO) as app:
        with pytest.raises(NotFound, match="whose time is over"):
            app.retention.remove()
        assert app.retention.kept().years == 30


def test_no_setting_makes_the_time_shorter_than_the_profile(home: Path) -> None:
    (home / "appliance.toml").write_text('[audit]\nprofile = "health-de"\nkeep_years = 1\n')
    assert config.load(home).audit.years == 10
    (home / "appliance.toml").write_text('[audit]\nprofile = "short"\n')
    with pytest.raises(ConfigError, match="profile"):
        _ = config.load(home).audit.years


def test_operators_remove_nothing(home: Path) -> None:
    with acting(home, FOUNDER) as app, app.acts.act("user_change"):
        app.store.put_principal(PrincipalRow(70009, "oscar", frozenset({"operator"})))
    with acting(home, 70009) as app:
        with pytest.raises(Denied):
            app.retention.remove()
        with pytest.raises(Denied):
            app.retention.kept()


def test_the_commands(desk: Desk) -> None:
    kept = json.loads(desk.ok("audit", "retention", "status", "--json"))
    assert kept["segments"] == []
    assert "No segment is full" in desk.run("audit", "retention", "status").err
    assert desk.run("audit", "retention", "remove").code == NotFound("").exit_code


def test_what_is_signed_of_a_segment_stays(home: Path) -> None:
    for uid in (OTTO, ADMIN):
        with acting(home, uid) as app:
            app.retention.remove()
    assert closed.file_of(home / "audit", 0).exists()
