"""init, status, doctor, completion: the store and the machine it stands on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.session import (
    embedded_option,
    json_option,
    note,
    open_appliance,
    opens_store,
    read_passphrase,
    service,
)
from appliance.cli.unsealing import passphrase_options
from appliance.config import Settings
from appliance.errors import ApplianceError

if TYPE_CHECKING:
    from appliance.app.view import Appliance

SHELLS = ("bash", "zsh", "fish")


@click.command("init")
@passphrase_options
@click.pass_obj
def init_command(
    settings: Settings, passphrase_fd: int | None, passphrase_file: Path | None
) -> None:
    """Make a new sealed store and its audit log.

    The passphrase is asked twice and kept nowhere: without it nobody can open the store. You
    become its operator and officer, until `appliance role` divides the two.

    \b
    Examples:
      appliance init
      appliance --home /srv/appliance init --passphrase-fd 3 3<secret
    """
    from appliance.app.view import Appliance

    passphrase = read_passphrase(passphrase_fd, passphrase_file, confirm=True)
    key = Appliance.create(settings, passphrase, os.getuid())
    note(f"A new store stands at {settings.home}.")
    note("Keep the passphrase safe: there is no other way in.")
    note("Write down the key of its audit log, by which others check the record elsewhere:")
    click.echo(key)


@click.command("status")
@json_option
@opens_store
def status_command(appliance: Appliance, as_json: bool) -> None:
    """Show what the store holds and whether the engine runs.

    \b
    Example:
      appliance status --json
    """
    found = appliance.status()
    if as_json:
        emit_json(found)
    else:
        table(("what", "value"), [(name.replace("_", " "), value) for name, value in found.rows()])


@click.command("doctor")
@json_option
@click.option("--deep", is_flag=True, help="Also open the store and check every object and record.")
@passphrase_options
@embedded_option
@click.pass_obj
def doctor_command(
    settings: Settings,
    as_json: bool,
    deep: bool,
    passphrase_fd: int | None,
    passphrase_file: Path | None,
    embedded: bool,
) -> None:
    """Say what is missing or wrong, and what to do about it.

    \b
    Examples:
      appliance doctor
      appliance doctor --deep --json
    """
    from appliance.app.doctor import examine

    findings = examine(settings)
    if deep:
        opened = None if embedded else service(settings, "")
        opened = opened or open_appliance(settings, passphrase_fd, passphrase_file, "")
        with opened as appliance:
            findings += appliance.examined()
    if as_json:
        emit_json(findings)
    else:
        rows = [
            ("ok" if f.right else "WRONG", f.check, f.found, "" if f.right else f.remedy)
            for f in findings
        ]
        table(("", "check", "found", "what to do"), rows)
    wrong = [f.check for f in findings if not f.right]
    if wrong:
        raise ApplianceError(
            f"{len(wrong)} check(s) failed: {', '.join(wrong)}", remedy="see the table above"
        )


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Example:
      appliance completion bash > ~/.local/share/bash-completion/completions/appliance
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    root = ctx.find_root().command
    if kind is not None:
        click.echo(kind(root, {}, "appliance", "_APPLIANCE_COMPLETE").source())
