"""The officer's notes name commands that exist and show pictures of the walk."""

from __future__ import annotations

import re

import click

from appliance.cli.main import cli
from tests.console.pictures import PICTURES, SHOWN
from tests.console.test_browser import SHOTS

NOTES = PICTURES.with_suffix(".md").read_text("utf-8")


def test_every_picture_is_there_small_and_of_the_walk() -> None:
    named = re.findall(r"!\[[^]]+\]\(officer/([a-z]+)\.webp\)", NOTES)
    assert tuple(named) == SHOWN
    assert set(named) <= set(SHOTS)
    for name in named:
        assert 4_000 < (PICTURES / f"{name}.webp").stat().st_size < 80_000


def test_every_command_and_option_exists() -> None:
    lines = re.findall(r"^appliance ([^#\n]+)", NOTES, re.M)
    assert len(lines) >= 4
    for line in lines:
        words = line.split()
        command: click.Command | None = cli
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words.pop(0))
        assert command, line
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line
