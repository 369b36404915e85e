"""The command line's entry: finds the command, runs it, and turns errors into exit codes.

Exit codes are those of ``appliance.errors``; 130 is Ctrl-C, 143 is SIGTERM, 1 is a fault of the
appliance itself, reported without any content.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from appliance import __version__, config, offline
from appliance.cli.conceal import conceal_arguments
from appliance.cli.listing import Group
from appliance.errors import EXIT_INTERRUPTED, ApplianceError, UsageError, unexpected

SECTIONS = {  # heading: {command: its module of cli/}, in the order of the help page
    "A store and its machine": {
        "init": "setting_up",
        "status": "setting_up",
        "doctor": "setting_up",
        "completion": "setting_up",
    },
    "Documents": {
        "collection": "shelving",
        "ingest": "taking",
        "list": "shelving",
        "show": "shelving",
        "delete": "shelving",
    },
    "What they say": {
        "search": "asking",
        "ask": "asking",
        "summarize": "asking",
        "extract": "asking",
        "pack": "packs",
        "process": "processing",
        "results": "results",
        "replay": "results",
        "export": "results",
    },
    "Running": {
        "engine": "engine",
        "serve": "serving",
        "seal": "serving",
    },
    "Who may do what": {
        "user": "people",
        "role": "people",
        "grant": "granting",
        "wall": "granting",
        "break-glass": "granting",
        "policy": "policy",
        "key": "keys",
        "factor": "factors",
    },
    "Record and proof": {
        "audit": "audit",
        "console": "console",
        "attest": "attest",
        "accept": "accept",
    },
}
COMMANDS = {name: module for named in SECTIONS.values() for name, module in named.items()}


class Commands(Group):
    """Commands in the order of use; the module of one loads when it is asked for."""

    def headings(self) -> Mapping[str, Sequence[str]]:
        """The sections of the help page."""
        return {heading: tuple(named) for heading, named in SECTIONS.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        loaded = importlib.import_module(f"appliance.cli.{module}")
        command = getattr(loaded, cmd_name.replace("-", "_") + "_command")
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start: appliance init; appliance collection create NAME --sector legal; "
    "appliance ingest FOLDER --collection NAME; appliance ask 'QUESTION'. "
    "`appliance COMMAND --help` has examples of each; README has the exit codes.",
)
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="Folder of the store and the audit log [env: APPLIANCE_HOME; default: ~/.appliance].",
)
@click.version_option(__version__, prog_name="appliance")
@click.pass_context
def cli(ctx: click.Context, home: Path | None) -> None:
    """Confidential documents, read and questioned on this machine alone.

    Folders of documents go into a sealed store. A local language model summarises them, extracts
    fields and answers questions, every result with verbatim quotes. Every act is on record.
    """
    ctx.obj = config.load(home)


def run() -> None:
    """Run the command line and exit with the code of its result."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code, all messages printed."""
    offline.apply(os.environ)
    conceal_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        code = cli.main(arguments, prog_name="appliance", standalone_mode=False)
    except ApplianceError as error:
        return _report(error, arguments)
    except click.ClickException as error:
        return _from_click(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "\nStopped. What was finished is kept; run the command again to go on.", err=True
        )
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _report(unexpected(error), arguments)
    return code if isinstance(code, int) else 0  # click returns the code of its Exit


def _from_click(error: click.ClickException, arguments: list[str]) -> int:
    if "--json" in arguments:
        return _report(UsageError(error.format_message(), remedy=_help_of(error)), arguments)
    error.show()
    return UsageError.exit_code


def _help_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"see `{context.command_path} --help`" if context else ""


def _report(error: ApplianceError, arguments: list[str]) -> int:
    if "--json" in arguments:
        record = {
            "error": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
            "exit_code": error.exit_code,
        }
        click.echo(json.dumps(record), err=True)
    else:
        click.echo(f"{click.style('Error:', fg='red')} {error.message}", err=True)
        if error.remedy:
            click.echo(f"  What to do: {error.remedy}", err=True)
    return error.exit_code


if __name__ == "__main__":
    run()
