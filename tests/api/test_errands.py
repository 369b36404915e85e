"""What the hand of the service does for it, and for which engines only."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import config
from appliance.acceptance import run
from appliance.api import errands
from appliance.attest import parts
from appliance.engine import larger, server
from appliance.errors import InvariantBroken
from appliance.plain import Plain, from_plain, to_plain


def test_the_names_are_those_that_are_asked_for(tmp_path: Path) -> None:
    table = errands.table(config.load(tmp_path, {}))
    assert set(table) == {server.START, server.STOP, parts.TRY, run.EXAMINE}


def test_only_the_services_own_engines_can_be_named(tmp_path: Path) -> None:
    settings = replace(config.load(tmp_path / "home", {}), root=tmp_path / "root")
    (settings.models / "large").mkdir(parents=True)
    own: dict[str, Plain] = {"home": str(settings.home), "model": settings.engine.model}
    assert errands.chosen(settings, own) == settings
    other = larger.of(settings, "large")
    asked: dict[str, Plain] = {"home": str(other.home), "model": "large"}
    assert errands.chosen(settings, asked) == other
    for wrong in (
        {**own, "home": "/tmp/evil"},
        {**own, "model": "large"},
        {**asked, "model": "absent"},
        {**asked, "model": "../large"},
        None,
        ["home"],
    ):
        with pytest.raises(InvariantBroken):
            errands.chosen(settings, wrong)  # type: ignore[arg-type]


def test_what_was_tried_survives_the_way_back(tmp_path: Path) -> None:
    tried = parts.attempts(config.load(tmp_path / "home", {}))
    assert from_plain(parts.Tried, json.loads(json.dumps(to_plain(tried)))) == tried
