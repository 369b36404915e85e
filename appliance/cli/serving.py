"""serve and seal: the resident service, which holds the keys so that people need not."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance import config
from appliance.cli.session import note, service
from appliance.cli.unsealing import read_secret, secret_options
from appliance.config import Settings
from appliance.errors import EXIT_INTERRUPTED, ApplianceError, InputUnreadable, UsageError
from appliance.unbroken import ENDING

if TYPE_CHECKING:
    from appliance.crypto.unseal import Secret
    from appliance.sandbox.resident import Locked

CREDENTIAL = "passphrase"  # its name in the service manager's folder of credentials
PATIENCE_S = 5.0  # for the process to end by itself once it is sealed
SEALING_S = 60.0


@click.command("serve")
@secret_options
@click.option("--user", default="", help="Become this user first; only root can.")
@click.option("--cold", is_flag=True, help="Start the engine when it is first needed, not now.")
@click.pass_obj
def serve_command(
    settings: Settings,
    user: str,
    cold: bool,
    passphrase_fd: int | None,
    passphrase_file: Path | None,
    shares: bool,
    share_files: tuple[Path, ...],
) -> None:
    """Open the store and answer on a local socket until it is sealed.

    People then need no passphrase: the kernel says who calls, the policies say what they may. Every
    command uses the service where it answers. The secret is typed, comes from a file, a descriptor
    or the service manager's credential "passphrase", or is put together from key shares that
    custodians type in turn. Before the store is opened, the process gives up every right and every
    socket but local ones, in all threads, and proves it.

    \b
    Examples:
      appliance serve
      appliance serve --shares
      appliance serve --user appliance --passphrase-file /root/passphrase
      curl --unix-socket ~/.appliance/run/service.sock http://localhost/v1/models
    """

    def secret() -> Secret:
        return read_secret(
            settings.home,
            descriptor=passphrase_fd,
            file=passphrase_file or _credential(),
            shares=shares,
            share_files=share_files,
        )

    struck = _serve(settings, secret, user=user, engine=not cold)
    for number in ENDING:  # Python gives them back to the system before it ends
        signal.signal(number, signal.SIG_IGN)
    note("Sealed: the keys are forgotten.")
    if struck:
        sys.exit(128 + struck)


def _serve(settings: Settings, secret: Callable[[], Secret], *, user: str, engine: bool) -> int:
    """Serve, and tell the service manager how it stands; the signal that ended it, 0: none did."""
    from appliance.api import starting
    from appliance.engine.service import notify

    address = config.notify_address()

    def ready(locked: Locked) -> None:
        note(f"Locked: {_said(locked)}.")
        note(f"Answering at {settings.service_socket}. `appliance seal` or Ctrl-C ends it.")
        notify(address, "READY=1")

    signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))
    code = 0
    try:
        struck = starting.serve(settings, secret, starting.Wish(user, engine=engine), note, ready)
        code = 128 + struck if struck else 0
        return struck
    except BaseException as error:
        code = _code(error)
        raise
    finally:
        notify(address, "STOPPING=1")
        _end_soon(code)


@click.command("seal")
@click.pass_obj
def seal_command(settings: Settings) -> None:
    """Close the resident service at once; it forgets the keys and ends.

    Officers, administrators and custodians may. What is under way ends as if by Ctrl-C.

    \b
    Example:
      appliance seal
    """
    reached = service(settings, "")
    if reached is None:
        raise UsageError(
            "no service answers here: there is nothing to seal",
            remedy="`appliance serve` starts one; see --home and APPLIANCE_SOCKET",
        )
    with reached as appliance:
        appliance.seal()
    deadline = time.monotonic() + SEALING_S
    while settings.service_socket.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    if settings.service_socket.exists():
        note("The service is being sealed; work under way is coming to its end.")
    else:
        note("Sealed.")


def _credential() -> Path | None:
    """What the service manager hands over, if anything.

    Raises:
        InputUnreadable: it may not be read; nobody is there to type it instead.
    """
    folder = config.credentials()
    if folder is None:
        return None
    file = folder / CREDENTIAL
    try:
        file.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputUnreadable(
            f"the credential {file} cannot be read: {error.strerror}",
            remedy="the unit's LoadCredential= hands it to the account that User= names; "
            "by hand, unset CREDENTIALS_DIRECTORY",
        ) from None
    return file


def _said(locked: Locked) -> str:
    words = [f"as {locked.user}, {locked.refused} address families refused in every thread"]
    words.append("no device but loopback" if locked.network else "behind the filter alone")
    words.append("memory kept from swap" if locked.memory else "memory may be swapped")
    return ", ".join(words)


def _code(error: BaseException) -> int:
    if isinstance(error, ApplianceError):
        return error.exit_code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    return EXIT_INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _end_soon(code: int) -> None:
    """A thread that hangs in a library must not keep a sealed process alive."""
    watch = threading.Timer(PATIENCE_S, os._exit, (code,))
    watch.daemon = True
    watch.start()
