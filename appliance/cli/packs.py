"""pack: the field packs there are, whether one holds, and what it finds in a document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.app.work.report import visible
from appliance.cli import display
from appliance.cli.listing import Group
from appliance.cli.session import json_option, opens_store
from appliance.config import Settings
from appliance.errors import PackError

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.results import FieldValue
    from appliance.tasks.extract import Considered

FILE = click.Path(path_type=Path, readable=False)
LONGEST_SHOWN = 200  # characters of one


@click.group("pack", cls=Group)
def pack_command() -> None:
    """Field packs: what to look for in one kind of document.

    A pack is a TOML file. Those of your own stand in the folder `packs` of the home folder, named
    local/NAME. How to write one: appliance/tasks/packs/README.md.
    """


@pack_command.command("list")
@json_option
@click.pass_obj
def list_packs(settings: Settings, as_json: bool) -> None:
    """The packs that `extract --pack` knows.

    \b
    Example:
      appliance pack list
    """
    from appliance.tasks import packs

    own = settings.home / "packs"
    loaded = [packs.load(name, own=own) for name in packs.available(own=own)]
    if as_json:
        display.emit_json(
            [{"name": p.name, "title": p.title, "fields": len(p.fields)} for p in loaded]
        )
        return
    display.table(
        ("pack", "fields", "what for"), [(p.name, len(p.fields), p.description) for p in loaded]
    )


@pack_command.command("schema")
def schema() -> None:
    """The JSON Schema of a pack, for an editor.

    \b
    Example:
      appliance pack schema > pack.schema.json
    """
    from appliance.tasks import packs

    click.echo((packs.FOLDER / "pack.schema.json").read_text("utf-8"), nl=False)


@pack_command.command("check")
@click.argument("file", type=FILE)
@json_option
def check(file: Path, as_json: bool) -> None:
    """Say everything that is wrong with a pack: form, expressions, examples, speed.

    \b
    Example:
      appliance pack check ~/.appliance/packs/charter.toml
    """
    from appliance.tasks.checking import check as checked

    result = checked(file)
    if as_json:
        display.emit_json({"problems": result.problems, "examples": result.examples})
    for problem in () if as_json else result.problems:
        line = f"line {problem.line}: " if problem.line else ""
        field = f"{problem.field}: " if problem.field else ""
        click.echo(f"{line}{visible(field + problem.what)}")
    if result.problems:
        raise PackError(
            f"{file}: {len(result.problems)} problem(s)", remedy="correct them and check again"
        )
    if not as_json and result.pack is not None:
        fields = len(result.pack.fields)
        click.echo(f"{result.pack.name}: {fields} field(s), {result.examples} example(s) hold.")


@pack_command.command("try")
@click.argument("pack")
@click.argument("document")
@json_option
@opens_store
@click.pass_obj
def try_pack(
    settings: Settings, appliance: Appliance, pack: str, document: str, as_json: bool
) -> None:
    """Run a pack on one document: what is found, what was considered, and why not.

    PACK is a file, or the name of a pack that `appliance pack list` shows.

    \b
    Examples:
      appliance pack try charter.toml contracts/lease.pdf
      appliance pack try legal/lease 3fa1
    """
    from appliance.tasks import packs

    own = settings.home / "packs"
    named = pack in packs.available(own=own)
    loaded = packs.load(pack, own=own) if named else packs.read(Path(pack))
    tried = appliance.questions.try_pack(document, loaded)
    if as_json:
        display.emit_json(
            {"document": tried.document, "fields": tried.fields, "considered": tried.considered}
        )
        return
    for field in tried.fields:
        display.fields([field], tried.document.name)
        if field.name in tried.weighed:
            _considered([one for one in tried.considered if one.field == field.name], field)


def _considered(considered: Sequence[Considered], field: FieldValue) -> None:
    """The sentences that were weighed for a field, with their confidence, and the steps taken."""
    for one in considered:
        click.secho(f"    {one.confidence:.2f}  {visible(one.text)[:LONGEST_SHOWN]}", dim=True)
    steps = ", ".join(
        f"{step.name} {'settled' if step.settled else 'left it open'}"
        + (f" ({step.tokens} tokens)" if step.tokens else "")
        for step in field.steps
    )
    if steps:
        click.secho(f"    steps: {steps}", dim=True)
