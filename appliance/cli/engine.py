"""engine start, stop, status: the language model's server."""

from __future__ import annotations

import click

from appliance.cli.display import emit_json, table
from appliance.cli.session import json_option, note
from appliance.config import Settings


@click.group("engine")
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
