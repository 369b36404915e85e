"""What every record of the running appliance has: its code, the policies, the door, no content."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import config
from appliance.access.policy import PolicySet
from appliance.app.view import Appliance
from appliance.audit.codes import ACTIONS, code
from appliance.audit.records import Kind, Record
from appliance.tasks import prompts
from tests.conftest import PASSPHRASE, Desk

SECRET = "the Zephyranthes amalgamation"  # words too long to stand in a seal by chance


def records(home: Path) -> tuple[Record, ...]:
    with Appliance.open(config.load(home), PASSPHRASE, os.getuid(), "", print) as app:
        return tuple(app.log.records())


def test_every_record_says_its_code_the_policies_and_the_door(
    desk: Desk, folder_of: Callable[..., Path]
) -> None:
    desk.ok("collection", "create", SECRET, "--sector", "general")
    desk.ok("ingest", str(folder_of("in", note="The lease ends in May.")), "-c", SECRET)
    desk.ok("user", "list")
    desk.run("show", "nothing of this name")
    found = records(desk.home)
    in_force = PolicySet.load(desk.home / "policies").hash
    assert {record.policy for record in found} == {in_force}
    for record in found:
        status = record.result.status if record.result else ""
        assert record.code == code(record.kind, record.action, status)
    doors = {record.via for record in found if record.kind in {Kind.INTENT, Kind.OUTCOME}}
    assert doors <= {"cli", "service"}
    assert all(r.root for r in found if r.kind is Kind.OUTCOME)
    assert "1102.denied" in {record.code for record in found}


def test_no_word_of_a_person_stands_in_the_clear(desk: Desk) -> None:
    desk.ok("collection", "create", SECRET, "--sector", "general")
    desk.run("search", SECRET, "-c", SECRET)
    lines = b"".join(path.read_bytes() for path in (desk.home / "audit").rglob("*.jsonl"))
    assert lines
    for word in SECRET.split()[1:]:
        assert word.encode() not in lines


def test_the_digest_of_the_prompts_changes_with_their_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = prompts.digest()
    assert before == prompts.digest()
    prompts.digest.cache_clear()
    monkeypatch.setattr(prompts, "SYSTEM", "You are somebody else.")
    changed = prompts.digest()
    prompts.digest.cache_clear()
    assert len(before) == 64
    assert changed != before


def test_the_actions_of_the_policies_have_codes(desk: Desk) -> None:
    actions = PolicySet.load(desk.home / "policies").actions
    assert set(actions) <= set(ACTIONS)
    assert json.loads(desk.ok("audit", "show", "--json"))[-1]["code"].startswith("5101")
