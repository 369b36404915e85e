"""key: what opens the store: key shares for several custodians, a passphrase, or both."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from appliance.cli.display import emit_json
from appliance.cli.listing import Group
from appliance.cli.session import (
    FOLDER,
    check_new,
    json_option,
    must_exist,
    note,
    read_passphrase,
)
from appliance.cli.unsealing import ask_share, read_secret, secret_options, typed, words_of
from appliance.config import Settings
from appliance.errors import UsageError

if TYPE_CHECKING:
    from appliance.app.governance.custody import Sheet
    from appliance.app.view import Appliance
    from appliance.crypto.unseal import Secret
    from appliance.store.keyfile import Slots


@click.group("key", cls=Group)
def key_command() -> None:
    """Say what opens the store: a passphrase, or key shares held by several custodians.

    These commands open the store themselves; seal the service before.
    """


@key_command.command("status")
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show what opens the store; no secret is asked for.

    \b
    Example:
      appliance key status
    """
    from appliance.store import keyfile

    must_exist(settings)
    found = keyfile.slots(settings.home / "store")
    if as_json:
        emit_json(found)
    else:
        for line in _told(found):
            click.echo(line)


@key_command.command("shares")
@click.option("--threshold", "-t", default=3, show_default=True, help="So many open the store.")
@click.option("--of", "count", default=5, show_default=True, help="So many are made; at most 16.")
@click.option("--out", type=FOLDER, help="Write each share to a file here instead of the screen.")
@secret_options
@click.pass_obj
def shares(settings: Settings, /, threshold: int, count: int, out: Path | None, **how: Any) -> None:
    """Make key shares, any --threshold of which open the store; a set before them ends.

    Each custodian in turn sees a share alone at the screen, writes it down and types it back; with
    --out each share is a file to be carried away. Only then does the store open with them. The
    passphrase stays until `appliance key drop passphrase`.

    \b
    Examples:
      appliance key shares --threshold 3 --of 5
      appliance key shares --threshold 2 --of 3 --out /media/sticks
    """
    from appliance.app.governance import custody
    from appliance.crypto.unseal import draw_shares

    made = draw_shares(threshold, count)
    with _opened(settings, how) as (appliance, secret):
        sheets = custody.sheets(made, appliance.store.store_id)
        if out is None:
            _hand_out(sheets)
        else:
            _write_out(sheets, out)
        custody.put_shares(appliance, secret, made)
    note(f"Set {made.identifier}: any {threshold} of {count} shares open the store.")
    if out is not None:
        note(f"Give each custodian one file of {out}, and leave none there.")


@key_command.command("passphrase")
@click.option("--new-passphrase-file", type=FOLDER, help="Read the new passphrase from this file.")
@secret_options
@click.pass_obj
def passphrase(settings: Settings, /, new_passphrase_file: Path | None, **how: Any) -> None:
    """Let the store open with another passphrase, and no longer with the one before.

    Whoever has an old copy of the store's keyring file can open that copy with the old passphrase.

    \b
    Examples:
      appliance key passphrase
      appliance key passphrase --shares
    """
    from appliance.app.governance import custody

    with _opened(settings, how) as (appliance, secret):
        note("The new passphrase:")
        new = _new_passphrase(new_passphrase_file)
        custody.change_passphrase(appliance, secret, new)
    note("The store opens with the new passphrase.")


@key_command.command("drop")
@click.argument("what", type=click.Choice(["passphrase", "shares"]))
@secret_options
@click.pass_obj
def drop(settings: Settings, /, what: str, **how: Any) -> None:
    """Let the store open no longer with WHAT; it is opened with the other, which stays.

    \b
    Examples:
      appliance key drop passphrase --shares
      appliance key drop shares
    """
    from appliance.app.governance import custody

    how["shares"] = what == "passphrase" and not how["share_files"]
    with _opened(settings, how) as (appliance, secret):
        if isinstance(secret, str) != (what == "shares"):
            raise UsageError(
                "what is to be dropped does not open the store here",
                remedy="open it with what is to stay",
            )
        custody.drop_others(appliance, secret)
    left = "key shares" if what == "passphrase" else "its passphrase"
    note(f"The store opens with {left} only.")


@contextmanager
def _opened(settings: Settings, how: dict[str, Any]) -> Iterator[tuple[Appliance, Secret]]:
    """The store, opened by this process, and the secret that did it."""
    from appliance.app.view import Appliance

    must_exist(settings)
    secret = read_secret(
        settings.home,
        descriptor=how["passphrase_fd"],
        file=how["passphrase_file"],
        shares=how["shares"],
        share_files=how["share_files"],
    )
    with Appliance.open(settings, secret, os.getuid(), "", note) as appliance:
        yield appliance, secret


def _told(found: Slots) -> Iterator[str]:
    yield f"passphrase: {'yes' if found.passphrase else 'none'}"
    if found.threshold:
        yield f"key shares: any {found.threshold} of {found.of}, set {found.set_number}"
    else:
        yield "key shares: none"
    yield f"changed {found.generation - 1} time(s)"


def _hand_out(sheets: tuple[Sheet, ...]) -> None:
    """Show each custodian a share alone, and have it typed back.

    Raises:
        UsageError: nobody sits at a terminal, or somebody did not succeed.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody is at the terminal to see the shares", remedy="run it there, or give --out"
        )
    for sheet in sheets:
        click.prompt(
            f"Custodian {sheet.number} of {sheet.of}: be alone at the screen, then press Enter",
            default="",
            show_default=False,
        )
        click.echo(sheet.text())
        click.prompt("Press Enter when it is written down", default="", show_default=False)
        click.clear()
        click.echo("\x1b[3J", nl=False)  # what was scrolled away, too
        _typed_back(sheet)


def _typed_back(sheet: Sheet) -> None:
    from appliance.crypto.shares import same

    while not same(ask_share(sheet.number, sheet.set_number), " ".join(sheet.words)):
        note("That is another custodian's share; type your own.")


def _write_out(sheets: tuple[Sheet, ...], folder: Path) -> None:
    """One file each, readable by nobody else, durable, and read back.

    Raises:
        UsageError: the folder cannot be written, or holds such files already.
    """
    for sheet in sheets:
        path = folder / f"share-{sheet.number}-of-{sheet.of}-set-{sheet.set_number}.txt"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(sheet.text())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}", remedy="name an empty folder"
            ) from None
        if words_of(path) != " ".join(sheet.words):
            raise UsageError(f"{path} does not read back", remedy="use another medium")


def _new_passphrase(file: Path | None) -> str:
    """From the file, or asked twice; never from the environment, which names the one in force."""
    if file is not None:
        return read_passphrase(None, file, confirm=True)
    new = typed("Passphrase", instead="give --new-passphrase-file", confirm=True)
    check_new(new)
    return new
