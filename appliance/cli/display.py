"""How results look: tables and quotes for people, JSON for machines.

Text that comes from documents is shown without control or format characters, so that no document
can move the cursor, recolour the terminal or hide text in it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence

import click

from appliance.app.work.report import about, place, visible
from appliance.documents import Citation, DocumentId, Passage
from appliance.plain import to_plain
from appliance.results import FieldValue, Statement, Status, Summary


def emit_json(value: object) -> None:
    """One JSON value on standard output."""
    click.echo(json.dumps(to_plain(value), ensure_ascii=False, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table on standard output; where there is nothing to show, one word beside it."""
    rows = list(rows)
    if not rows:
        click.echo("None.", err=True)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in rows:
        shown.add_row(*(_cell(value) for value in row))
    width = None if sys.stdout.isatty() else 120
    Console(width=width, markup=False, highlight=False, emoji=False).print(shown)


def _cell(value: object) -> str:
    from rich.markup import escape

    return escape(visible("" if value is None else str(value)))


def line(
    text: str,
    indent: str = "",
    first: str = "",
    *,
    fg: str | None = None,
    bold: bool = False,
    dim: bool = False,
) -> None:
    """A line of text; on a terminal as many as it takes, each under the beginning of the first."""
    told = f"{indent}{first}{text}"
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        told = click.wrap_text(text, width, indent + first, indent + " " * len(first))
    click.secho(told, fg=fg, bold=bold, dim=dim)


def quote(citation: Citation, name: str, indent: str = "    ") -> None:
    """One verbatim quote and where it stands."""
    line(f"“{visible(citation.quote)}”", indent, fg="cyan")
    line(f"{visible(name)}, {place(citation)}", f"{indent}  ", dim=True)


def statements(found: Sequence[Statement], names: Mapping[DocumentId, str]) -> None:
    """Statements with their evidence."""
    for statement in found:
        line(visible(statement.text), "  ", "• ")
        for citation in statement.citations:
            if visible(citation.quote) == visible(statement.text):
                where = f"{visible(names.get(citation.document, ''))}, {place(citation)}"
                line(where, "      ", dim=True)
            else:
                quote(citation, names.get(citation.document, ""), "      ")


def summary(found: Summary, name: str) -> None:
    """A summary under its headings, and what of the document it stands for."""
    for section in dict.fromkeys(statement.section for statement in found.statements):
        click.secho(visible(section), bold=True)
        group = [statement for statement in found.statements if statement.section == section]
        statements(group, {found.document: name})
    for line in about(found):
        click.secho(line, dim=True, err=True)


def fields(found: Sequence[FieldValue], name: str) -> None:
    """Extracted fields, each with its quote or the reason why nothing is stated."""
    for field in found:
        mark = {Status.FOUND: "✓", Status.CONFLICTING: "≠", Status.NOT_STATED: "-"}[field.status]
        quoted = "; ".join(citation.quote for citation in field.citations)
        spelled = visible(field.normalised or "")
        normalised = f" = {spelled}" if spelled not in {"", visible(quoted)} else ""
        line(
            f"{field.name}{normalised}", "", f"{mark} ", bold=field.status is not Status.NOT_STATED
        )
        if field.status is not Status.FOUND:
            reason = f": {visible(field.reason)}" if field.reason else ""
            line(f"{field.status}{reason}", "    ", dim=True)
        for citation in field.citations:
            quote(citation, name)


def passages(found: Sequence[Passage], names: Mapping[DocumentId, str]) -> None:
    """Search results, best first."""
    for rank, passage in enumerate(found, 1):
        name = visible(names.get(passage.document, ""))
        line(f"{name}, {place(passage)}", "", f"{rank}. ", bold=True)
        if passage.heading:
            line(visible(passage.heading), "   ", dim=True)
        line(visible(passage.text), "   ")
        click.echo()
