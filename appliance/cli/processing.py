"""process: the batch main job."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json
from appliance.cli.intake import Choices, end, intake_options, show_plan, unread_line
from appliance.cli.progress import track
from appliance.cli.session import json_option, max_risk_option, note, opens_store
from appliance.cli.summing import summary_options
from appliance.errors import UsageError

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.app.work.batch import Batch, Task
    from appliance.ingest.folder import Listing
    from appliance.ingest.watch import HotFolder
    from appliance.tasks.brief import Brief


@click.command("process")
@intake_options
@click.option("--summarize", is_flag=True, help="Summarise every document.")
@summary_options
@click.option("--extract", multiple=True, metavar="PACK", help="Find the fields of this pack.")
@click.option("--ask", multiple=True, metavar="QUESTION", help="Ask this of every document.")
@max_risk_option
@click.option(
    "--format",
    "forms",
    multiple=True,
    type=click.Choice(["html", "csv", "xlsx"]),
    help="Also a page per document beside its pages' pictures, tables per pack; repeatable.",
)
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="For results.")
@json_option
@opens_store
def process_command(
    appliance: Appliance,
    folder: Path,
    collection: str,
    choices: Choices,
    summarize: bool,
    brief: Brief,
    extract: tuple[str, ...],
    ask: tuple[str, ...],
    max_risk: float | None,
    forms: tuple[str, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Take a folder in and do every task on every document.

    Files are read ahead while the tasks of those before are done. Results are written as they
    finish: OUT/results.jsonl and one report per document, in clear, readable by you alone;
    OUT/run.md and OUT/run.json say what became of every file. A second run does only what is
    missing.

    \b
    Examples:
      appliance process ./in -c acme --summarize --extract legal/contract --out ./results
      appliance process ./in -c acme --ask "Which law governs?" --out ./results --json
      appliance process ./in -c acme --extract legal/contract --format html --format xlsx -o out
      appliance process ./inbox -c acme --summarize --out ./results --watch
    """
    from appliance.app.work.batch import Batch, Task, TaskKind
    from appliance.app.work.exporting import Form

    asked = tuple(Task(TaskKind.ASK, question, max_risk) for question in dict.fromkeys(ask))
    tasks = _tasks(brief if summarize else None, extract, asked)
    source = choices.source(folder, out)  # a folder that is not there leaves no empty OUT
    if choices.dry_run:
        show_plan(appliance, source, collection, choices, as_json=as_json)
        return
    appliance.factors.ready()  # each document is exported; nobody may be there when it is
    batch = Batch(appliance, collection, tasks, out, frozenset(map(Form, forms)))
    counts = _run(batch, source, choices)
    if as_json:
        emit_json(counts)
    else:
        note(", ".join(f"{count} {what}" for what, count in counts.items() if count))
        note(f"Results: {out}; what became of each file: {out / 'run.md'}")
    remedy = "each is named above and in run.md; run again to retry only these"
    end(batch.report, remedy)


def _tasks(
    brief: Brief | None, extract: tuple[str, ...], asked: tuple[Task, ...]
) -> tuple[Task, ...]:
    from appliance.app.work.batch import Task, TaskKind

    tasks = [Task(TaskKind.SUMMARIZE, str(brief))] if brief else []
    tasks += [Task(TaskKind.EXTRACT, name) for name in dict.fromkeys(extract)]
    tasks += asked
    if not tasks:
        raise UsageError(
            "there is nothing to do", remedy="give --summarize, --extract PACK or --ask QUESTION"
        )
    return tuple(tasks)


def _run(batch: Batch, source: Listing | HotFolder, choices: Choices) -> dict[str, int]:
    from appliance.app.work.batch import FileDone

    counts = {"done": 0, "kept": 0, "failed": 0, "files not read": 0}
    total = None if choices.watch else len(tuple(source))
    events = batch.run(source, choices.labels, choices.manner())
    with track("Working", total, "files") as progress, closing(events):
        for event in events:
            if isinstance(event, FileDone):
                outcome = event.outcome
                if outcome.unread:
                    counts["files not read"] += 1
                    progress.say(unread_line(outcome))
                pages = (outcome.document.pages or 0) if outcome.document else 0
                progress.step(part=outcome.part, pages=pages)
            else:
                counts[event.status] += 1
                if event.status == "failed":
                    name, kind = event.document.name, event.task.kind
                    progress.say(f"failed: {name}: {kind}: {event.reason}")
    return counts
