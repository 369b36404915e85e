"""audit retention: how long the log is kept, and its removal by two persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
from appliance.cli.session import json_option, note, opens_store

if TYPE_CHECKING:
    from appliance.app.view import Appliance


@click.group("retention", cls=Group)
def retention_command() -> None:
    """Say how long the log is kept, and remove what is older, two persons together.

    The profile and a longer time stand in appliance.toml under [audit]: profile, keep_years.
    """


@retention_command.command("status")
@json_option
@opens_store
def status(appliance: Appliance, as_json: bool) -> None:
    """Show the full segments of the log and from when on each of them may be removed.

    \b
    Example:
      appliance audit retention status
    """
    kept = appliance.retention.kept()
    if as_json:
        emit_json(kept)
        return
    note(f"Kept for {kept.years} years (profile {kept.profile}); {kept.records} records so far.")
    if not kept.segments:
        note("No segment is full yet; only full ones are ever removed.")
        return
    rows = [
        (
            one.number,
            one.records,
            one.until[:19],
            "removed" if one.removed else one.expires[:10],
            ", ".join(one.proposed_by),
        )
        for one in kept.segments
    ]
    table(("segment", "records", "until (UTC)", "may go from", "proposed by"), rows)


@retention_command.command("remove")
@json_option
@opens_store
def remove(appliance: Appliance, as_json: bool) -> None:
    """Remove the oldest segment, if its time is over; what was signed of it stays.

    It takes two persons: the first proposes, the second runs the same command within 30 days. The
    log verifies afterwards as before; the records of the segment are gone.

    \b
    Example:
      appliance audit retention remove
    """
    found = appliance.retention.remove()
    if as_json:
        emit_json(found)
    elif found.done:
        note(f"Segment {found.segment} with {found.records} records is removed.")
    else:
        note("Proposed. Another officer or administrator runs the same command.")
