"""A commit that the disk refuses halfway: told as failed, so it must never come back."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.audit.records import Kind
from appliance.store.store import Store
from tests.conftest import ROOT
from tests.security.test_rollback import opened
from tests.store.builders import PASSPHRASE, SMALL

STRACE = shutil.which("strace")
pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

# Changes a role while the disk refuses, says what came of it, and dies.
PROGRAM = """
import json, os, sys
from pathlib import Path
from appliance.errors import StoreDamaged
from tests.security.test_rollback import PERSON, opened

with opened(Path(sys.argv[1])) as (store, log):
    intent, said = log.intent(PERSON, "role_change"), []
    for step in (
        lambda: store.set_roles(1000, frozenset({"operator"})),
        lambda: log.outcome(intent, "failed", error="StoreDamaged"),
        lambda: store.roles(1000),
    ):
        try:
            step()
            said.append("done")
        except StoreDamaged:
            said.append("refused")
    print(json.dumps(said), flush=True)
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    Store.create(home, PASSPHRASE, cost=SMALL).close()
    with opened(home):  # begins the log
        return home


def refused(home: Path, which: str, trace: Path) -> list[str]:
    """What came of a change, of its outcome and of a look.

    Args:
        home: of the store.
        which: synchronisations of the journal fail: "2" or "2+"; the second is that of the commit.
        trace: for what strace writes.
    """
    journal = home / "store" / "catalogue.db-wal"
    inject = f"inject=fsync,fdatasync:error=EIO:when={which}"
    strace = [str(STRACE), "-q", "-f", "-o", str(trace), "-P", str(journal), "-e", inject]
    command = [*strace, sys.executable, "-c", PROGRAM, str(home)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, ran.stderr
    said: list[str] = json.loads(ran.stdout)
    return said


def test_what_was_told_as_failed_stays_undone(home: Path, tmp_path: Path) -> None:
    """The frame of the commit lies whole in the journal; without care the next open takes it."""
    assert refused(home, "2", tmp_path / "trace") == ["refused", "done", "done"]
    with opened(home) as (store, log):
        assert store.roles(1000) == frozenset()
        assert "catalogue_ahead" not in {record.action for record in log.records(Kind.SYSTEM)}
        assert store.verify() == ()


def test_while_it_is_not_known_nothing_is_done_and_nothing_told(home: Path, tmp_path: Path) -> None:
    """The disk goes on refusing: the act stays open, and the next open settles it."""
    assert refused(home, "2+", tmp_path / "trace") == ["refused", "refused", "refused"]
    with opened(home) as (store, log):
        status = [r.result.status for r in log.records(Kind.OUTCOME) if r.result]
        assert status[-1] == "interrupted"
        assert store.verify() == ()
