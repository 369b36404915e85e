"""audit export, report: what of the log leaves the machine, for auditors and for the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from appliance.cli.display import emit_json
from appliance.cli.officers import key_options, opener_of
from appliance.cli.progress import track
from appliance.cli.session import FOLDER, json_option, note, opens_store
from appliance.errors import UsageError

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.audit.selection import Wanted
    from appliance.dossier.telling import Opening

Command = TypeVar("Command", bound=Callable[..., Any])
Noun = TypeVar("Noun")
REPORTS = ("wall", "patient", "breakglass", "exports", "denials", "admin", "outside-hours")
FORMS = (".txt", ".csv", ".pdf")


def filter_options(command: Command) -> Command:
    """Options that say which events are meant."""
    for option in (
        click.option("--collection", "-c", default="", help="Only what touched this collection."),
        click.option("--what", multiple=True, help="Only this action, such as ask; repeatable."),
        click.option("--who", multiple=True, help="Only this person; repeatable."),
        click.option("--to", "until", default="", help="Until this day or moment, UTC."),
        click.option("--from", "since", default="", help="From this day or moment on, UTC."),
    ):
        command = option(command)
    return command


def _wanted(
    since: str, until: str, who: tuple[str, ...], what: tuple[str, ...], collection: str
) -> Wanted:
    from appliance.audit.codes import ACTIONS
    from appliance.audit.selection import Wanted

    unknown = [action for action in what if action not in ACTIONS]
    if unknown:
        raise UsageError(
            f"there is no action of the name {unknown[0]}",
            remedy="deploy/notes/events.md names them all, such as ask, export, wall_change",
        )
    return Wanted(since, until, who, what, collection).checked()


@click.command("export")
@filter_options
@click.option("--out", "-o", type=FOLDER, required=True, help="A new folder for the evidence.")
@key_options
@json_option
@opens_store
def export(
    appliance: Appliance,
    since: str,
    until: str,
    who: tuple[str, ...],
    what: tuple[str, ...],
    collection: str,
    out: Path,
    with_key: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Write evidence that others can check without this machine: records, proofs, policies.

    The folder holds the records as they stand in the log, tables and other systems' formats made of
    them, a README in plain words, and verify_audit.py, which needs nothing but Python. With --key
    what people asked stands in it in clear; without, it stays sealed.

    \b
    Examples:
      appliance audit export --from 2026-01-01 --to 2026-03-31 --out evidence-q1
      appliance audit export --collection P-118 --key --out evidence-p118
      appliance audit export --who anna --what export --out exports-of-anna --json
    """
    from appliance.dossier import folder
    from appliance.dossier.telling import sealed

    wanted = _wanted(since, until, who, what, collection)
    opening = _opening(appliance, with_key, key_file) or sealed
    found = folder.write(_told(appliance.evidence.gather(wanted)), out, opening)
    if as_json:
        emit_json(found)
        return
    note(f"{found.records} records of {found.events} events: {found.folder}")
    note(f"Check it anywhere: python3 {out / 'verify_audit.py'} --key LOGKEY {out}")
    note("LOGKEY is what `appliance init` showed, and `log-key` in a checkpoint's folder holds.")


@click.command("report")
@click.argument("kind", type=click.Choice(REPORTS))
@filter_options
@click.option("--hours", default="07:00-19:00", show_default=True, help="Working hours.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone of the working hours.")
@click.option("--out", "-o", type=FOLDER, help="Write to this file: .txt, .csv or .pdf.")
@key_options
@json_option
@opens_store
def report(
    appliance: Appliance,
    kind: str,
    since: str,
    until: str,
    who: tuple[str, ...],
    what: tuple[str, ...],
    collection: str,
    hours: str,
    zone: str,
    out: Path | None,
    with_key: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Answer what compliance is asked, in plain sentences; as text, CSV or PDF.

    \b
    wall           did this person ever touch this collection? (--who, --collection)
    patient        who touched this collection, and why? (--collection)
    breakglass     every opening without a grant, and its review
    exports        what left the store
    denials        what was denied
    admin          roles, grants, walls, policies, keys: who changed what
    outside-hours  what was done at night and on weekends (--hours, --zone)

    \b
    Examples:
      appliance audit report wall --who bert --collection Larch --out wall.pdf
      appliance audit report patient --collection P-118 --from 2026-01-01 --key
      appliance audit report outside-hours --zone Europe/Berlin --out nights.csv
    """
    asked = _wanted(since, until, who, what, collection)
    opening = _opening(appliance, with_key, key_file)
    _report(appliance, kind, asked, (hours, zone), out, opening, as_json=as_json)


def _report(
    appliance: Appliance,
    kind: str,
    asked: Wanted,
    working: tuple[str, str],
    out: Path | None,
    opening: Opening | None,
    *,
    as_json: bool,
) -> None:
    from appliance.audit.clock import now
    from appliance.dossier import reports, sheet
    from appliance.dossier.telling import names_of, sealed, tell

    if out is not None and out.suffix not in FORMS:
        raise UsageError("a report is .txt, .csv or .pdf", remedy="name the file so with --out")
    chosen, hours = reports.Kind(kind), reports.Hours.parse(*working)
    records = appliance.evidence.records(reports.wanted(chosen, asked), kind)
    names = names_of(appliance.evidence.names(), appliance.evidence.shelves())
    told = tell(_told(records), names, opening or sealed)
    found = reports.report(chosen, asked, told, now().time, hours)
    if as_json:
        emit_json(reports.plain(found))
    if out is not None:
        from appliance.app.work.output import replaced

        replaced(out, sheet.FORMS[out.suffix](found))
        note(f"{len(found.told)} events: {out}")
    elif not as_json:
        click.echo(sheet.text(found), nl=False)


def _told(streamed: Iterable[Noun]) -> Iterator[Noun]:
    """What streams in, counted for the person who waits."""
    with track("Reading the log", None, "parts") as progress:
        for one in streamed:
            progress.step()
            yield one


def _opening(appliance: Appliance, with_key: bool, key_file: Path | None) -> Opening | None:
    opener = opener_of(appliance, with_key, key_file)
    return opener.open if opener else None
