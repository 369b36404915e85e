"""What commands share: the passphrase, the open appliance, ``--json``, progress."""

from __future__ import annotations

import functools
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from appliance import config
from appliance.cli.unsealing import read_secret, secret_options, typed
from appliance.config import Settings
from appliance.errors import (
    FactorNeeded,
    InputUnreadable,
    ServiceUnavailable,
    StoreMissing,
    UsageError,
)

if TYPE_CHECKING:
    from appliance.app.view import Appliance


LONGEST_PASSPHRASE = 4096  # bytes
SHORTEST_PASSPHRASE = 8  # characters
UNTYPED = "give --passphrase-file or --passphrase-fd, or set APPLIANCE_PASSPHRASE_FILE"

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON, for machines."
)
# Whether it is there and may be read is said by what reads it, with an exit code of its own.
FOLDER = click.Path(path_type=Path, readable=False)
collection_option = click.option("--collection", "-c", help="Only in this collection.")
collections_option = click.option(
    "--collection", "-c", "collections", multiple=True, help="Only in this collection; repeatable."
)


def _number(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):  # lies in every range
        raise click.BadParameter("nan is no share", context, option)
    return value


max_risk_option = click.option(
    "--max-risk",
    type=click.FloatRange(0, 1),
    callback=_number,
    metavar="SHARE",
    help="Withhold answers of which more than this share were wrong where it was measured "
    "[default: 0.4 for quoted sentences; figures and verdicts of studies show their risk].",
)


embedded_option = click.option(
    "--embedded", is_flag=True, help="Open the store here, even where the service answers."
)


def opens_store(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the open appliance as its first argument, and close it afterwards.

    Where the resident service answers, the command gets that: it cannot tell the two apart.
    """

    @secret_options
    @embedded_option
    @click.option("--code", default="", help="A one-time code of your second factor.")
    @click.option("--purpose", default="", help="Purpose of use, for the policy and the record.")
    @click.pass_obj
    @functools.wraps(command)
    def wrapped(
        settings: Settings,
        /,
        *arguments: Any,
        passphrase_fd: int | None,
        passphrase_file: Path | None,
        shares: bool,
        share_files: tuple[Path, ...],
        purpose: str,
        code: str,
        embedded: bool,
        **options: Any,
    ) -> Any:
        opened = None if embedded else service(settings, purpose)
        opened = opened or open_appliance(
            settings,
            passphrase_fd,
            passphrase_file,
            purpose,
            shares=shares,
            share_files=share_files,
        )
        with opened as appliance:
            if code:
                show_factor(appliance, code)
            return with_factor(appliance, code, lambda: command(appliance, *arguments, **options))

    return wrapped


def with_factor(appliance: Appliance, code: str, run: Callable[[], Any]) -> Any:
    """Run a command; where it needs a second factor and none was given, ask, and run it again.

    It is refused before anything is done, so it can be run again as it was.

    Raises:
        FactorNeeded: nobody is at the terminal, or what they gave is not right.
    """
    try:
        return run()
    except FactorNeeded as error:
        if code or not sys.stdin.isatty():
            raise
        note(f"{error.message[:1].upper()}{error.message[1:]}.")
        show_factor(appliance, str(click.prompt("Code", err=True)))
        return run()


def show_factor(appliance: Appliance, code: str) -> None:
    """Give the code of a second factor once, for all that the command does.

    Raises:
        FactorNeeded: it is not right.
        NotFound: this person has none.
    """
    shown = appliance.factors.check(code)
    carry = getattr(appliance, "carry", None)
    if carry is not None:  # a service knows the command by several connections
        carry(shown)


def service(settings: Settings, purpose: str) -> Appliance | None:
    """The appliance behind the resident service's socket; None where none answers.

    Raises:
        ServiceUnavailable: it may not be used, or it is not the service of this home.
    """
    if not settings.service_socket.exists():  # the rooms that talk to it load slowly
        return None
    from appliance.api.remote import reached

    home = None if settings.service.socket else settings.home  # whoever named it vouches for it
    return reached(settings.service_socket, purpose, note, home=home)


def open_appliance(
    settings: Settings,
    descriptor: int | None,
    file: Path | None,
    purpose: str,
    *,
    shares: bool = False,
    share_files: tuple[Path, ...] = (),
) -> Appliance:
    """Ask for what opens the store, and open it as the person who runs this process."""
    from appliance.app.view import Appliance

    must_exist(settings)  # before asking for a passphrase in vain
    secret = read_secret(
        settings.home, descriptor=descriptor, file=file, shares=shares, share_files=share_files
    )
    return Appliance.open(settings, secret, os.getuid(), purpose, note)


def must_exist(settings: Settings) -> None:
    """Whether there is a store to open here.

    Raises:
        ServiceUnavailable: a service was named and is not there, and neither is a store.
        StoreMissing: there is none.
    """
    if (settings.home / "store").is_dir():
        return
    # Whoever named a service is given no hint to make another store beside the one meant.
    if settings.service.socket and not _answers(settings.service_socket):
        raise ServiceUnavailable(
            f"no service answers at {settings.service_socket}",
            remedy="whoever keeps the store starts it with `appliance serve`",
        )
    raise StoreMissing(
        f"there is no store at {settings.home}",
        remedy="this opens the store itself: name its folder with --home"
        if settings.service.socket
        else "run `appliance init`, or name another place with --home",
    )


def _answers(path: Path) -> bool:
    """Whether somebody listens at this socket; one that was killed leaves its socket behind."""
    if not path.exists():
        return False
    from appliance.api.remote import connected

    try:
        connected(path).close()
    except ConnectionRefusedError:
        return False
    except OSError:  # it may not be used: somebody is there
        return True
    return True


def read_passphrase(descriptor: int | None, file: Path | None, *, confirm: bool) -> str:
    """The passphrase, from a descriptor, a file, or the terminal.

    Raises:
        UsageError: it cannot be read, is empty, or a new one is too short.
    """
    file = file or config.passphrase_file()
    try:
        if descriptor is not None:
            with os.fdopen(descriptor, "rb", closefd=False) as source:
                passphrase = _first_line(source.read(LONGEST_PASSPHRASE))
        elif file is not None:
            with file.open("rb") as source:
                passphrase = _first_line(source.read(LONGEST_PASSPHRASE))
        else:
            passphrase = typed("Passphrase", instead=UNTYPED, confirm=confirm)
    except (OSError, UnicodeDecodeError) as error:
        where = f" from {file}" if file is not None and descriptor is None else ""
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"the passphrase cannot be read{where}: {why}",
            remedy="check --passphrase-fd or --passphrase-file",
        ) from error
    if confirm:
        check_new(passphrase)
    return passphrase


def check_new(passphrase: str) -> None:
    """Raises UsageError where a new passphrase is too short."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise UsageError(
            f"a passphrase needs at least {SHORTEST_PASSPHRASE} characters",
            remedy="five random words are easy to remember and hard to guess",
        )


def _first_line(data: bytes) -> str:
    return data.decode("utf-8").split("\n", 1)[0].rstrip("\r")


def confirmed(question: str) -> bool:
    """What somebody at the terminal says to a question.

    Raises:
        UsageError: nobody is there.
    """
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise UsageError(
            "this asks first, and nobody is at a terminal", remedy="give --yes"
        ) from None


def note(line: str) -> None:
    """One line for the person who waits, apart from the results."""
    click.echo(line, err=True)


def read_file(path: Path, most: int, remedy: str = "") -> bytes:
    """A small file that came from elsewhere, one byte past ``most`` at most.

    Raises:
        InputUnreadable: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
        raise InputUnreadable(reason, remedy=remedy) from error


def text_argument(value: str) -> str:
    """An argument's text, or standard input when it is ``-``.

    Raises:
        UsageError: it is empty, or no UTF-8.
    """
    try:
        text = sys.stdin.read() if value == "-" else value
        text.encode()
    except UnicodeError as error:
        raise UsageError("the question is no UTF-8", remedy="see `locale`, or type it") from error
    if not text.strip():
        raise UsageError("the question is empty", remedy="give it in quotes, or `-` and stdin")
    return text.strip()


def labels_of(values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """``k=v`` options as sorted pairs.

    Raises:
        UsageError: one has no ``=`` or an empty key, or a key comes twice.
    """
    pairs = [value.partition("=") for value in values]
    if any(not key or not mark for key, mark, _ in pairs):
        raise UsageError("a label needs the form key=value", remedy="--label kind=contract")
    if len({key for key, _, _ in pairs}) < len(pairs):
        raise UsageError("a label is given twice", remedy="give each key once")
    return tuple(sorted((key, value) for key, _, value in pairs))
