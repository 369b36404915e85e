"""engine start, stop, status, run: the language model's server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.session import json_option, note
from appliance.config import Settings, notify_address


@click.group("engine", cls=Group)
def engine_command() -> None:
    """Start, stop and see the language model's server.

    It runs apart from this program, in a network namespace that holds nothing but loopback, and
    answers on a Unix socket. Tasks start it by themselves.
    """


@engine_command.command("start")
@click.pass_obj
def start(settings: Settings) -> None:
    """Start the engine and wait until it answers.

    \b
    Example:
      appliance engine start
    """
    from appliance.engine import server

    server.start(settings, note)
    note("The engine is running.")


@engine_command.command("stop")
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the engine; does nothing when it is not running.

    \b
    Example:
      appliance engine stop
    """
    from appliance.engine import server

    server.stop(settings)
    note("The engine is stopped.")


@engine_command.command("status")
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Say whether the engine runs, how it is confined, and with which model.

    \b
    Example:
      appliance engine status --json
    """
    from appliance.engine import server
    from appliance.plain import to_plain

    found = server.status(settings)
    if as_json:
        emit_json(found)
        return
    plain = to_plain(found)
    rows = plain.items() if isinstance(plain, dict) else ()
    table(("what", "value"), [(name.replace("_", " "), value) for name, value in rows])


@engine_command.command("run")
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    help="Where it answers [default: as the settings say].",
)
@click.option("--shared", is_flag=True, help="Let the group of the socket use it, too.")
@click.pass_obj
def run(settings: Settings, socket: Path | None, shared: bool) -> None:
    """Serve in the foreground, for a service manager; needs no store and no passphrase.

    Says READY=1 to the service manager when the engine answers, and ends the engine when it is
    ended itself.

    \b
    Example:
      appliance engine run --socket /run/appliance-engine/engine.sock --shared
    """
    from appliance.engine import service

    if socket:
        engine = replace(settings.engine, socket=str(socket.absolute()))
        settings = replace(settings, engine=engine)
    address = notify_address()
    service.run(settings, note, lambda: service.notify(address, "READY=1"), shared=shared)
