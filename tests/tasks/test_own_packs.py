"""Packs of a user: read beside the shipped ones, never in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import PackError
from appliance.tasks import packs

PACK = """name = "local/ship"
title = "Ship"
description = "Ships."
version = 1
sector = "legal"
[[field]]
name = "colour"
title = "Colour"
description = "The colour of the ship."
type = "text"
question = "Which colour?"
cues = ['\\bpainted\\b']
"""


def test_a_pack_in_the_home_folder_is_found_under_local(tmp_path: Path) -> None:
    (tmp_path / "ship.toml").write_text(PACK, "utf-8")
    assert "local/ship" in packs.available(own=tmp_path)
    assert packs.load("local/ship", own=tmp_path).title == "Ship"
    with pytest.raises(PackError):
        packs.load("local/ship")


def test_no_own_pack_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "contract.toml").write_text(PACK.replace("local/ship", "legal/contract"), "utf-8")
    assert packs.load("legal/contract", own=tmp_path).title == "Contract"
    with pytest.raises(PackError, match="name is 'legal/contract'"):
        packs.load("local/contract", own=tmp_path)


def test_the_steps_of_a_cascade_stand_in_order(tmp_path: Path) -> None:
    steps = '[[cascade]]\nstep = "model"\nleast = 0.5\n[[cascade]]\nstep = "pattern"\nleast = 0.5\n'
    head, field = PACK.split("[[field]]")
    (tmp_path / "ship.toml").write_text(f"{head}{steps}[[field]]{field}", "utf-8")
    with pytest.raises(PackError, match="another order"):
        packs.load("local/ship", own=tmp_path)
