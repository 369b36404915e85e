"""What opens a store, as commands are given it: a passphrase, or key shares of several custodians.

Each custodian in turn types a share, which is not shown, or brings it in a file.  A share is
checked when it is given, so that the one who gave it can correct it.
"""

from __future__ import annotations

import getpass
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from appliance import config
from appliance.errors import UsageError, WrongPassphrase

if TYPE_CHECKING:
    from appliance.crypto.unseal import Secret, Shares

Command = TypeVar("Command", bound=Callable[..., Any])

LARGEST_SHEET = 64 * 1024  # bytes
TRIES = 5  # at one share, at the terminal


def passphrase_options(command: Command) -> Command:
    """Options that say where the passphrase comes from when nobody is there to type it."""
    command = click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        help="Read the passphrase from this file [env: APPLIANCE_PASSPHRASE_FILE].",
    )(command)
    return click.option(
        "--passphrase-fd", type=int, help="Read the passphrase from this file descriptor."
    )(command)


def secret_options(command: Command) -> Command:
    """Options that say what opens the store; pass them to `read_secret`."""
    options = (
        click.option(
            "--share-file",
            "share_files",
            multiple=True,
            type=click.Path(path_type=Path, readable=False),
            help="Open with key shares: a file with one share; again for each custodian.",
        ),
        click.option(
            "--shares", is_flag=True, help="Open with key shares, typed by each custodian in turn."
        ),
    )
    for option in options:
        command = option(command)
    return passphrase_options(command)


def read_secret(
    home: Path,
    *,
    descriptor: int | None = None,
    file: Path | None = None,
    shares: bool = False,
    share_files: tuple[Path, ...] = (),
) -> Secret:
    """What opens the store of ``home``: a passphrase, unless shares are named or needed.

    Raises:
        UsageError: it cannot be read, a share is not whole, or both are named.
        WrongPassphrase: a share is not of the set that opens this store.
        StoreDamaged: the keyring file is not whole.
    """
    from appliance.cli.session import read_passphrase  # which imports this module

    if (shares or share_files) and (descriptor is not None or file is not None):
        raise UsageError("a passphrase and key shares are named", remedy="name one of them")
    if share_files:
        return _from_files(share_files)
    named = descriptor is not None or file is not None or config.passphrase_file() is not None
    if shares or (not named and _needs_shares(home)):
        return ask_shares(home)
    return read_passphrase(descriptor, file, confirm=False)


def ask_shares(home: Path) -> Shares:
    """Ask so many custodians as are needed, one after the other, at the terminal.

    Raises:
        WrongPassphrase: the store has no key shares.
        UsageError: somebody did not succeed.
    """
    from appliance.crypto.unseal import Shares
    from appliance.store import keyfile

    slots = keyfile.slots(home / "store")
    if not slots.threshold:
        raise WrongPassphrase("this store has no key shares", remedy="give its passphrase")
    given: list[str] = []
    for number in range(1, slots.threshold + 1):
        click.echo(
            f"Custodian {number} of {slots.threshold}: type the words of your share "
            f"(set {slots.set_number}); they are not shown.",
            err=True,
        )
        given.append(ask_share(number, slots.set_number))
    return Shares(tuple(given))


def ask_share(number: int, set_number: int) -> str:
    """Ask for one share until it is whole and of the set.

    Raises:
        UsageError, WrongPassphrase: it is not, after several tries.
    """
    from appliance.crypto.unseal import check_share

    for left in range(TRIES - 1, -1, -1):
        words = typed(f"Share {number}", instead="give each share with --share-file")
        try:
            check_share(words, number, set_number)
        except (UsageError, WrongPassphrase) as error:
            if not left:
                raise
            click.echo(f"{error.message}; try again.", err=True)
        else:
            click.echo(f"Share {number} is whole.", err=True)
            return words
    raise UsageError("no share was given", remedy="try again")


def typed(what: str, *, instead: str, confirm: bool = False) -> str:
    """What somebody types at the terminal without its being shown.

    Raises:
        UsageError: nobody is at a terminal; ``instead`` is the remedy.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)  # it would be shown
        try:
            return str(click.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True))
        except getpass.GetPassWarning:
            raise UsageError(
                "this has to be typed, and nobody is at a terminal", remedy=instead
            ) from None


def _from_files(files: tuple[Path, ...]) -> Shares:
    from appliance.crypto.unseal import Shares

    return Shares(tuple(words_of(file) for file in files))


def words_of(file: Path) -> str:
    """The words on a share sheet: what is neither a number nor in a line that begins with ``#``.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        with file.open("rb") as source:
            untrusted = source.read(LARGEST_SHEET + 1)
        text = untrusted.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{file} cannot be read", remedy="name the file of a share") from None
    if len(untrusted) > LARGEST_SHEET:
        raise UsageError(f"{file} is no share", remedy="name the file of a share")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    words = (word for line in lines for word in line.split())
    return " ".join(word for word in words if not word.rstrip(".").isdecimal())


def _needs_shares(home: Path) -> bool:
    from appliance.store import keyfile

    slots = keyfile.slots(home / "store")
    return bool(slots.threshold) and not slots.passphrase
