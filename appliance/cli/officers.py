"""audit key: the officers' keys, which alone open what the audit log seals."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.session import check_new, json_option, note, opens_store
from appliance.cli.unsealing import typed
from appliance.errors import UsageError

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.audit.private import Opener

Command = TypeVar("Command", bound=Callable[..., Any])
LONGEST = 4096  # bytes of a passphrase
key_file_option = click.option(
    "--key-file", type=click.Path(path_type=Path), help="Read your key's passphrase from this file."
)


@click.group("key", cls=Group)
def key_command() -> None:
    """Keys of officers: what people ask is sealed to them, month by month.

    As long as no officer has a key, the store itself can open it; then only officers can.
    """


@key_command.command("new")
@key_file_option
@json_option
@opens_store
def new(appliance: Appliance, key_file: Path | None, as_json: bool) -> None:
    """Make your key, under a passphrase of your own; the one before is retired.

    The private key is made here and kept locked: nobody but you can use it, and nobody can help if
    you forget its passphrase, but another officer can share the periods with your next key.

    \b
    Example:
      appliance audit key new
    """
    from appliance.app.oversight import keyholder

    passphrase = read_key_passphrase(key_file, confirm=True)
    check_new(passphrase)
    made = keyholder.new_key(appliance.officers, passphrase)
    if as_json:
        emit_json(made)
        return
    click.echo(keyholder.name_shown(made))
    note("This is your key's name: tell it to the other officers. A new period has begun.")


@key_command.command("list")
@json_option
@opens_store
def listed(appliance: Appliance, as_json: bool) -> None:
    """Show whose keys there are, and what each of them opens.

    \b
    Example:
      appliance audit key list
    """
    keys, periods = appliance.officers.known_keys(), appliance.officers.periods()
    if as_json:
        emit_json({"keys": keys, "periods": periods})
        return
    rows = [
        (key.name[:8], key.who, key.made, key.retired or "in force", _ranges(key.periods))
        for key in keys
    ]
    table(("key", "officer", "made (UTC)", "retired", "opens periods"), rows)
    held = [period.number for period in periods if period.held]
    gone = [period.number for period in periods if period.destroyed]
    if held:
        note(f"The store itself can open the periods {_ranges(held)}: no officer had a key then.")
    if gone:
        note(f"Nobody can open the periods {_ranges(gone)}: their keys were destroyed.")


@key_command.command("share")
@click.argument("officer")
@click.option("--name", default="", help="What the other officer says their key is called.")
@key_file_option
@json_option
@opens_store
def share(
    appliance: Appliance, officer: str, name: str, key_file: Path | None, as_json: bool
) -> None:
    """Let another officer's key open every earlier period that yours opens.

    Compare the key's name with the other officer first, by word of mouth, and give it as --name.

    \b
    Example:
      appliance audit key share olga --name 5f0c1b2a...
    """
    from appliance.app.oversight import keyholder

    passphrase = read_key_passphrase(key_file)
    named = "".join(name.split())
    shared = keyholder.share(appliance.officers, passphrase, officer, named)
    if as_json:
        emit_json(shared)
    else:
        note(f"{shared.who} opens the periods {_ranges(shared.periods)}.")


@key_command.command("retire")
@click.argument("key")
@json_option
@opens_store
def retire(appliance: Appliance, key: str, as_json: bool) -> None:
    """Seal nothing more to a key, yours or that of an officer who left; a new period begins.

    \b
    Example:
      appliance audit key retire otto
    """
    retired = appliance.officers.retire(key)
    if as_json:
        emit_json(retired)
    else:
        note(f"{retired.who}'s key is retired; it still opens {_ranges(retired.periods)}.")


@key_command.command("destroy")
@click.argument("period", type=int)
@json_option
@opens_store
def destroy(appliance: Appliance, period: int, as_json: bool) -> None:
    """Destroy the key of a period: what was asked in it is gone, the records stay and verify.

    It takes two persons: the first proposes, the second runs the same command within 30 days.
    Copies of the store made before still hold the key.

    \b
    Example:
      appliance audit key destroy 3
    """
    found = appliance.officers.destroy(period)
    if as_json:
        emit_json(found)
    elif found.done:
        note(f"The key of period {period} is destroyed.")
    else:
        note("Proposed. Another officer or administrator runs the same command.")


def key_options(command: Command) -> Command:
    """Options of a command that can open private strings with the officer's key."""
    command = key_file_option(command)
    return click.option(
        "--key", "with_key", is_flag=True, help="Open questions and names with your officer's key."
    )(command)


def opener_of(appliance: Appliance, with_key: bool, key_file: Path | None) -> Opener | None:
    """What opens private strings, where it was asked for; the passphrase may be typed."""
    from appliance.app.oversight import keyholder

    if not with_key and key_file is None:
        return None
    return keyholder.opener(appliance.officers, read_key_passphrase(key_file))


def read_key_passphrase(file: Path | None, *, confirm: bool = False) -> str:
    """The passphrase of the officer's own key, from a file or the terminal.

    Raises:
        UsageError: the file cannot be read.
    """
    if file is None:
        return typed("Passphrase of your officer's key", instead="give --key-file", confirm=confirm)
    try:
        descriptor = os.open(file, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as source:
            return source.read(LONGEST).decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("the passphrase cannot be read", remedy="check --key-file") from error


def _ranges(numbers: tuple[int, ...] | list[int]) -> str:
    """Numbers in words: 1-4, 6."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs) or "none"
