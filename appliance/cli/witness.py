"""audit checkpoint, cosign: what is carried to a witness outside the machine, and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.display import emit_json
from appliance.cli.session import FOLDER, json_option, note, opens_store, read_file
from appliance.errors import InputUnreadable

if TYPE_CHECKING:
    from appliance.app.view import Appliance

ASKED, NOTE = "add-checkpoint", "checkpoint"  # files of the folder
LONGEST = 1_000_000  # bytes of a file that comes back
MOST = 100  # witnesses in one folder


@click.command("checkpoint")
@click.option("--out", "-o", type=FOLDER, required=True, help="A folder, such as on a USB stick.")
@click.option("--witness", default="", help="Prove growth since this witness looked last.")
@click.option(
    "--since", type=click.IntRange(0), help="Records the witness saw, if it says so itself."
)
@json_option
@opens_store
def checkpoint(
    appliance: Appliance, out: Path, witness: str, since: int | None, as_json: bool
) -> None:
    """Write a signed checkpoint to carry away: for a witness's laptop, and on paper.

    The folder gets witness.py, one file that checks and signs on another machine, and a page with a
    code and a QR code to print, sign and file. Nobody can rewrite what a witness or a sheet of
    paper has seen without being found out.

    \b
    Examples:
      appliance audit checkpoint --out /media/usb/log                # the first time, and for paper
      appliance audit checkpoint --witness anna-laptop --out /media/usb/log
      # on the laptop: python3 witness.py cosign /media/usb/log
      appliance audit cosign --in /media/usb/log
    """
    from appliance.app.oversight import witness_page
    from appliance.app.work.output import written
    from appliance.audit.checkpoint import read_note, read_verifier_key
    from appliance.audit.cosign import paper_code
    from appliance.carried import program

    carried = appliance.witnessing.checkpoint(witness, since)
    signed = read_note(carried.note, read_verifier_key(carried.key)[1])
    page = (signed, carried.note, carried.key, carried.time)
    files = {
        ASKED: carried.request,
        NOTE: carried.note,
        "log-key": f"{carried.key}\n".encode(),
        "checkpoint.txt": witness_page.text(*page),
        "checkpoint.pdf": witness_page.pdf(*page),
        "checkpoint.svg": witness_page.qr(carried.note),
        "witness.py": program("witness.py"),
    }
    written(out, files)
    if as_json:
        emit_json({"folder": str(out), "code": paper_code(signed), **_shown(carried)})
        return
    note(f"{carried.size} records, code {paper_code(signed)}: {out}")
    if not witness:
        note("For a witness: --witness NAME proves that the log only grew since it looked last.")


@click.command("cosign")
@click.option("--in", "folder", type=FOLDER, required=True, help="The folder that came back.")
@json_option
@opens_store
def cosign(appliance: Appliance, folder: Path, as_json: bool) -> None:
    """Take back what witnesses signed: each signature is checked and kept.

    The first key that a witness shows is the one that counts; compare it with the line that
    `witness.py show` prints on the laptop.

    \b
    Example:
      appliance audit cosign --in /media/usb/log
    """
    signed = came_back(folder / NOTE)
    names = sorted(path.name for path in _listed(folder))[:MOST]
    if not names:
        raise InputUnreadable(
            f"nobody has signed in {folder}", remedy="run `python3 witness.py cosign` on it first"
        )
    found = []
    for name in names:
        witness = name.removeprefix("cosignature-")
        key = came_back(folder / f"witness-{witness}").decode("utf-8", "replace")
        found.append(appliance.witnessing.cosign(signed, key, came_back(folder / name)))
    if as_json:
        emit_json(found)
        return
    for one in found:
        note(f"{one.name} saw {one.size} records at {one.time}. Its key: {one.key}")


def _shown(carried: object) -> dict[str, object]:
    return {name: getattr(carried, name) for name in ("size", "since", "key", "time")}


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.glob("cosignature-*"))
    except OSError as error:
        raise InputUnreadable(f"{folder} cannot be read: {error.strerror}") from error


def came_back(path: Path) -> bytes:
    """A small file that came back.  Raises InputUnreadable."""
    return read_file(path, LONGEST, "give the folder that `appliance audit checkpoint` wrote")
