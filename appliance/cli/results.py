"""results, replay: what was found before, and whether it comes out the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.session import json_option, note, opens_store

if TYPE_CHECKING:
    from appliance.app import Appliance

DIFFERENT = 1  # exit code: a check failed
SHOWN = 60  # characters of a question


@click.command("results")
@click.option("--limit", "-n", default=20, show_default=True, help="So many; 0 means all.")
@json_option
@opens_store
def results_command(appliance: Appliance, limit: int, as_json: bool) -> None:
    """List the answers, summaries and fields that are kept, newest first.

    A result goes when a document that it was made from is erased or replaced.

    \b
    Examples:
      appliance results
      appliance results --limit 0 --json
    """
    found = appliance.questions.results()
    shown = found[:limit] if limit else found
    if as_json:
        emit_json([{"result": row, "request": request} for row, request in shown])
        return
    table(
        ("result", "made (UTC)", "task", "of", "documents"),
        [
            (row.id[:12], row.added[:19], r.kind, r.argument[:SHOWN], len(row.sources))
            for row, r in shown
        ],
    )


@click.command("replay")
@click.argument("result")
@json_option
@opens_store
def replay_command(appliance: Appliance, result: str, as_json: bool) -> None:
    """Make a kept result once more: the same byte for byte, or what has changed.

    RESULT is an id, or its beginning, as `appliance results` shows it. Exit code 1: it differs.

    \b
    Examples:
      appliance replay 3fa1c0d2
      appliance replay 3fa1c0d2 --json
    """
    played = appliance.questions.replay(result)
    if as_json:
        emit_json({"result": played.result, "same": played.same, "changes": played.changes})
    elif played.same:
        click.echo("The same, byte for byte.")
    else:
        click.echo("It comes out differently.")
    if not as_json:
        for change in played.changes:
            note(f"  {change}")
    if not played.same:
        raise click.exceptions.Exit(DIFFERENT)
