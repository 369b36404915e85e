"""factor: a one-time code beside the account, asked for where most is at stake."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from appliance.cli.listing import Group
from appliance.cli.session import note, opens_store
from appliance.errors import FactorNeeded

if TYPE_CHECKING:
    from appliance.app.view import Appliance

TRIES = 3  # at the terminal


@click.group("factor", cls=Group)
def factor_command() -> None:
    """Set up a second factor: a program on your phone that shows one-time codes.

    Whoever has one is asked for a fresh code before breaking glass, exporting, changing policies
    and removing audit records.
    """


@factor_command.command("enrol")
@opens_store
def enrol(appliance: Appliance) -> None:
    """Set up your own second factor, or another one in place of it.

    Read the code with an authenticator program, or type the letters into it; no network is
    needed. The factor is in force once you have given a code that it shows.

    \b
    Example:
      appliance factor enrol
    """
    from appliance.printing import qr

    made = appliance.factors.enrol()
    if sys.stdout.isatty():
        click.echo(qr.text(made.address))
    click.echo(made.secret)
    if not sys.stdin.isatty():
        note("Put it in force: `appliance factor confirm CODE`.")
        return
    for left in range(TRIES - 1, -1, -1):
        try:
            appliance.factors.confirm(str(click.prompt("Code that it shows", err=True)))
            break
        except FactorNeeded as error:
            if not left:
                raise
            note(error.message)
    click.clear()
    note("Your second factor is in force.")


@factor_command.command("confirm")
@click.argument("shown", metavar="CODE")
@opens_store
def confirm(appliance: Appliance, shown: str) -> None:
    """Put a second factor in force by a code that it shows.

    \b
    Example:
      appliance factor confirm 123456
    """
    appliance.factors.confirm(shown)
    note("Your second factor is in force.")


@factor_command.command("check")
@click.argument("shown", metavar="CODE")
@opens_store
def check(appliance: Appliance, shown: str) -> None:
    """Try a code of your second factor; a code can be used once.

    \b
    Example:
      appliance factor check 123456
    """
    appliance.factors.check(shown)
    note("The code is right.")


@factor_command.command("remove")
@click.argument("who", default="")
@opens_store
def remove(appliance: Appliance, who: str) -> None:
    """Remove your own second factor, or as an administrator that of WHO, who lost it.

    \b
    Examples:
      appliance factor remove --code 123456
      appliance factor remove ben
    """
    appliance.factors.remove(who)
    note("The second factor is removed.")
