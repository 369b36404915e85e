"""results, replay, export: what was found before, whether it comes out the same, and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.intake import passwords_of
from appliance.cli.session import json_option, note, opens_store

if TYPE_CHECKING:
    from appliance.app.view import Appliance

DIFFERENT = 1  # exit code: a check failed
SHOWN = 60  # characters of a question


@click.command("results")
@click.option(
    "--limit", "-n", default=20, show_default=True, type=click.IntRange(0), help="So many; 0: all."
)
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
    shown = appliance.questions.results(limit)
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


@click.command("export")
@click.argument("results", nargs=-1, required=True)
@click.option(
    "--format",
    "-f",
    "forms",
    multiple=True,
    type=click.Choice(["html", "csv", "xlsx", "jsonl"]),
    default=("html",),
    show_default=True,
    help="Pages beside the pictures of their pages, tables per pack, or lines; repeatable.",
)
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="A folder.")
@click.option(
    "--passwords",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with a password per line, to draw pages of encrypted originals.",
)
@json_option
@opens_store
def export_command(
    appliance: Appliance,
    results: tuple[str, ...],
    forms: tuple[str, ...],
    out: Path,
    passwords: Path | None,
    as_json: bool,
) -> None:
    """Write kept results to files, in clear, readable by you alone.

    HTML: one page per document that the results cite, each finding beside the page it stands on.
    CSV and XLSX: a table per pack, one row per document, and the evidence of every cell. JSONL:
    everything, for machines. The policy has to permit exporting every document.

    \b
    Examples:
      appliance export 3fa1c0d2 --out ./file
      appliance export 3fa1c0d2 77ab90e1 -f xlsx -f html --out ./file
    """
    from appliance.app.work.exporting import Form
    from appliance.app.work.output import written

    wanted = tuple(Form(form) for form in forms)
    paths: list[Path] = []
    tried = passwords_of(passwords) if passwords else ()
    for made in appliance.export(results, wanted, tried):
        paths += written(out, {made.name: made.content})
    if as_json:
        emit_json([str(path) for path in paths])
    for path in () if as_json else paths:
        note(f"Written: {path}")
    if not paths:
        note("These results have nothing to show in this form.")
