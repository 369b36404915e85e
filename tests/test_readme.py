"""The README against the program: commands, exit codes, rooms."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from appliance import errors
from appliance.cli.main import COMMANDS, cli
from appliance.errors import ApplianceError
from scripts import headlines
from scripts.benches.run import with_figures

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    found: list[tuple[str, click.Command]] = []

    def walk(name: str, command: click.Command | None) -> None:
        assert command is not None
        if not isinstance(command, click.Group):
            found.append((name, command))
            return
        for child in command.list_commands(context):
            walk(f"{name} {child}", command.get_command(context, child))

    for name in COMMANDS:
        walk(name, cli.get_command(context, name))
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda v: str(v)[:20])
def test_every_command_is_in_the_readme_and_shows_an_example(
    name: str, command: click.Command
) -> None:
    assert f"`appliance {name}`" in README
    shown = command.help or ""
    assert re.search(r"Examples?:", shown)
    assert f"appliance {name}" in shown or "appliance --home" in shown


def test_what_the_readme_shows_uses_real_commands_and_options() -> None:
    by_name = dict(commands())
    blocks = "\n".join(README.split("## Install")[0].split("```sh")[1:]).replace("\\\n", " ")
    lines = [line for line in blocks.splitlines() if line.startswith("appliance ")]
    assert len(lines) >= 20
    for line in lines:
        words = line.split("#")[0].split()
        names = [" ".join(words[1:end]) for end in (4, 3, 2)]
        name = next(name for name in names if name in by_name)
        options = {o for p in by_name[name].params for o in p.opts}
        assert {w for w in words if w.startswith("--")} <= options, line


def test_the_exit_codes_are_the_real_ones() -> None:
    table = README.split("### Exit codes")[1].split("##")[0]
    shown = {
        int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for code in row.split(",")
    }
    real = {
        cls.exit_code
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, ApplianceError)
    }
    assert shown == real | {0, errors.EXIT_INTERRUPTED, 143}


def test_the_figures_are_the_ones_that_the_bench_published() -> None:
    page = headlines.PAGE.read_text("utf-8")
    assert with_figures(page) == page
    assert headlines.with_headlines(README) == README


def test_every_test_that_backs_a_promise_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", README + (ROOT / "DESIGN.md").read_text("utf-8"))
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_room_and_script_named_is_there() -> None:
    for script in re.findall(r"`?scripts/(\w+)", README):
        assert (ROOT / "scripts" / script).exists(), script
    rooms = README.split("## The rooms")[1].split("```")[1]
    for room in re.findall(r"^  (\w+)/ ", rooms, re.M):
        assert (ROOT / "appliance" / room).is_dir(), room
