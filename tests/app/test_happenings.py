"""What happened while the log was not open is on record when it opens: engines, wrong secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance import config
from appliance.app.view import Appliance
from appliance.engine import happened, larger
from appliance.errors import WrongPassphrase
from tests.conftest import PASSPHRASE, Desk

DIGEST = "ab" * 32


def codes(home: Path) -> list[str]:
    """The codes of the records that stand alone."""
    with Appliance.open(config.load(home), PASSPHRASE, os.getuid(), "", print) as app:
        return [record.code for record in app.log.records() if not record.of]


def test_engines_that_were_started_ended_and_found_dead_are_on_record_once(desk: Desk) -> None:
    settings = config.load(desk.home)
    for run in (settings.run, larger.of(settings, settings.engine.model).run):
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        for what in (happened.STARTED, happened.DIED, happened.STARTED, happened.STOPPED):
            happened.note(run, what, DIGEST)
    wanted = ["6106.system", "6108.system-failed", "6106.system", "6107.system"]
    found = codes(desk.home)
    assert [code for code in found if code.startswith(("6106", "6107", "6108"))] == wanted * 2
    assert codes(desk.home) == found


def test_what_is_no_such_line_is_left_out(tmp_path: Path) -> None:
    lines = ("", "{}", "[]", "\xff", '{"action":"rm","time":"","digest":""}', "9" * 5000)
    (tmp_path / "events.jsonl").write_text("\n".join(lines), "latin-1")
    happened.note(tmp_path, happened.STARTED, "")
    assert happened.waiting(tmp_path) == ()  # the last of these lines had no end of its own
    happened.forget(tmp_path)
    happened.note(tmp_path, happened.STARTED, "")
    happened.note(tmp_path, happened.STARTED, "../../x")
    assert [one.action for one in happened.waiting(tmp_path)] == [happened.STARTED]


def test_lines_come_again_until_they_are_on_record(tmp_path: Path) -> None:
    happened.note(tmp_path, happened.STARTED, DIGEST)
    assert happened.waiting(tmp_path) == happened.waiting(tmp_path) != ()
    happened.note(tmp_path, happened.STOPPED, DIGEST)  # while the first is being recorded
    happened.forget(tmp_path)
    assert [one.action for one in happened.waiting(tmp_path)] == [happened.STOPPED]


def test_a_folder_that_takes_no_line_stops_nothing(tmp_path: Path) -> None:
    happened.note(tmp_path / "nowhere", happened.STARTED, DIGEST)
    assert happened.waiting(tmp_path / "nowhere") == ()


def test_attempts_with_a_wrong_secret_are_on_record(desk: Desk) -> None:
    settings = config.load(desk.home)
    for _ in range(3):
        with pytest.raises(WrongPassphrase):
            Appliance.open(settings, "a wrong passphrase", os.getuid(), "", print)
    with Appliance.open(settings, PASSPHRASE, os.getuid(), "", print) as app:
        (record,) = [r for r in app.log.records() if r.action == "unseal_failed"]
    assert record.code == "7107.security-failed"
    assert record.result is not None
    assert record.result.counts == (("attempts", 3),)
    assert codes(desk.home).count("7107.security-failed") == 1
