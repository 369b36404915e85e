"""Hostile files: each ends in an outcome that its class allows, soon, and the reader lives on.

Classes, as the manifest names them.  ``reject``: refused.  ``reject_or_*``: refused, or text.
``needs_password[:word]``: refused without it, read and flagged with it.  ``ingest_text_flag_...``:
text, and the flag of active content.  ``ok``: text, or refused as holding none where the file is
said to be empty.  ``ok_no_*``: text, or refused as holding none.  ``ok_or_partial``, ``any_safe``:
text or a reason.  In every class: an end within `MOST_SECONDS`, no success without text, the same
reader process afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path

from appliance.documents import Flag
from appliance.errors import InputUnreadable, NoText
from appliance.sandbox.outcome import Outcome, error_for
from appliance.sandbox.server import ReaderServer
from scripts.evaluating import confined
from scripts.evaluating.confined import Read
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score, share

MOST_SECONDS = 60.0
LOCKED = {error_for(Outcome.NEEDS_PASSWORD).message, error_for(Outcome.ENCRYPTED).message}
CRASHED = error_for(Outcome.CRASHED).message


def score(data: Path, readers: confined.Readers) -> Result:
    """Every file of ``hostile/manifest.jsonl``."""
    manifest = data / "hostile" / "manifest.jsonl"
    if not manifest.exists():
        return Result()
    rows = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]

    def act(server: ReaderServer, row: dict[str, str]) -> tuple[Read, tuple[str, ...]]:
        return tried(server, manifest.parent / row["file"], row["expected"], row["what"])

    ended = readers.every(rows, act)
    counts = [Count(r["file"], not faults, 1) for r, (_, faults) in zip(rows, ended, strict=True)]
    reads = [read for read, _ in ended]
    slow = sum(read.seconds + read.scan_seconds > MOST_SECONDS for read in reads)
    details = [
        Detail(
            "hostile",
            row["file"],
            (("seconds", round(read.seconds, 2)), ("characters", len(read.text))),
            (row["expected"], read.failure.message if read.failure else "read", *faults),
        )
        for row, (read, faults) in zip(rows, ended, strict=True)
    ]
    scores = [
        share("hostile", "files that end as their class allows", counts, 1.0),
        _none("longer than 60 s", slow, len(rows)),
        _none("reader restarted", sum(read.restarts for read in reads), len(rows)),
        _none("successes without text", sum(map(silent, reads)), len(rows)),
        Score(
            "hostile",
            "children that crashed, contained",
            sum(read.failure is not None and read.failure.message == CRASHED for read in reads),
            "files",
        ),
    ]
    return Result(scores, details)


def _none(name: str, number: int, of: int) -> Score:
    on = f"{of} files"
    return Score("hostile", name, number, "files", target="0", met=not number, on=on)


def tried(
    server: ReaderServer, file: Path, expected: str, what: str
) -> tuple[Read, tuple[str, ...]]:
    """How the file ended, and what of it its class does not allow."""
    data = file.read_bytes()
    first = confined.read(server, data, file.name)
    kind, _, password = expected.partition(":")
    faults = _faults(first, kind, "empty" in what)
    if password:
        wrong = confined.read(server, data, file.name, (password + "x",))
        if wrong.failure is None:
            faults.append("opened with a wrong password")
        opened = confined.read(server, data, file.name, ("not this one", password))
        if not opened.text.strip():
            faults.append("not read with its password")
        elif opened.document and Flag.ENCRYPTED not in opened.document.flags:
            faults.append("not flagged as encrypted")
    return first, tuple(faults)


def _faults(read: Read, kind: str, may_be_empty: bool) -> list[str]:
    faults = []
    if read.seconds + read.scan_seconds > MOST_SECONDS:
        faults.append("slow")
    if read.restarts or not isinstance(read.failure, InputUnreadable | None):
        faults.append("the reader did not survive")
    if silent(read):
        faults.append("success without text")
    if not allowed(read, kind, may_be_empty):
        faults.append(f"not as {kind} allows")
    return faults


def silent(read: Read) -> bool:
    """A success with nothing in it."""
    return read.failure is None and not read.text.strip() and not read.parts


def allowed(read: Read, kind: str, may_be_empty: bool = False) -> bool:
    """Whether a class allows this ending."""
    refused, has_text = read.failure is not None, bool(read.text.strip())
    empty = isinstance(read.failure, NoText)
    flagged = read.document is not None and Flag.ACTIVE in read.document.flags
    endings = {
        "reject": refused,
        "needs_password": read.failure is not None and read.failure.message in LOCKED,
        "ingest_text_flag_active_content": has_text and (flagged or bool(read.parts)),
        "ok": has_text or (may_be_empty and empty),
        "ok_no_external_access": has_text or empty,
        "ok_no_script_execution": has_text or empty,
        "any_safe": refused or has_text or bool(read.parts),
    }
    anything = kind.startswith("reject_") or kind == "ok_or_partial"
    return endings["any_safe" if anything else kind]
