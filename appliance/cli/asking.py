"""search, ask, summarize, extract: what the documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from appliance.cli import display
from appliance.cli.session import (
    collections_option,
    json_option,
    max_risk_option,
    note,
    opens_store,
    text_argument,
)
from appliance.cli.summing import summary_options
from appliance.documents import Document
from appliance.results import Status

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.tasks.brief import Brief


@click.command("search")
@click.argument("question")
@collections_option
@click.option("--limit", "-n", default=5, show_default=True, type=click.IntRange(1, 100))
@json_option
@opens_store
def search_command(
    appliance: Appliance, question: str, collections: tuple[str, ...], limit: int, as_json: bool
) -> None:
    """Find passages, by meaning and by words.

    QUESTION may be `-`: it is read from standard input and stays out of the shell's history.

    \b
    Examples:
      appliance search "who may terminate the agreement" --collection acme
      echo "metformin dose" | appliance search - --json
    """
    found, names = appliance.questions.search(text_argument(question), collections, limit)
    if as_json:
        display.emit_json({"passages": found, "names": names})
    elif found:
        display.passages(found, names)
    else:
        note("Nothing found.")


@click.command("ask")
@click.argument("question")
@collections_option
@click.option("--document", "-d", help="Only this document: an id, its beginning, or a name.")
@max_risk_option
@json_option
@opens_store
def ask_command(
    appliance: Appliance,
    question: str,
    collections: tuple[str, ...],
    document: str | None,
    max_risk: float | None,
    as_json: bool,
) -> None:
    """Answer a question with verbatim quotes, or say that the documents do not contain it.

    Documents of several collections are asked together only where each of them is named.

    Every answer shows its risk: the share of such answers that were wrong on the documents the
    appliance was calibrated with. With --max-risk, what is riskier is withheld, and the risk that
    would have let it pass is named.

    \b
    Examples:
      appliance ask "Which law governs the agreement?" --document 3fa1
      appliance ask "Is there a cap on liability?" --collection acme --max-risk 0.1
      appliance ask "Who is the lessor?" --collection acme --collection bolt
      appliance ask - --collection acme --json < question.txt
    """
    answer, names, result = appliance.questions.ask(
        text_argument(question), collections, document, max_risk
    )
    if as_json:
        display.emit_json({"answer": answer, "names": names, "result": result})
        return
    if answer.status is Status.NOT_STATED:
        click.echo("The documents do not say.")
        if answer.risk is not None and answer.risk < 1:
            note(f"{answer.reason}; with --max-risk {answer.risk:.2g} it would be shown.")
        return
    if answer.status is Status.CONFLICTING:
        click.echo("The documents say different things:")
    display.statements(answer.statements, names)
    if answer.reason:
        note(f"{answer.reason}.")
    if answer.risk is not None:
        note(f"Of such answers, {answer.risk:.0%} were wrong where it was measured.")
    _kept(result)


@click.command("summarize")
@click.argument("document")
@summary_options
@json_option
@opens_store
def summarize_command(appliance: Appliance, document: str, brief: Brief, as_json: bool) -> None:
    """Summarise one document, however long; every sentence carries its evidence.

    The kind of document chooses the sections, or --template does. The last lines say which pages
    and sections are not represented.

    \b
    Examples:
      appliance summarize contracts/lease.pdf
      appliance summarize visit.txt --length short --level plain
      appliance summarize 3fa1 --template judgment --json
    """
    found, summary, result = appliance.questions.summarize(document, brief)
    if as_json:
        display.emit_json({"document": found, "summary": summary, "result": result})
    else:
        display.summary(summary, found.name)
        _warn(found)
        _kept(result)


@click.command("extract")
@click.argument("document")
@click.option("--pack", "-p", required=True, help="The fields to find, such as legal/contract.")
@json_option
@opens_store
def extract_command(appliance: Appliance, document: str, pack: str, as_json: bool) -> None:
    """Find the fields of a pack: each a verbatim span of the document, or not stated.

    \b
    Examples:
      appliance extract contracts/lease.pdf --pack legal/contract
      appliance extract 3fa1 --pack finance/invoice --json
    """
    found, fields, result = appliance.questions.extract(document, pack)
    if as_json:
        display.emit_json({"document": found, "fields": fields, "result": result})
    else:
        display.fields(fields, found.name)
        _warn(found)
        _kept(result)


def _warn(document: Document) -> None:
    """What a person should know of a document before trusting what came of it."""
    if document.flags:
        note(f"Know of this document: {', '.join(document.flags)}.")
    if document.gaps:
        note(f"Not everything of it was read: {document.gaps} gap(s), see `appliance show`.")


def _kept(result: str) -> None:
    if result:
        note(f"Kept as {result[:12]}: `appliance replay` repeats it, `appliance export` writes it.")
