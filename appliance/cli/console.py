"""console: the officer's pages, on this machine alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.session import embedded_option, must_exist, note
from appliance.cli.unsealing import read_secret, secret_options
from appliance.config import Settings
from appliance.errors import ServiceUnavailable, UsageError

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.console.visit import Open
    from appliance.crypto.unseal import Secret

PORT = 8411


@click.command("console")
@click.option("--port", type=click.IntRange(0, 65535), help=f"On loopback [default: {PORT}].")
@click.option(
    "--socket",
    "path",
    type=click.Path(path_type=Path),
    help="On a Unix socket instead, for the end of an SSH tunnel.",
)
@secret_options
@embedded_option
@click.pass_obj
def console_command(
    settings: Settings,
    port: int | None,
    path: Path | None,
    passphrase_fd: int | None,
    passphrase_file: Path | None,
    shares: bool,
    share_files: tuple[Path, ...],
    embedded: bool,
) -> None:
    """Serve the compliance officer's pages to a browser on this machine, until Ctrl-C.

    They answer on loopback only. From a laptop, use an SSH tunnel, to a port or to a socket. You
    sign in with the passphrase of your officer's key, which `appliance audit key new` makes.

    \b
    Examples:
      appliance console
      appliance console --port 9000
      appliance console --socket ~/console.sock
      ssh -L 8411:/home/olga/console.sock server        (on the laptop; then http://localhost:8411)
    """
    if port is not None and path is not None:
        raise UsageError("--port and --socket exclude each other", remedy="choose one")
    from appliance.console import serving
    from appliance.console.server import application

    def secret() -> Secret:
        return read_secret(
            settings.home,
            descriptor=passphrase_fd,
            file=passphrase_file,
            shares=shares,
            share_files=share_files,
        )

    opened = None if embedded else _behind_the_service(settings)
    with opened or _embedded(settings, secret) as open_appliance:
        listening = (
            serving.on_socket(path) if path else serving.on_port(PORT if port is None else port)
        )
        where = path or f"http://127.0.0.1:{listening.getsockname()[1]}/"
        note(f"The console answers at {where} until Ctrl-C.")
        try:
            serving.serve(application(open_appliance), listening)
        finally:
            if path:
                path.unlink(missing_ok=True)


@contextmanager
def _embedded(settings: Settings, secret: Callable[[], Secret]) -> Iterator[Open]:
    """Views of a store that this process opens."""
    from appliance.app.acts import Via
    from appliance.app.premises import Premises

    must_exist(settings)
    with Premises.open(settings, secret()) as premises:
        yield lambda: premises.of(os.getuid(), "", note, via=Via.CONSOLE)


def _behind_the_service(settings: Settings) -> AbstractContextManager[Open] | None:
    """Views over the resident service's socket; None where none answers there.

    Raises:
        ServiceUnavailable: it may not be used, or it is not the service of this home.
    """
    if not settings.service_socket.exists():
        return None
    from appliance.api.remote import reached
    from appliance.app.acts import Via

    path = settings.service_socket
    home = None if settings.service.socket else settings.home

    def view() -> Appliance:
        found = reached(path, "", note, home=home, via=Via.CONSOLE)
        if found is None:
            raise ServiceUnavailable("the service went away", remedy="`appliance serve`")
        return found

    first = reached(path, "", note, home=home, via=Via.CONSOLE)
    if first is None:
        return None
    first.close()
    return nullcontext(view)
