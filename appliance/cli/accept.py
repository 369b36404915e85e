"""accept: on the customer's own machine, every promise tried and signed on one page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json
from appliance.cli.session import (
    FOLDER,
    embedded_option,
    json_option,
    note,
    open_appliance,
    read_file,
    service,
)
from appliance.cli.unsealing import passphrase_options
from appliance.config import Settings
from appliance.errors import (
    ApplianceError,
    AuditError,
    InputUnreadable,
    PolicyError,
    StoreDamaged,
)

if TYPE_CHECKING:
    from appliance.acceptance.record import Signed

NAME = "accept"  # of the files: accept.json, accept.txt, accept.pdf


@click.command("accept")
@json_option
@click.option("--out", "-o", type=FOLDER, help="Write accept.json, accept.txt and accept.pdf here.")
@click.option(
    "--deep", is_flag=True, help="Also read every file of the release, and restart the engine."
)
@click.option(
    "--unrecorded", is_flag=True, help="Open no store: sign with a key made for this report."
)
@click.option("--check", "checked", type=FOLDER, help="Only check the signature of a report.")
@click.option("--key", default="", help="With --check: the public key, as you wrote it down.")
@passphrase_options
@embedded_option
@click.pass_obj
def accept_command(
    settings: Settings,
    as_json: bool,
    out: Path | None,
    deep: bool,
    unrecorded: bool,
    checked: Path | None,
    key: str,
    passphrase_fd: int | None,
    passphrase_file: Path | None,
    embedded: bool,
) -> None:
    """Try every promise on this machine, measure it, and sign what was found.

    Works without a network, on a store of its own that is removed afterwards. Your store is only
    looked at from outside: its modes, its audit log, its models. Where there is one, the report is
    signed with the key of its audit log and is on record there; otherwise with a key made for the
    report, whose public half is shown. Takes one to three minutes. Success means that every check
    that applies to what is installed was made and passed; else the exit code is 1.

    \b
    Examples:
      appliance accept --out ./acceptance
      appliance accept --unrecorded --json
      appliance accept --check acceptance/accept.json --key 3b6a27bc...
    """
    if checked is not None:
        _check(checked, key, as_json=as_json)
        return
    if out is not None:
        _prepare(out)
    found = _found(
        settings,
        passphrase_fd,
        passphrase_file,
        deep=deep,
        unrecorded=unrecorded,
        embedded=embedded,
    )
    if out is not None:
        _write(out, found)
    if as_json:
        emit_json(found)
    else:
        from appliance.acceptance.sheet import text

        click.echo(text(found), nl=False)
    _answer(found)


def _found(
    settings: Settings,
    descriptor: int | None,
    file: Path | None,
    *,
    deep: bool,
    unrecorded: bool,
    embedded: bool,
) -> Signed:
    from appliance.acceptance.record import signed
    from appliance.acceptance.run import examine

    fault: ApplianceError | None = None
    if not unrecorded and not embedded and service(settings, "") is not None:
        # Trying every promise takes networks and programs, which a service never may.
        note("The service has the store open: the report is signed with a key made for it.")
    elif not unrecorded and (settings.home / "store").is_dir():
        try:
            appliance = open_appliance(settings, descriptor, file, "")
        except (AuditError, StoreDamaged, PolicyError) as error:
            fault = error  # a finding like any other; the report gets a key of its own
        else:
            with appliance:
                return appliance.accept(deep=deep)
    return signed(examine(settings, note, deep=deep, fault=fault))


def _check(file: Path, key: str, *, as_json: bool) -> None:
    from appliance.acceptance.record import LONGEST, check

    record = check(read_file(file, LONGEST), key)
    if as_json:
        emit_json(record)
        return
    note(f"The signature verifies: {record.report.verdict} at {record.report.time}.")
    if not key:
        note(f"It was made with the key {record.public_key}; compare it with the one you trust.")


def _prepare(out: Path) -> None:
    """Find out before the minutes, not after them, that nothing can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{NAME}.json").touch()
    except OSError as error:
        raise _unwritable(out, error) from error


def _write(out: Path, found: Signed) -> None:
    from appliance.acceptance.sheet import pdf, text
    from appliance.plain import to_plain

    spelled = json.dumps(to_plain(found), sort_keys=True) + "\n"
    forms = {"json": spelled.encode(), "txt": text(found).encode(), "pdf": pdf(found)}
    try:
        for suffix, content in forms.items():
            (out / f"{NAME}.{suffix}").write_bytes(content)
    except OSError as error:
        raise _unwritable(out, error) from error
    note(f"Written: {', '.join(str(out / f'{NAME}.{suffix}') for suffix in forms)}")


def _unwritable(out: Path, error: OSError) -> InputUnreadable:
    return InputUnreadable(
        f"{out} cannot be written: {error.strerror}", remedy="name another folder"
    )


def _answer(found: Signed) -> None:
    """The exit code: only PASS is success."""
    report = found.report
    if report.verdict == "PASS":
        return
    named = [f"{c.topic}: {c.name}" for c in report.checks if c.verdict == report.verdict]
    how = "failed" if report.verdict == "FAIL" else "could not be made"
    raise ApplianceError(
        f"{len(named)} check(s) {how}: {'; '.join(named)}", remedy="each has its own above"
    )
