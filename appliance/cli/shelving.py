"""collection, ingest, list, show, delete: what stands in the store."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.progress import track
from appliance.cli.session import (
    FOLDER,
    collection_option,
    json_option,
    labels_of,
    note,
    opens_store,
)
from appliance.documents import SECTORS
from appliance.errors import PartialFailure
from appliance.report import visible

if TYPE_CHECKING:
    from appliance.app import Appliance
    from appliance.ingest.pipeline import FileOutcome


@click.group("collection")
def collection_command() -> None:
    """Make and list collections: a matter, a patient, a deal."""


@collection_command.command("create")
@click.argument("name")
@click.option("--sector", type=click.Choice(SECTORS), default="general", show_default=True)
@json_option
@opens_store
def create(appliance: Appliance, name: str, sector: str, as_json: bool) -> None:
    """Make a collection.

    \b
    Example:
      appliance collection create "Smith v. Jones" --sector legal
    """
    made = appliance.create_collection(name, sector)
    if as_json:
        emit_json(made)
    else:
        note(f"The collection {visible(made.name)} is ready.")


@collection_command.command("list")
@json_option
@opens_store
def list_collections(appliance: Appliance, as_json: bool) -> None:
    """List the collections you may see.

    \b
    Example:
      appliance collection list --json
    """
    found = appliance.collections()
    if as_json:
        emit_json(found)
    else:
        table(("name", "sector", "created"), [(c.name, c.sector, c.created) for c in found])


@click.command("ingest")
@click.argument("folder", type=FOLDER)
@click.option("--collection", "-c", required=True, help="The collection that takes the files in.")
@click.option("--label", "-l", multiple=True, metavar="KEY=VALUE", help="Put on every document.")
@json_option
@opens_store
def ingest_command(
    appliance: Appliance, folder: Path, collection: str, label: tuple[str, ...], as_json: bool
) -> None:
    """Read every file of FOLDER into the sealed store.

    A file that cannot be read is named with its reason and harms no other. Running the command
    again takes only what is new or changed.

    \b
    Examples:
      appliance ingest ./contracts --collection acme
      appliance ingest ./notes -c ward-3 --label classification=confidential --json
    """
    from appliance.ingest.folder import walk

    found = walk(folder)
    outcomes: list[FileOutcome] = []
    with track("Reading", len(found.files) + len(found.skipped), "files") as progress:
        for outcome in appliance.ingest(found, collection, labels_of(label)):
            outcomes.append(outcome)
            if outcome.document is None:
                progress.say(f"not read: {outcome.name}: {outcome.reason}")
            progress.step()
    if as_json:
        emit_json(outcomes)
    else:
        counts = Counter(outcome.taken for outcome in outcomes)
        note(", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no files")
    failed = sum(outcome.document is None for outcome in outcomes)
    if failed:
        raise PartialFailure(
            f"{failed} of {len(outcomes)} files were not read",
            remedy="each is named above with its reason; the others are in the store",
        )


@click.command("list")
@collection_option
@json_option
@opens_store
def list_command(appliance: Appliance, collection: str | None, as_json: bool) -> None:
    """List documents.

    \b
    Example:
      appliance list --collection acme
    """
    found = appliance.documents(collection)
    if as_json:
        emit_json(found)
        return
    rows = [
        (d.id[:8], d.name, _kind(d.media_type), d.pages, d.characters, d.gaps or "") for d in found
    ]
    table(("id", "name", "type", "pages", "characters", "gaps"), rows)


def _kind(media_type: str) -> str:
    """The telling end of a media type: pdf, html, sheet, document."""
    return media_type.rpartition("/")[2].rpartition(".")[2]


@click.command("show")
@click.argument("document")
@click.option("--text", is_flag=True, help="Print the whole text.")
@json_option
@opens_store
def show_command(appliance: Appliance, document: str, text: bool, as_json: bool) -> None:
    """Show one document: its record, what was not read, and with --text its text.

    DOCUMENT is an id, the beginning of one, or a name as `appliance list` shows it.

    \b
    Examples:
      appliance show 3fa1
      appliance show contracts/lease.pdf --text
    """
    found, parsed = appliance.show(document)
    if as_json:
        emit_json({"document": found, "gaps": parsed.gaps, "text": parsed.text if text else None})
        return
    labels = ", ".join(f"{key}={value}" for key, value in found.labels)
    rows = [
        ("id", found.id),
        ("name", found.name),
        ("title", parsed.title),
        ("type", found.media_type),
        ("version", found.version),
        ("added", found.added),
        ("bytes", found.size),
        ("pages", found.pages),
        ("characters", found.characters),
        ("chunks", found.chunks),
        ("labels", labels),
    ]
    table(("what", "value"), rows)
    for gap in parsed.gaps:
        where = f"page {gap.page}: " if gap.page else ""
        click.echo(f"not read: {where}{visible(gap.reason)}")
    if text:
        for line in parsed.text.split("\n"):
            click.echo(visible(line))


@click.command("delete")
@click.argument("document")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@opens_store
def delete_command(appliance: Appliance, document: str, yes: bool, as_json: bool) -> None:
    """Erase one document: its keys are destroyed, then its files.

    \b
    Example:
      appliance delete 3fa1
    """
    if not yes:
        click.confirm("This cannot be undone. Erase the document?", abort=True, err=True)
    erased = appliance.delete(document)
    if as_json:
        emit_json({"erased": erased.id})
    else:
        note(f"Document {erased.id} is erased.")
