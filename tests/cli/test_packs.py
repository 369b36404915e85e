"""`pack list`, `check` and `schema`; `try` needs a language model (tests/test_main_job.py)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from appliance.errors import PackError
from appliance.tasks import packs
from tests.conftest import Desk

GUIDE = (packs.FOLDER / "README.md").read_text("utf-8")
EXAMPLE = next(b for b in re.findall(r"```toml\n(.*?)```", GUIDE, re.S) if "local/" in b)


def own_pack(desk: Desk, source: str) -> Path:
    folder = desk.home / "packs"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "charter.toml"
    file.write_text(source, "utf-8")
    return file


def test_own_packs_are_listed_beside_the_shipped_ones(bare_desk: Desk) -> None:
    own_pack(bare_desk, EXAMPLE)
    listed = {pack["name"] for pack in json.loads(bare_desk.ok("pack", "list", "--json"))}
    assert {"legal/contract", "legal/nda", "legal/lease", "local/charter"} <= listed
    assert "local/charter" in bare_desk.ok("pack", "list")


def test_a_pack_that_holds_says_how_many_examples_did(bare_desk: Desk) -> None:
    shown = bare_desk.ok("pack", "check", str(own_pack(bare_desk, EXAMPLE)))
    assert shown == "local/charter: 3 field(s), 5 example(s) hold.\n"


def test_what_is_wrong_is_shown_with_its_line(bare_desk: Desk) -> None:
    file = own_pack(bare_desk, EXAMPLE.replace('type = "amount"', 'type = "money"'))
    line = file.read_text("utf-8").splitlines().index('type = "money"') + 1
    ran = bare_desk.run("pack", "check", str(file))
    assert ran.code == PackError.exit_code
    assert ran.out.startswith(f"line {line}: hire: $.field[1].type: 'money' is not one of")
    machine = bare_desk.run("pack", "check", str(file), "--json")
    assert [p["line"] for p in json.loads(machine.out)["problems"]] == [line]


def test_the_schema_is_printed(bare_desk: Desk) -> None:
    assert json.loads(bare_desk.ok("pack", "schema"))["required"]


def test_a_file_that_is_not_there_is_said(bare_desk: Desk) -> None:
    assert bare_desk.run("pack", "check", "nowhere.toml").code == PackError.exit_code
