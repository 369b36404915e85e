"""ingest: a folder into the sealed store."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json
from appliance.cli.intake import Choices, end, intake_options, show_plan, unread_line
from appliance.cli.progress import track
from appliance.cli.session import json_option, note, opens_store

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.app.work.run_report import RunReport
    from appliance.ingest.folder import Listing
    from appliance.ingest.jobs import FileOutcome
    from appliance.ingest.watch import HotFolder


@click.command("ingest")
@intake_options
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a report of the run here, as JSON, and beside it as Markdown.",
)
@json_option
@opens_store
def ingest_command(
    appliance: Appliance,
    folder: Path,
    collection: str,
    choices: Choices,
    report: Path | None,
    as_json: bool,
) -> None:
    """Read every file of FOLDER into the sealed store.

    A file that cannot be read is named with its reason and harms no other. What lies in a file
    (attachments, members of an archive) becomes a document of its own. Running the command again
    takes only what is new or changed.

    \b
    Examples:
      appliance ingest ./contracts --collection acme
      appliance ingest ./notes -c ward-3 --label classification=confidential --json
      appliance ingest ./inbox -c acme --watch --exclude '*.zip' --report ./run.json
    """
    from appliance.app.work.run_report import RunReport

    reports = _reports(report)
    source = choices.source(folder, *reports)
    if choices.dry_run:
        show_plan(appliance, source, collection, choices, as_json=as_json)
        return
    kept = RunReport("ingest", collection)
    try:
        outcomes = _ingest(appliance, source, collection, choices, kept)
        kept.finish()
    finally:
        if reports:
            kept.write(*reports)
    if as_json:
        emit_json(outcomes)
    else:
        counts = Counter(outcome.taken for outcome in outcomes)
        note(", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no files")
    end(kept, "each is named above with its reason; the others are in the store")


def _reports(report: Path | None) -> tuple[Path, ...]:
    """The JSON and the Markdown of one report, whichever was named."""
    if report is None:
        return ()
    as_json = report.with_suffix(".json") if report.suffix == ".md" else report
    return as_json, as_json.with_suffix(".md")


def _ingest(
    appliance: Appliance,
    source: Listing | HotFolder,
    collection: str,
    choices: Choices,
    kept: RunReport,
) -> list[FileOutcome]:
    files = appliance.ingest(source, collection, choices.labels, choices.manner())
    total = None if choices.watch else len(tuple(source))
    outcomes = []
    with track("Reading", total, "files") as progress, closing(files):
        for outcome in files:
            kept.add(outcome)
            outcomes.append(outcome)
            if outcome.unread:
                progress.say(unread_line(outcome))
            progress.step(part=outcome.part, pages=_pages(outcome))
    return outcomes


def _pages(outcome: FileOutcome) -> int:
    return (outcome.document.pages or 0) if outcome.document else 0
