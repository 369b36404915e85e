"""The officer's commands: a key, what it opens, sharing it, and what everybody else sees."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from appliance import config
from appliance.app.oversight import keyholder
from appliance.app.view import Appliance
from appliance.crypto.unseal import Argon2Cost
from appliance.errors import NotFound
from appliance.store.records import PrincipalRow
from tests.conftest import PASSPHRASE, Desk

OTTO = 70003
WORDS = "seven quiet herons wade north"
CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "key-passphrase"
    path.write_text(WORDS + "\n")
    return path


@pytest.fixture
def keyed(desk: Desk) -> Desk:
    """A store whose founder has an officer's key, quickly made."""
    with Appliance.open(config.load(desk.home), PASSPHRASE, os.getuid(), "", print) as app:
        keyholder.new_key(app.officers, WORDS, CHEAP)
    return desk


def test_a_key_is_made_and_listed(desk: Desk, words: Path) -> None:
    made = desk.ok("audit", "key", "new", "--key-file", str(words))
    (key,) = json.loads(desk.ok("audit", "key", "list", "--json"))["keys"]
    assert "".join(made.split()) == key["name"]
    assert key["periods"] == [1, 2]
    assert "in force" in desk.ok("audit", "key", "list")


def test_until_then_the_store_can_open_it_and_the_list_says_so(desk: Desk) -> None:
    ran = desk.run("audit", "key", "list")
    assert "The store itself can open the periods 1" in ran.err


def test_short_passphrases_and_files_that_are_none_are_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("abc\n")
    assert desk.run("audit", "key", "new", "--key-file", str(tmp_path / "short")).code == 2
    assert desk.run("audit", "key", "new", "--key-file", str(tmp_path / "none")).code == 2


def test_the_log_is_shown_with_what_was_said_to_the_officer_only(keyed: Desk, words: Path) -> None:
    keyed.ok("collection", "create", "Doe v Roe", "--sector", "legal")
    assert "Doe v Roe" not in keyed.ok("audit", "show")
    assert "Doe v Roe" not in keyed.ok("audit", "show", "--json")
    assert "Doe" in keyed.ok("audit", "show", "--key-file", str(words))
    told = json.loads(keyed.ok("audit", "show", "--json", "--key-file", str(words)))
    assert any(one["said"].get("collection") == "Doe v Roe" for one in told)
    words.write_text("another passphrase\n")
    assert keyed.run("audit", "show", "--key-file", str(words)).code == 5


def test_sharing_needs_the_name_that_the_other_said(keyed: Desk, words: Path) -> None:
    with (
        Appliance.open(config.load(keyed.home), PASSPHRASE, os.getuid(), "", print) as app,
        app.acts.act("user_change"),
    ):
        app.store.put_principal(PrincipalRow(OTTO, "otto", frozenset({"officer"})))
    with Appliance.open(config.load(keyed.home), PASSPHRASE, OTTO, "", print) as app:
        other = keyholder.new_key(app.officers, "another passphrase", CHEAP)
        assert other.periods == (3,)
    share = ("audit", "key", "share", "otto", "--key-file", str(words), "--name")
    assert keyed.run(*share, "0" * 32).code == NotFound("").exit_code
    shared = json.loads(keyed.ok(*share, keyholder.name_shown(other), "--json"))
    assert shared["periods"] == [1, 2, 3]
    assert keyed.run("audit", "key", "retire", "nobody").code == NotFound("").exit_code
    keyed.ok("audit", "key", "retire", "otto")
    assert "in force" in keyed.ok("audit", "key", "list")


def test_a_period_waits_for_a_second_person(keyed: Desk) -> None:
    assert json.loads(keyed.ok("audit", "key", "destroy", "1", "--json"))["done"] is False
    assert keyed.run("audit", "key", "destroy", "1").code == 18
