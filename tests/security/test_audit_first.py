"""Promise P4: no record, no act.

A real process acts three times while one of its system calls on the log fails, or kills it.
Afterwards, for every action that took place there is a durable intent, and for every result that
was released a durable outcome; the log verifies and opens again.  The same without strace: the
kernel refuses to let the file grow, at every length.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.audit.records import Kind
from appliance.audit.verify import verify
from appliance.errors import AuditError
from tests.audit.logbox import LogBox
from tests.security.acting import ACTIONS

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-B", "-m", "tests.security.acting"]  # -B: it may not write whole files
STRACE = shutil.which("strace")


def prepared(folder: Path) -> LogBox:
    for name in ("acted", "released"):
        (folder / name).mkdir(parents=True)
    box = LogBox(folder / "audit")
    box.create().close()
    return box


def run(folder: Path, *before: str, limit: int | None = None) -> int:
    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [*before, *COMMAND, str(folder)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, timeout=300, preexec_fn=limited
    ).returncode


def done(folder: Path, name: str) -> set[int]:
    return {int(path.name) for path in (folder / name).iterdir()}


def check(folder: Path, box: LogBox) -> None:
    """What was done is on record, what was released is on record, and the log is whole."""
    with box.open() as log:
        records = list(log.records())
        verify(box.folder, log.public_key)
    intended = {int(r.documents[0], 16) for r in records if r.kind is Kind.INTENT}
    ended = {
        int(r.documents[0], 16)
        for r in records
        if r.kind is Kind.OUTCOME and r.result and r.result.status == "done"
    }
    assert done(folder, "acted") <= intended
    assert done(folder, "released") <= ended
    answered = {r.of for r in records if r.kind is Kind.OUTCOME}
    assert answered == {r.id for r in records if r.kind is Kind.INTENT}


def test_undisturbed_everything_is_done(tmp_path: Path) -> None:
    box = prepared(tmp_path)
    assert run(tmp_path) == 0
    assert done(tmp_path, "released") == set(range(ACTIONS))
    check(tmp_path, box)


@pytest.mark.parametrize("room", [0, 200, 900, 1500, 2400])
def test_a_file_that_cannot_grow_stops_the_acts(tmp_path: Path, room: int) -> None:
    box = prepared(tmp_path)
    code = run(tmp_path, limit=box.segment.stat().st_size + room)
    assert code == AuditError.exit_code
    assert done(tmp_path, "released") < set(range(ACTIONS))
    check(tmp_path, box)


FAULTS = [
    *(("write", f, n) for f in ("error=EIO", "error=ENOSPC", "signal=KILL") for n in range(1, 7)),
    *(("fdatasync", f, n) for f in ("error=EIO", "signal=KILL") for n in range(1, 7)),
    *((call, f, 1) for call in ("fsync", "rename") for f in ("error=EIO", "signal=KILL")),
]


@pytest.mark.skipif(STRACE is None, reason="strace is not installed: system calls cannot be failed")
@pytest.mark.parametrize(("call", "fault", "number"), FAULTS)
def test_a_failing_system_call_stops_the_acts(
    tmp_path: Path, call: str, fault: str, number: int
) -> None:
    """The ``number``-th such call on the log's files fails, or the process dies in it."""
    box = prepared(tmp_path)
    files = (box.segment, box.folder / "checkpoint", box.folder / "checkpoint.new")
    paths = [word for path in files for word in ("-P", str(path))]
    inject = f"--inject={call}:{fault}:when={number}"
    code = run(tmp_path, str(STRACE), "-f", "-o", "/dev/null", *paths, inject)
    if code not in (AuditError.exit_code, -9, 137):
        pytest.fail(f"the fault did not strike: {code}")
    if call in ("write", "fdatasync"):
        at = (number - 1) // 2  # the action whose intent (odd) or outcome (even) was hit
        assert done(tmp_path, "acted") == set(range(at if number % 2 else at + 1))
        assert done(tmp_path, "released") == set(range(at))
    check(tmp_path, box)
