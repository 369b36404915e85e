"""audit show, verify: what was done, and proof that the record is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.officers import key_command, key_options, opener_of
from appliance.cli.session import json_option, note, opens_store

if TYPE_CHECKING:
    from appliance.app import Appliance


@click.group("audit")
def audit_command() -> None:
    """Read and verify the audit log."""


audit_command.add_command(key_command)


@audit_command.command("show")
@click.option("--last", "-n", default=20, show_default=True, help="So many records; 0 means all.")
@key_options
@json_option
@opens_store
def show(
    appliance: Appliance, last: int, with_key: bool, key_file: Path | None, as_json: bool
) -> None:
    """Show records: who, what, when, on which documents, with what result.

    \b
    Examples:
      appliance audit show
      appliance audit show --last 0 --json
      appliance audit show --key        # with what was asked, opened by your officer's key
    """
    opener = opener_of(appliance, with_key, key_file)
    records = appliance.audit_records(last)
    opened = [dict(opener.open(record)) if opener else {} for record in records]
    if as_json and opener:
        emit_json([{"record": r, "said": o} for r, o in zip(records, opened, strict=True)])
        return
    if as_json:
        emit_json(records)
        return
    rows = [
        (
            r.seq,
            r.time[:19],
            r.kind,
            r.uid,
            r.action,
            len(r.documents) or "",
            r.result.status if r.result else "",
            *(["; ".join(f"{name}: {text}" for name, text in said.items())] if opener else []),
        )
        for r, said in zip(records, opened, strict=True)
    ]
    columns = ("seq", "time (UTC)", "kind", "user", "action", "documents", "result")
    table((*columns, "sealed") if opener else columns, rows)


@audit_command.command("verify")
@json_option
@opens_store
def verify(appliance: Appliance, as_json: bool) -> None:
    """Check every record against the tree and its signed checkpoint; names the first bad one.

    \b
    Example:
      appliance audit verify --json
    """
    verdict = appliance.audit_verify()
    if as_json:
        emit_json(verdict)
    else:
        note(f"{verdict.records} records verify; root {verdict.root}.")
