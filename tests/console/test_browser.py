"""The officer's walk in headless Chromium: every page used, nothing asked of any other machine,
nothing that axe-core finds wrong.  Screenshots stay in .local/console.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.walk import CHROMIUM, Walked

ROOT = Path(__file__).parents[2]
OUT = ROOT / ".local" / "console"
SHOTS = (
    "login",
    "overview",
    "timeline",
    "event",
    "person",
    "document",
    "wall",
    "review",
    "evidence",
    "verify",
    "overview-dark",
)
NOBODY_ELSE = re.compile(r"(http://127\.0\.0\.1:\d+/|blob:http://127\.0\.0\.1:\d+/|data:)")

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(),
    reason="there is no /usr/bin/chromium here; scripts/test installs Debian's where it may",
)


@pytest.fixture(scope="module")
def walked() -> Walked:
    """The whole walk, once, in a process and a network of its own."""
    shutil.rmtree(OUT, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.console.walk", str(OUT)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        timeout=3000,  # seventy seconds beside seven other processes
    )
    if done.returncode == 3:
        pytest.skip("this machine permits no network of one's own to put the browser in")
    assert done.returncode == 0, done.stderr[-3000:]
    return Walked(**json.loads((OUT / "walk.json").read_text()))


def test_the_officer_comes_to_the_end_of_the_walk(walked: Walked) -> None:
    assert walked.steps[0] == "wrong_passphrase"
    assert walked.steps[-1] == "sign_out"
    for name in SHOTS:
        assert (OUT / f"{name}.png").stat().st_size > 5_000, name


def test_the_browser_asks_nobody_but_the_console(walked: Walked) -> None:
    assert len(walked.requested) > 50
    assert [url for url in walked.requested if not NOBODY_ELSE.match(url)] == []


def test_the_browser_has_nothing_to_complain_of(walked: Walked) -> None:
    """Nothing that the content security policy stopped, no fault of the script."""
    expected = (
        "status of 403",  # the wrong passphrase
        "Autofocus processing was blocked",  # the walk typed before the page had settled
    )
    complaints = [said for said in walked.complaints if not any(one in said for one in expected)]
    assert complaints == []


def test_the_pages_are_accessible(walked: Walked) -> None:
    assert walked.violations == []


def test_the_evidence_that_was_carried_away_verifies_elsewhere(walked: Walked) -> None:
    assert "evidence/verify_audit.py" in walked.evidence
    assert walked.checked.startswith("0 ")
    assert "VERIFIED" in walked.checked
