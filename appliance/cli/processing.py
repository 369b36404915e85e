"""process: the batch main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json
from appliance.cli.progress import track
from appliance.cli.session import FOLDER, json_option, labels_of, note, opens_store
from appliance.errors import PartialFailure, UsageError

if TYPE_CHECKING:
    from appliance.app import Appliance
    from appliance.batch import Batch, Task
    from appliance.documents import Document
    from appliance.ingest.folder import Listing


@click.command("process")
@click.argument("folder", type=FOLDER)
@click.option("--collection", "-c", required=True, help="The collection that takes the files in.")
@click.option("--label", "-l", multiple=True, metavar="KEY=VALUE", help="Put on every document.")
@click.option("--summarize", is_flag=True, help="Summarise every document.")
@click.option("--extract", multiple=True, metavar="PACK", help="Find the fields of this pack.")
@click.option("--ask", multiple=True, metavar="QUESTION", help="Ask this of every document.")
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="For results.")
@json_option
@opens_store
def process_command(
    appliance: Appliance,
    folder: Path,
    collection: str,
    label: tuple[str, ...],
    summarize: bool,
    extract: tuple[str, ...],
    ask: tuple[str, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Take a folder in and do every task on every document.

    Results are written as they finish: OUT/results.jsonl and one report per document, in clear,
    readable by you alone. A second run does only what is missing.

    \b
    Examples:
      appliance process ./in -c acme --summarize --extract legal/contract --out ./results
      appliance process ./in -c acme --ask "Which law governs?" --out ./results --json
    """
    from appliance.batch import Batch
    from appliance.ingest.folder import walk

    tasks = _tasks(summarize, extract, ask)
    batch = Batch(appliance, collection, tasks, out)
    documents, unread = _ingest(batch, walk(folder), labels_of(label))
    counts = _run(batch, documents, len(tasks))
    counts["files not read"] = unread
    if as_json:
        emit_json(counts)
    else:
        note(", ".join(f"{count} {what}" for what, count in counts.items() if count))
        note(f"Results: {out}")
    bad = unread + counts["failed"]
    if bad:
        raise PartialFailure(
            f"{bad} file(s) or task(s) failed",
            remedy="each is named above and in results.jsonl; run again to retry only these",
        )


def _tasks(summarize: bool, extract: tuple[str, ...], ask: tuple[str, ...]) -> tuple[Task, ...]:
    from appliance.batch import Task, TaskKind
    from appliance.tasks import packs

    for name in extract:  # an unknown pack is an error now, not after an hour of reading
        packs.load(name)
    tasks = [Task(TaskKind.SUMMARIZE)] if summarize else []
    tasks += [Task(TaskKind.EXTRACT, name) for name in dict.fromkeys(extract)]
    tasks += [Task(TaskKind.ASK, question) for question in dict.fromkeys(ask)]
    if not tasks:
        raise UsageError(
            "there is nothing to do", remedy="give --summarize, --extract PACK or --ask QUESTION"
        )
    return tuple(tasks)


def _ingest(
    batch: Batch, found: Listing, labels: tuple[tuple[str, str], ...]
) -> tuple[list[Document], int]:
    documents: dict[str, Document] = {}
    unread = 0
    with track("Reading", len(found.files) + len(found.skipped), "files") as progress:
        for outcome in batch.ingest(found, labels):
            if outcome.document is None:
                unread += 1
                progress.say(f"not read: {outcome.name}: {outcome.reason}")
            else:
                documents[outcome.document.id] = outcome.document
            progress.step()
    return list(documents.values()), unread


def _run(batch: Batch, documents: list[Document], tasks: int) -> dict[str, int]:
    counts = {"done": 0, "kept": 0, "failed": 0}
    with track("Working", len(documents) * tasks, "tasks") as progress:
        for document in documents:
            for outcome in batch.run(document):
                counts[outcome.status] += 1
                if outcome.status == "failed":
                    progress.say(f"failed: {document.name}: {outcome.task.kind}: {outcome.reason}")
                progress.step()
    return counts
