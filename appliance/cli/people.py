"""user, role: who is known here, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.session import json_option, note, opens_store

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.store.records import PrincipalRow


@click.group("user", cls=Group)
def user_command() -> None:
    """Say which accounts of the operating system are known here."""


@user_command.command("add")
@click.argument("account")
@click.option("--team", "-t", multiple=True, help="A team they belong to; again for more.")
@click.option(
    "--use", "-u", multiple=True, metavar="PURPOSE", help="What they may give as --purpose."
)
@json_option
@opens_store
def add(
    appliance: Appliance, account: str, team: tuple[str, ...], use: tuple[str, ...], as_json: bool
) -> None:
    """Make an account known; for one that is known, replace its teams and purposes.

    ACCOUNT is a name or a user number of the operating system.

    \b
    Examples:
      appliance user add ben --team trial
      appliance user add dana --use TREATMENT --use PATIENT_REQUEST
    """
    _person(appliance.governing.add_user(account, frozenset(team), frozenset(use)), as_json)


@user_command.command("list")
@json_option
@opens_store
def list_users(appliance: Appliance, as_json: bool) -> None:
    """List everybody who is known here.

    \b
    Example:
      appliance user list --json
    """
    found = appliance.governing.users()
    if as_json:
        emit_json([_plain(row) for row in found])
        return
    rows = [
        (row.uid, row.name, *(", ".join(sorted(w)) for w in (row.roles, row.teams, row.purposes)))
        for row in found
    ]
    table(("uid", "name", "roles", "teams", "purposes"), rows)


@user_command.command("show")
@click.argument("account")
@json_option
@opens_store
def show(appliance: Appliance, account: str, as_json: bool) -> None:
    """Show one person: roles, grants, walls, broken glass.

    \b
    Example:
      appliance user show ben
    """
    found = appliance.governing.user(account)
    if as_json:
        emit_json(found)
        return
    rows = [
        ("uid", str(found.uid)),
        ("name", found.name),
        ("roles", ", ".join(found.roles)),
        ("teams", ", ".join(found.teams)),
        ("purposes", ", ".join(found.purposes)),
    ]
    rows += [
        ("grant", f"{g.relation} of {g.collection} until {g.expires or 'revoked'}")
        for g in found.grants
    ]
    rows += [("wall", f"{w.collection}: {w.reason}") for w in found.walls]
    rows += [("broken glass", f"{o.collection} until {o.expires}") for o in found.openings]
    table(("what", "value"), rows)


@click.group("role", cls=Group)
def role_command() -> None:
    """Give and take roles: operator, officer, administrator, custodian, or your own.

    Nobody holds two of these four. The founder of a store begins as operator and officer; with the
    first administrator the second of these ends.
    """


@role_command.command("grant")
@click.argument("account")
@click.argument("role")
@json_option
@opens_store
def grant(appliance: Appliance, account: str, role: str, as_json: bool) -> None:
    """Give a person a role.

    \b
    Example:
      appliance role grant ben administrator
    """
    _person(appliance.governing.grant_role(account, role), as_json)


@role_command.command("revoke")
@click.argument("account")
@click.argument("role")
@json_option
@opens_store
def revoke(appliance: Appliance, account: str, role: str, as_json: bool) -> None:
    """Take a role from a person, from their next request on.

    \b
    Example:
      appliance role revoke ben operator
    """
    _person(appliance.governing.revoke_role(account, role), as_json)


def _person(row: PrincipalRow, as_json: bool) -> None:
    if as_json:
        emit_json(_plain(row))
    else:
        note(f"{row.name} ({row.uid}): {', '.join(sorted(row.roles)) or 'no role'}.")


def _plain(row: PrincipalRow) -> dict[str, object]:
    return {
        "uid": row.uid,
        "name": row.name,
        "roles": sorted(row.roles),
        "teams": sorted(row.teams),
        "purposes": sorted(row.purposes),
    }
