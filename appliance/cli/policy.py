"""policy check: do the policies hold together?"""

from __future__ import annotations

from pathlib import Path

import click

from appliance.cli.display import emit_json
from appliance.cli.session import json_option, note
from appliance.config import Settings
from appliance.errors import PolicyError


@click.group("policy")
def policy_command() -> None:
    """Check the access policies."""


@policy_command.command("check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def check(settings: Settings, folder: Path | None, as_json: bool) -> None:
    """Validate a policy folder and run its examples; by default the one in force.

    \b
    Examples:
      appliance policy check
      appliance policy check ./policies --json
    """
    from appliance.access import policy

    where = folder or settings.home / "policies"
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
