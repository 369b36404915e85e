"""grant, wall, break-glass: what stands between people and collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from appliance.app.work.report import visible
from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.session import json_option, note, opens_store, text_argument

if TYPE_CHECKING:
    from appliance.app.governance.governed import GrantShown, OpeningShown, WallShown
    from appliance.app.view import Appliance

reason_option = click.option(
    "--reason", required=True, help="Why; kept sealed, for those who review it. - reads it."
)


@click.group("grant", cls=Group)
def grant_command() -> None:
    """Say what people and teams are to a collection."""


@grant_command.command("add")
@click.argument("who")
@click.argument("collection")
@click.option(
    "--relation", "-r", default="", help="member, counsel, care_team, office, deal_team, …"
)
@click.option("--contribute", is_flag=True, help="They may put documents in and erase them, too.")
@click.option("--until", default="", metavar="DATE", help="The last day, or a time (ISO 8601).")
@json_option
@opens_store
def add_grant(
    appliance: Appliance,
    who: str,
    collection: str,
    relation: str,
    contribute: bool,
    until: str,
    as_json: bool,
) -> None:
    """Let WHO (a user, or team:NAME) be something to a collection.

    Without --relation it is what is usual in the collection's sector.

    \b
    Examples:
      appliance grant add ben "Smith v. Jones" --contribute
      appliance grant add team:trial "Smith v. Jones" --relation counsel
      appliance grant add dana "Project Elm" --relation wall_crosser --until 2027-03-31
    """
    made = appliance.governing.add_grant(
        who, collection, relation, contributes=contribute, until=until
    )
    _granted([made], as_json, one=True)


@grant_command.command("list")
@json_option
@opens_store
def list_grants(appliance: Appliance, as_json: bool) -> None:
    """List every grant.

    \b
    Example:
      appliance grant list --json
    """
    _granted(list(appliance.governing.grants()), as_json)


@grant_command.command("revoke")
@click.argument("grant")
@json_option
@opens_store
def revoke(appliance: Appliance, grant: str, as_json: bool) -> None:
    """End a grant, from the next request on. GRANT is its id or the beginning of one.

    \b
    Example:
      appliance grant revoke 3fa1
    """
    ended = appliance.governing.revoke_grant(grant)
    if as_json:
        emit_json(ended)
    else:
        note(f"{visible(ended.who)} is no longer {ended.relation} of {visible(ended.collection)}.")


@click.group("wall", cls=Group)
def wall_command() -> None:
    """Keep people and teams from a collection, whatever else they were given."""


@wall_command.command("add")
@click.argument("who")
@click.argument("collection")
@reason_option
@json_option
@opens_store
def add_wall(appliance: Appliance, who: str, collection: str, reason: str, as_json: bool) -> None:
    """Wall WHO (a user, or team:NAME) from a collection.

    \b
    Example:
      appliance wall add ben "Smith v. Jones" --reason "acted for Jones until 2024"
    """
    made = appliance.governing.add_wall(who, collection, text_argument(reason))
    _walled([made], as_json, one=True)


@wall_command.command("list")
@json_option
@opens_store
def list_walls(appliance: Appliance, as_json: bool) -> None:
    """List every wall with its reason.

    \b
    Example:
      appliance wall list
    """
    _walled(list(appliance.governing.walls()), as_json)


@wall_command.command("lift")
@click.argument("wall")
@json_option
@opens_store
def lift(appliance: Appliance, wall: str, as_json: bool) -> None:
    """Take a wall down. WALL is its id or the beginning of one.

    \b
    Example:
      appliance wall lift 3fa1
    """
    lifted = appliance.governing.lift_wall(wall)
    if as_json:
        emit_json(lifted)
    else:
        note(f"{visible(lifted.who)} is no longer walled from {visible(lifted.collection)}.")


@click.group("break-glass", cls=Group)
def break_glass_command() -> None:
    """Open a patient's record in an emergency; an officer reviews it afterwards."""


@break_glass_command.command("open")
@click.argument("collection")
@reason_option
@click.option("--minutes", default=60, show_default=True, help="For so long; at most 60.")
@json_option
@opens_store
def open_glass(
    appliance: Appliance, collection: str, reason: str, minutes: int, as_json: bool
) -> None:
    """Open a record that is not yours. It is on record at once, and a wall still holds.

    \b
    Example:
      appliance break-glass open "Patient 118" --purpose TREATMENT --reason "unconscious in the ER"
    """
    opened = appliance.governing.open_glass(collection, text_argument(reason), minutes)
    if as_json:
        emit_json(opened)
    else:
        click.secho(f"Open until {opened.expires}; an officer will review it.", fg="red", err=True)


@break_glass_command.command("list")
@json_option
@opens_store
def list_openings(appliance: Appliance, as_json: bool) -> None:
    """List who broke the glass, why, and who reviewed it.

    \b
    Example:
      appliance break-glass list
    """
    _opened(list(appliance.governing.openings()), as_json)


@break_glass_command.command("review")
@click.argument("opening")
@json_option
@opens_store
def review(appliance: Appliance, opening: str, as_json: bool) -> None:
    """Say that you looked at an opening. OPENING is its id or the beginning of one.

    \b
    Example:
      appliance break-glass review 3fa1
    """
    seen = appliance.governing.review(opening)
    if as_json:
        emit_json(seen)
    else:
        note(f"The opening of {visible(seen.collection)} by {visible(seen.who)} is reviewed.")


def _granted(found: list[GrantShown], as_json: bool, *, one: bool = False) -> None:
    if as_json:
        emit_json(found[0] if one else found)
        return
    rows = [
        (
            g.id[:8],
            g.who,
            g.relation,
            g.collection,
            "yes" if g.contributes else "",
            g.expires or "revoked",
            g.made_by,
        )
        for g in found
    ]
    table(("id", "who", "is", "of", "contributes", "until", "by"), rows)


def _walled(found: list[WallShown], as_json: bool, *, one: bool = False) -> None:
    if as_json:
        emit_json(found[0] if one else found)
        return
    rows = [(w.id[:8], w.who, w.collection, w.reason, w.made_by, w.made) for w in found]
    table(("id", "who", "walled from", "reason", "by", "since"), rows)


def _opened(found: list[OpeningShown], as_json: bool) -> None:
    if as_json:
        emit_json(found)
        return
    rows = [
        (o.id[:8], o.who, o.collection, o.reason, o.opened, o.expires, o.reviewed_by or "NOBODY")
        for o in found
    ]
    table(("id", "who", "opened", "reason", "at", "until", "reviewed by"), rows)
