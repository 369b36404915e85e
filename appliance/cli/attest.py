"""attest egress, verify: proof that nothing leaves, and the check of an earlier proof."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json, table
from appliance.cli.listing import Group
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
from appliance.errors import ApplianceError, InputUnreadable, InvariantBroken

if TYPE_CHECKING:
    from appliance.attest.record import Signed


@click.group("attest", cls=Group)
def attest_command() -> None:
    """Prove what this machine enforces, in a form that an auditor can keep."""


@attest_command.command("egress")
@json_option
@click.option("--out", type=FOLDER, help="Write the signed record to this file, as JSON.")
@click.option("--page", type=FOLDER, help="Write a page for an auditor to this file, as HTML.")
@click.option(
    "--unrecorded", is_flag=True, help="Only look: open no store, sign nothing, record nothing."
)
@passphrase_options
@embedded_option
@click.pass_obj
def egress(
    settings: Settings,
    as_json: bool,
    out: Path | None,
    page: Path | None,
    unrecorded: bool,
    passphrase_fd: int | None,
    passphrase_file: Path | None,
    embedded: bool,
) -> None:
    """Look at every wall, try every way out, and say whether anything can leave.

    The tries are made only in networks set up for them, towards addresses that belong to nobody.
    Fails with exit code 16 when something is open, and with 1 when something could not be tried.

    \b
    Examples:
      appliance attest egress
      appliance attest egress --out egress.json --page egress.html
      appliance attest egress --unrecorded
    """
    found = _found(
        settings, passphrase_fd, passphrase_file, unrecorded=unrecorded, embedded=embedded
    )
    if out is not None:
        from appliance.plain import to_plain

        _write(out, json.dumps(to_plain(found), sort_keys=True) + "\n")
    if page is not None:
        from appliance.attest.page import page as page_of

        _write(page, page_of(found))
    if as_json:
        emit_json(found)
    else:
        _show(found)
    _answer(found)


@attest_command.command("verify")
@click.argument("file", type=FOLDER)
@click.option("--key", default="", help="The log's public key, as you wrote it down.")
@json_option
def verify(file: Path, key: str, as_json: bool) -> None:
    """Check the signature of a record that `attest egress --out` wrote. Opens no store.

    \b
    Example:
      appliance attest verify egress.json --key 3b6a27bc...
    """
    from appliance.attest.record import LONGEST, check

    record = check(read_file(file, LONGEST), key)
    if as_json:
        emit_json(record)
        return
    found = record.attestation
    note(f"The signature verifies: {found.verdict} at {found.time}.")
    if not key:
        note(f"It was made with the key {record.public_key}; compare it with the one you trust.")


def _found(
    settings: Settings,
    descriptor: int | None,
    file: Path | None,
    *,
    unrecorded: bool,
    embedded: bool,
) -> Signed:
    from appliance.attest.parts import attempts, look

    if not unrecorded:
        opened = None if embedded else service(settings, "")
        own = opened is not None and settings.service_socket.stat().st_uid == os.getuid()
        tried = attempts(settings) if own else None  # the service may be behind more walls
        with opened or open_appliance(settings, descriptor, file, "") as appliance:
            return appliance.attest_egress(tried)
    from appliance.attest.record import Signed, compose

    attestation = compose(settings, look(settings))
    return Signed(attestation, attestation.digest)


def _show(found: Signed) -> None:
    items = found.attestation.items
    rows = [
        (item.verdict, item.part, item.name, item.reason, "" if item.enforced else "observed")
        for item in items
    ]
    table(("", "part", "item", "why", ""), rows)
    note(f"{found.attestation.verdict}: {len(items)} items. Digest {found.digest}.")
    if found.public_key:
        note(f"Signed and on record. Public key {found.public_key}.")


def _answer(found: Signed) -> None:
    """The exit code: only PASS is success."""
    attestation = found.attestation
    named = [
        f"{item.part}: {item.name}" for item in attestation.items if item.verdict == "FAIL"
    ] or [f"{item.part}: {item.name}" for item in attestation.items if item.verdict == "UNKNOWN"]
    if attestation.verdict == "FAIL":
        raise InvariantBroken(f"something can leave: {'; '.join(named)}", remedy="see the table")
    if attestation.verdict == "UNKNOWN":
        raise ApplianceError(
            f"this is no proof, for some of it is not known: {'; '.join(named[:5])}",
            remedy="see the table; network namespaces and a dummy or veth device are needed",
        )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputUnreadable(
            f"{path} cannot be written: {error.strerror}", remedy="name another file"
        ) from error
