"""policy: do the policies hold together, why do they decide so, and how are they changed?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.app.work.report import visible
from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.session import json_option, note, opens_store
from appliance.config import Settings
from appliance.errors import PolicyError

if TYPE_CHECKING:
    from appliance.access.comparing import Why
    from appliance.app.view import Appliance

FOLDER = click.Path(path_type=Path)


@click.group("policy", cls=Group)
def policy_command() -> None:
    """Check, explain and change the access policies."""


@policy_command.command("check")
@click.argument("folder", required=False, type=FOLDER)
@json_option
@click.pass_obj
def check(settings: Settings, folder: Path | None, as_json: bool) -> None:
    """Validate a policy folder and run its examples; by default the one in force.

    \b
    Examples:
      appliance policy check
      appliance policy check ./policies --json
    """
    _check(folder or settings.home / "policies", as_json)


@policy_command.command("test")
@click.argument("folder", required=False, type=FOLDER)
@json_option
@click.pass_obj
def test(settings: Settings, folder: Path | None, as_json: bool) -> None:
    """Run the examples of a policy folder, at least one allowed and one denied per policy.

    \b
    Example:
      appliance policy test ./policies
    """
    from appliance.access import examples

    where = folder or settings.home / "policies"
    _check(where, as_json)
    note(f"{len(examples.load(where))} examples.")


@policy_command.command("explain")
@click.argument("user")
@click.argument("action")
@click.argument("collection")
@json_option
@opens_store
def explain(appliance: Appliance, user: str, action: str, collection: str, as_json: bool) -> None:
    """Say why USER may or may not do ACTION in COLLECTION; --purpose is what they would state.

    \b
    Examples:
      appliance policy explain ben show "Smith v. Jones"
      appliance policy explain dana ask "Patient 118" --purpose TREATMENT
    """
    told = appliance.policing.explain(user, action, collection)
    if as_json:
        emit_json(told)
        return
    for labels, why in told.classes:
        verdict = "may" if why.allow else "may NOT"
        what = f"what is labelled {labels}" if labels else "documents"
        click.secho(
            f"{told.who} {verdict} {told.action} {what} of {visible(told.collection)}.",
            bold=True,
        )
        _reasons(why)


def _reasons(why: Why) -> None:
    for id, description in why.policies:
        click.echo(f"  by policy {id}: {description}")
    if not why.policies:
        click.echo("  no policy permits it")
    for fact in why.facts:
        click.secho(f"    {visible(fact)}", dim=True)
    for change in why.would_help:
        click.echo(f"  it would be permitted with {change}")


@policy_command.command("diff")
@click.argument("new", type=FOLDER)
@json_option
@opens_store
def diff(appliance: Appliance, new: Path, as_json: bool) -> None:
    """List who gains and who loses what if the policies of the folder NEW were in force.

    \b
    Example:
      appliance policy diff ./policies
    """
    from appliance.app.governance.policing import files_of

    found = appliance.policing.diff(files_of(new))
    if as_json:
        emit_json(found)
        return
    alike: dict[tuple[str, ...], list[str]] = {}
    for g in found:
        change = (g.who, "gains" if g.gains else "LOSES", g.action, g.collection, g.labels)
        alike.setdefault(change, []).append(g.purpose or "none")
    rows = [(*change, ", ".join(purposes)) for change, purposes in alike.items()]
    table(("who", "", "action", "collection", "labels", "stated purpose"), rows)
    note(f"{sum(g.gains for g in found)} gained, {sum(not g.gains for g in found)} lost.")


@policy_command.command("apply")
@click.argument("new", type=FOLDER)
@json_option
@opens_store
def apply(appliance: Appliance, new: Path, as_json: bool) -> None:
    """Put the policies of the folder NEW in force: one person proposes, another approves.

    Both run this same command; look at `appliance policy diff` first.

    \b
    Example:
      appliance policy apply ./policies
    """
    from appliance.app.governance.policing import files_of

    applied = appliance.policing.apply(files_of(new))
    if as_json:
        emit_json(applied)
    elif applied.in_force:
        note(f"In force: {applied.policy}.")
    else:
        note(f"Proposed: {applied.policy}.")
        note("Another administrator or officer runs the same command to approve it.")


def _check(where: Path, as_json: bool) -> None:
    from appliance.access import policy

    problems = policy.check(where)
    if as_json:
        emit_json({"folder": str(where), "problems": problems})
    else:
        for problem in problems:
            click.echo(problem)
    if problems:
        raise PolicyError(
            f"{len(problems)} problem(s) in {where}", remedy="correct the policies named above"
        )
    note("The policies validate and every example decides as written.")
