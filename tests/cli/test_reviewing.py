"""audit review: from the draw to the sign-off on the command line, and exit codes for timers."""

from __future__ import annotations

import json
import os

import pytest

from appliance import config
from appliance.app.view import Appliance
from appliance.store.records import PrincipalRow
from tests.conftest import PASSPHRASE, Desk

OTHER = 70011


@pytest.fixture
def reviewed(desk: Desk) -> Desk:
    """Somebody else did something here as well."""
    settings = config.load(desk.home)
    founder = Appliance.open(settings, PASSPHRASE, os.getuid(), "", lambda _: None)
    with founder as app, app.acts.act("user_change"):
        app.store.put_principal(PrincipalRow(OTHER, "olga", frozenset({"operator"})))
    with Appliance.open(settings, PASSPHRASE, OTHER, "", lambda _: None) as app:
        app.collections()
        app.create_collection("notes", "general")
    return desk


def test_a_review_on_the_command_line(reviewed: Desk) -> None:
    begun = json.loads(
        reviewed.ok("audit", "review", "start", "--risky", "1", "--random", "1", "--json")
    )
    assert begun["events"] == 2
    ran = reviewed.run("audit", "review", "start")
    assert (ran.code, "is open" in ran.err) == (2, True)
    shown = reviewed.ok("audit", "review", "next")
    assert "olga" in shown
    seen = json.loads(reviewed.ok("audit", "review", "next", "--json"))
    event = str(seen["event"]["record"]["seq"])
    assert seen["sentence"].endswith(".")
    assert json.loads(reviewed.ok("audit", "review", "next", "--json")) is None
    assert "worth a look" in reviewed.ok("audit", "review", "next", "--event", event)
    reviewed.ok("audit", "review", "note", event, "-", "--concern", stdin="odd hours")
    assert reviewed.run("audit", "review", "note", "99999", "x").code == 7
    ran = reviewed.run("audit", "review", "sign", "--statement", "one thing")
    assert (ran.code, "1 to follow up" in ran.err) == (0, True)
    assert "1 note(s), 1 to follow up" in reviewed.ok("audit", "review", "list")
    (listed,) = json.loads(reviewed.ok("audit", "review", "list", "--json"))
    assert (listed["number"], listed["concerns"]) == (begun["number"], 1)


def test_what_is_overdue_has_an_exit_code_of_its_own(desk: Desk) -> None:
    assert "due by" in desk.ok("audit", "review", "due", "--strict")
    (desk.home / "appliance.toml").write_text("[audit]\nreview_days = 0\n")
    ran = desk.run("audit", "review", "due", "--strict")
    assert (ran.code, "OVERDUE" in ran.out) == (25, True)
    assert json.loads(desk.ok("audit", "review", "due", "--json"))["overdue"] is True
