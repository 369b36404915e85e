"""What a command leaves for the shell: exit codes, errors as JSON, help that is whole."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from appliance import config
from appliance.app.view import Appliance
from appliance.carried.verify_audit import LOG_TYPE, read_key
from appliance.errors import ServiceUnavailable, StoreMissing, UsageError
from tests.conftest import PASSPHRASE, QUICK, SERVED, Desk


def test_who_uses_a_service_is_never_told_to_make_a_store(
    bare_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bare_desk.way == SERVED:  # without a store there is nothing to serve
        return
    assert bare_desk.run("list").code == StoreMissing.exit_code
    monkeypatch.setenv("APPLIANCE_SOCKET", str(tmp_path / "none"))
    for command in (("list",), ("doctor", "--json"), ("key", "status"), ("console",)):
        ran = bare_desk.run(*command)
        assert ran.code in {ServiceUnavailable.exit_code, 1}, command
        assert "appliance serve" in ran.out + ran.err
        assert "appliance init" not in ran.out + ran.err
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as answering:
        answering.bind("none")
        answering.listen()
        itself = bare_desk.run("key", "status")
    assert itself.code == StoreMissing.exit_code
    assert "--home" in itself.err
    assert "appliance init" not in itself.err


def test_a_wrong_command_line_is_json_where_json_was_asked_for(bare_desk: Desk) -> None:
    for words in (("list", "--bogus"), ("lists",), ("search",), ("audit", "show", "-n", "x")):
        error = json.loads(bare_desk.run(*words, "--json").err)
        assert error["exit_code"] == UsageError.exit_code
        assert "--help" in error["remedy"]


def test_help_cuts_no_sentence(bare_desk: Desk) -> None:
    for group in ((), ("audit",), ("audit", "key"), ("policy",)):
        shown = bare_desk.ok(*group, "--help")
        listed = shown.split("[ARGS]...")[1]
        assert "..." not in listed
        assert max(map(len, shown.splitlines())) <= 80


def test_a_new_store_tells_the_key_of_its_log(tmp_path: Path) -> None:
    key = Appliance.create(config.load(tmp_path / "home"), PASSPHRASE, os.getuid(), cost=QUICK)
    assert read_key(key, LOG_TYPE)[0].startswith("appliance.local/")
