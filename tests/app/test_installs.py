"""What the installer did stands in the audit log before anything else, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.app import installs
from appliance.app.view import Appliance
from appliance.audit.records import Record
from appliance.config import Settings
from appliance.crypto.unseal import Argon2Cost
from appliance.errors import AuditError
from deploy.installer import journal
from deploy.installer.journal import Line

WORDS = "correct horse battery staple"
CHEAP = Argon2Cost(8 * 1024, 1, 1)
MANIFEST = "ab" * 32


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation as the installer lays it out, without models and engine."""
    root = tmp_path / "prefix" / "releases" / "0.2.0-7"
    root.mkdir(parents=True)
    return Settings(home=tmp_path / "home", root=root)


def write(settings: Settings, action: str, serial: int) -> None:
    state = settings.root.parent.parent / "state"
    line = Line(action, f"0.2.0-{serial}", serial, MANIFEST, "SHA256:key")
    journal.write(state, line)


def records(settings: Settings) -> list[tuple[Record, str]]:
    """Each system record of an action of the installer, with its sealed line."""
    with Appliance.open(settings, WORDS, 0, "test", lambda _: None) as appliance:
        log = appliance.log
        found = [record for record in log.records() if record.action in installs.ACTIONS]
        return [(record, log.unseal(record)[installs.LINE]) for record in found]


def test_the_import_is_the_first_record_and_stands_there_once(settings: Settings) -> None:
    write(settings, "install", 7)
    Appliance.create(settings, WORDS, 0, cost=CHEAP)

    records(settings)
    ((record, line),) = records(settings)
    assert record.seq == 0
    assert (record.action, record.kind, record.result and record.result.counts) == (
        "install",
        "system",
        (("serial", 7),),
    )
    assert MANIFEST in line
    assert "SHA256:key" in line


def test_a_later_upgrade_is_taken_at_the_next_open(settings: Settings) -> None:
    write(settings, "install", 7)
    Appliance.create(settings, WORDS, 0, cost=CHEAP)
    write(settings, "refused", 6)
    write(settings, "upgrade", 8)
    write(settings, "rollback", 7)

    records(settings)
    found = [(r.action, r.result.status if r.result else "") for r, _ in records(settings)]
    assert found == [
        ("install", "done"),
        ("install", "refused"),
        ("upgrade", "done"),
        ("rollback", "done"),
    ]


def test_a_journal_begun_anew_is_taken_too(settings: Settings) -> None:
    write(settings, "install", 7)
    write(settings, "upgrade", 8)
    Appliance.create(settings, WORDS, 0, cost=CHEAP)
    (settings.journal or Path()).unlink()
    write(settings, "install", 9)

    assert [dict(r.result.counts)["serial"] for r, _ in records(settings) if r.result] == [7, 8, 9]


@pytest.mark.parametrize(
    "row",
    [
        b'{"action": "insta',
        b"\xff\xfe",
        b"[]",
        b'{"action": "x", "serial": 1, "uid": 0}',
        b'{"action": "install", "serial": -1, "uid": 0}',
        b'{"action": ["install"], "serial": 1, "uid": 0}',
    ],
)
def test_an_unfinished_line_is_passed_over(settings: Settings, row: bytes) -> None:
    write(settings, "install", 7)
    file = settings.journal
    assert file is not None
    file.write_bytes(row + b"\n" + file.read_bytes())
    Appliance.create(settings, WORDS, 0, cost=CHEAP)

    assert len(records(settings)) == 1


def test_a_journal_that_cannot_be_read_stops(settings: Settings) -> None:
    file = settings.journal
    assert file is not None
    file.mkdir(parents=True)
    with pytest.raises(AuditError, match=r"installs\.jsonl cannot be read"):
        Appliance.create(settings, WORDS, 0, cost=CHEAP)


def test_a_checkout_has_no_journal(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, root=tmp_path / ".local")
    assert settings.journal is None
