"""audit review: an officer looks at a sample of the log, writes notes, and signs it off."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.app.work.report import visible
from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.officers import key_options, opener_of
from appliance.cli.session import json_option, note, opens_store, text_argument
from appliance.errors import ReviewOverdue

if TYPE_CHECKING:
    from appliance.app.oversight.reviewing import Due, ReviewShown, Sampled
    from appliance.app.view import Appliance
    from appliance.audit.private import Opener

review_option = click.option(
    "--review", type=int, default=0, help="Number of the review [default: your own open one]."
)


@click.group("review", cls=Group)
def review_command() -> None:
    """Review the log: a sample that is drawn and not chosen, notes, and a sign-off.

    Every step is a record of the log itself. What you did yourself is left to another officer.
    """


@review_command.command("start")
@click.option("--risky", default=20, show_default=True, help="So many, the riskier ones rather.")
@click.option("--random", "chance", default=10, show_default=True, help="So many of the others.")
@json_option
@opens_store
def start(appliance: Appliance, risky: int, chance: int, as_json: bool) -> None:
    """Begin a review of all that nobody reviewed yet.

    Broken glass, changed keys and policies and whatever must never happen are always in the sample.

    \b
    Examples:
      appliance audit review start
      appliance audit review start --risky 50 --random 50
    """
    begun = appliance.reviews.start(risky, chance)
    if as_json:
        emit_json(begun)
        return
    note(f"Review {begun.number}: {begun.events} of {begun.pool} events.")
    if begun.own:
        note(f"{begun.own} events of your own are left to another officer.")
    note("`appliance audit review next` shows them one by one.")


@review_command.command("next")
@review_option
@click.option("--event", type=int, help="Look at this one again.")
@key_options
@json_option
@opens_store
def look(
    appliance: Appliance,
    review: int,
    event: int | None,
    with_key: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Show the next event of the sample in a plain sentence; that you looked is on record.

    \b
    Examples:
      appliance audit review next
      appliance audit review next --key      # with what was asked, opened by your officer's key
    """
    opener = opener_of(appliance, with_key, key_file)
    if event is None:
        found = appliance.reviews.next(review)
    else:
        found = appliance.reviews.look(event, review)
    if found is None and not as_json:
        note("Every event of the sample was looked at: `appliance audit review sign`.")
    elif found is None:
        emit_json(None)
    else:
        _tell(appliance, found, opener, as_json=as_json)


@review_command.command("note")
@click.argument("event", type=int)
@click.argument("text")
@click.option("--concern", is_flag=True, help="This has to be followed up.")
@review_option
@opens_store
def write(appliance: Appliance, event: int, text: str, concern: bool, review: int) -> None:
    """Write a note on EVENT; TEXT is sealed to the officers. - reads it from standard input.

    \b
    Examples:
      appliance audit review note 4711 "asked anna: the patient was transferred"
      appliance audit review note 4718 - --concern
    """
    appliance.reviews.note(event, text_argument(text), concern=concern, review=review)
    note(f"Noted on event {event}.")


@review_command.command("sign")
@click.option("--statement", default="", help="What you find; sealed to the officers. - reads it.")
@review_option
@json_option
@opens_store
def sign(appliance: Appliance, statement: str, review: int, as_json: bool) -> None:
    """Sign your review off, once every event of the sample was looked at.

    \b
    Example:
      appliance audit review sign --statement "nothing to follow up"
    """
    said = text_argument(statement) if statement else ""
    signed = appliance.reviews.sign(said, review)
    if as_json:
        emit_json(signed)
    else:
        note(f"Review {signed.number} is signed off: {signed.looked} events, {_notes(signed)}.")


@review_command.command("list")
@json_option
@opens_store
def list_reviews(appliance: Appliance, as_json: bool) -> None:
    """List every review, with its notes when it is printed as JSON.

    \b
    Example:
      appliance audit review list
    """
    found = appliance.reviews.reviews()
    if as_json:
        emit_json(found)
        return
    rows = [
        (
            one.number,
            one.by,
            one.began[:19],
            one.signed[:19] or "OPEN",
            f"{one.looked} of {one.events}",
            one.pool,
            _notes(one),
        )
        for one in found
    ]
    table(("review", "by", "began (UTC)", "signed", "looked at", "drawn from", "notes"), rows)


@review_command.command("due")
@click.option("--strict", is_flag=True, help="Exit with 25 where a review is overdue.")
@json_option
@opens_store
def due(appliance: Appliance, strict: bool, as_json: bool) -> None:
    """Show when the next review is due, and what else waits for officers.

    \b
    Example:
      appliance audit review due --strict
    """
    found = appliance.reviews.due()
    if as_json:
        emit_json(found)
    else:
        click.echo(_said(found))
    if strict and (found.overdue or found.glass):
        raise ReviewOverdue(
            "a review of the log or of broken glass is overdue",
            remedy="an officer: `appliance audit review start`, `appliance break-glass list`",
        )


def _tell(appliance: Appliance, found: Sampled, opener: Opener | None, *, as_json: bool) -> None:
    from appliance.audit.sentences import sentence
    from appliance.dossier.telling import names_of

    names = names_of(appliance.evidence.names(), appliance.evidence.shelves())
    said = opener.open(found.event.record) if opener else {}
    told = sentence(found.event, names, said)
    if as_json:
        shown = {field.name: getattr(found, field.name) for field in fields(found)}
        emit_json({**shown, "sentence": told, "said": dict(said)})
        return
    why = ", ".join(found.reasons) or "nothing in particular"
    click.secho(f"Event {found.event.seq} ({found.place} of {found.of})", bold=True)
    click.echo(told)
    click.secho(f"  in the sample: {found.manner}; worth a look: {why}", dim=True)
    for name, text in said.items():
        click.echo(f"  {name}: {visible(text)}")
    note(f"`appliance audit review note {found.event.seq} TEXT` writes a note.")


def _notes(one: ReviewShown) -> str:
    return f"{len(one.notes)} note(s), {one.concerns} to follow up"


def _said(found: Due) -> str:
    state = "OVERDUE since" if found.overdue else "due by"
    return (
        f"The next review is {state} {found.until}; {found.open} open, "
        f"{found.concerns} concern(s) to follow up, {found.glass} opening(s) of broken glass."
    )
