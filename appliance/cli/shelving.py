"""collection, list, show, delete: what stands in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from appliance.app.work.report import visible
from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.session import (
    collection_option,
    confirmed,
    json_option,
    labels_of,
    note,
    opens_store,
)
from appliance.documents import SECTORS

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.app.work.coverage import Coverage
    from appliance.documents import Document, Gap, ParsedDocument


UNDONE = 1  # exit code: it was not said yes to


@click.group("collection", cls=Group)
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


@collection_command.command("label")
@click.argument("name")
@click.argument("label", nargs=-1, required=True)
@json_option
@opens_store
def label(appliance: Appliance, name: str, label: tuple[str, ...], as_json: bool) -> None:
    """Label a collection and so every document in it; KEY= takes a label away.

    \b
    Examples:
      appliance collection label "Smith v. Jones" hold=yes
      appliance collection label "Smith v. Jones" hold=
    """
    labelled = appliance.governing.label(name, dict(labels_of(label)))
    if as_json:
        emit_json(labelled)
    else:
        words = ", ".join(f"{key}={value}" for key, value in labelled.labels)
        note(f"The collection {visible(labelled.name)}: {visible(words) or 'no labels'}.")


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
    names = {document.id: document.name for document in found}
    rows = [
        (
            document.id[:8],
            document.name,
            _kind(document.media_type),
            document.pages,
            document.characters,
            document.gaps or "",
            ", ".join(document.flags),
            names.get(document.parent, "") if document.parent else "",
        )
        for document in found
    ]
    columns = ["id", "name", "type", "pages", "characters", "gaps", "flags", "in"]
    used = [any(row[at] not in {"", None} for row in rows) or at < 6 for at in range(len(columns))]
    table(
        [column for column, use in zip(columns, used, strict=True) if use],
        [[cell for cell, use in zip(row, used, strict=True) if use] for row in rows],
    )


def _kind(media_type: str) -> str:
    """The telling end of a media type: pdf, html, sheet, document."""
    return media_type.rpartition("/")[2].rpartition(".")[2]


@click.command("show")
@click.argument("document")
@click.option("--text", is_flag=True, help="Print the whole text.")
@click.option("--coverage", is_flag=True, help="Print what was read of the file, and what was not.")
@click.option("--hidden", is_flag=True, help="Print the text that the file does not show.")
@json_option
@opens_store
def show_command(
    appliance: Appliance, document: str, text: bool, coverage: bool, hidden: bool, as_json: bool
) -> None:
    """Show one document: its record, what was not read, and with --text its text.

    DOCUMENT is an id, the beginning of one, or a name as `appliance list` shows it.

    \b
    Examples:
      appliance show 3fa1
      appliance show contracts/lease.pdf --text
      appliance show contracts/lease.pdf --coverage --json
    """
    if coverage:
        _show_coverage(appliance.coverage(document), as_json=as_json)
        return
    found, parsed = appliance.show(document)
    if as_json:
        emit_json(
            {
                "document": found,
                "gaps": parsed.gaps,
                "flags": parsed.flags,
                "text": parsed.text if text else None,
                "hidden": parsed.hidden if hidden else None,
            }
        )
    elif hidden:
        _show_hidden(parsed)
    else:
        _show_record(found, parsed)
        for line in parsed.text.split("\n") if text else ():
            click.echo(visible(line))


def _show_record(found: Document, parsed: ParsedDocument) -> None:
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
        ("flags", ", ".join(found.flags)),
    ]
    table(("what", "value"), rows)
    for gap in parsed.gaps:
        click.echo(_gap(gap))


def _show_hidden(parsed: ParsedDocument) -> None:
    """Every line of it is marked, so that it is never taken for text of the document."""
    for piece in parsed.hidden:
        where = f", page {piece.page}" if piece.page else ""
        click.secho(f"hidden text ({piece.why}{where}):", fg="red", bold=True)
        for line in piece.text.split("\n"):
            click.echo(f"  hidden | {visible(line)}")
    if not parsed.hidden:
        note("No hidden text was found in this document.")


def _show_coverage(covered: Coverage, *, as_json: bool) -> None:
    if as_json:
        emit_json(covered)
        return
    rows = [(c.unit, c.seen, c.stored, c.explained, c.unexplained or "") for c in covered.counts]
    table(("what", "in the file", "stored", "explained", "without a reason"), rows)
    for gap in covered.gaps:
        click.echo(_gap(gap))
    if covered.flags:
        click.echo(f"flags: {', '.join(covered.flags)}")
    if covered.hidden:
        click.echo(
            f"hidden texts: {covered.hidden} (`appliance show {covered.document.id[:8]} --hidden`)"
        )
    if covered.parent:
        click.echo(f"lay in: {covered.parent.id[:8]}  {visible(covered.parent.name)}")
    for part in covered.parts:
        click.echo(f"holds: {part.id[:8]}  {visible(part.name)}")
    if not covered.complete:
        click.secho("Something is missing without a known reason.", fg="red", bold=True)
    elif not covered.counts:
        click.echo("This kind of file has no independent count.")
    else:
        click.echo("Everything is stored or explained.")


def _gap(gap: Gap) -> str:
    where = f"page {gap.page}: " if gap.page else ""
    amount = f" ({gap.amount} {gap.unit})" if gap.unit else ""
    return f"not read: {where}{visible(gap.reason)}{amount}"


@click.command("delete")
@click.argument("document")
@click.option("--with-parts", is_flag=True, help="Also erase what was attached to it or lay in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@opens_store
def delete_command(
    appliance: Appliance, document: str, with_parts: bool, yes: bool, as_json: bool
) -> None:
    """Erase one document: its keys are destroyed, then its files.

    \b
    Examples:
      appliance delete 3fa1
      appliance delete mail/offer.eml --with-parts --yes
    """
    if not yes and not confirmed(f"Erase {visible(document)}? This cannot be undone."):
        note("Nothing was erased.")
        raise click.exceptions.Exit(UNDONE)
    erased = appliance.delete(document, with_parts=with_parts)
    if as_json:
        emit_json({"erased": erased[-1].id, "parts": [one.id for one in erased[:-1]]})
    else:
        for one in erased:
            note(f"Document {one.id} is erased.")
