"""audit show, verify: what was done, and proof that the record is whole."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.evidence import export, report
from appliance.cli.listing import Group
from appliance.cli.officers import key_command, key_options, opener_of
from appliance.cli.progress import track
from appliance.cli.retention import retention_command
from appliance.cli.reviewing import review_command
from appliance.cli.session import FOLDER, json_option, opens_store
from appliance.cli.witness import came_back, cosign
from appliance.cli.witness import checkpoint as checkpoint_command
from appliance.errors import UsageError

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.audit.verify import Verdict

_MIB, _LONG = 1 << 20, 32  # of so many a verification takes more than a moment


@click.group("audit", cls=Group)
def audit_command() -> None:
    """Read and verify the audit log."""


for command in (
    key_command,
    retention_command,
    export,
    report,
    checkpoint_command,
    cosign,
    review_command,
):
    audit_command.add_command(command)


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


def _verdict(appliance: Appliance) -> Verdict:
    """What a verification ends with; says how far it is where that takes more than a moment."""
    with closing(appliance.audit_verifying()) as words:
        found = next(words)
        mib = found.whole // _MIB
        with track("Verifying", mib, "MiB") if mib >= _LONG else nullcontext() as shown:
            told = 0
            while found.verdict is None:
                if shown is not None:
                    for _ in range(told, found.done // _MIB):
                        shown.step()
                told, found = found.done // _MIB, next(words)
    return found.verdict


@audit_command.command("verify")
@click.option("--paper", metavar="CODE", default="", help="Compare with a printed page.")
@click.option("--size", type=click.IntRange(0), help="With --paper: its number of records.")
@click.option(
    "--checkpoint", type=FOLDER, help="Compare with a checkpoint that was kept elsewhere."
)
@json_option
@opens_store
def verify(
    appliance: Appliance, paper: str, size: int | None, checkpoint: Path | None, as_json: bool
) -> None:
    """Check every record against the tree and its signed checkpoint; names the first bad one.

    What witnesses saw is compared as well. With --paper or --checkpoint the log also has to begin
    with exactly the records that were on the page or under the checkpoint.

    \b
    Examples:
      appliance audit verify --json
      appliance audit verify --paper ABCD-EFGH-IJKL-MNOP --size 4711
    """
    if bool(paper) != (size is not None):
        raise UsageError("--paper and --size belong together", remedy="as the page shows them")
    verdict = _verdict(appliance)
    seen = appliance.witnessing.verify()
    compared = []
    if size is not None:
        compared.append(appliance.witnessing.compare_paper(paper, size))
    if checkpoint is not None:
        compared.append(appliance.witnessing.compare_note(came_back(checkpoint)))
    if as_json:
        found = {field.name: getattr(verdict, field.name) for field in fields(verdict)}
        emit_json({**found, "witnesses": seen, "compared": compared})
        return
    click.echo(f"{verdict.records} records verify; root {verdict.root}.")
    for one in seen:
        click.echo(f"They begin with the {one.size} records that {one.name} saw at {one.time}.")
    for other in compared:
        click.echo(f"They begin with the {other.size} records that were kept elsewhere.")
