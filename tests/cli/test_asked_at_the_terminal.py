"""What has to be typed is asked for at a terminal, and nowhere else; and what a no does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from appliance.errors import InputUnreadable, UsageError
from tests.conftest import Desk

CLI = [sys.executable, "-m", "appliance.cli.main"]


def alone(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command without a terminal, a passphrase or anything on standard input."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("APPLIANCE_")}
    return subprocess.run(
        [*CLI, "--home", str(home), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_passphrase_that_nobody_can_type_is_asked_for_by_name(bare_desk: Desk) -> None:
    ran = alone(bare_desk.home, "init")
    assert ran.returncode == UsageError.exit_code
    assert "nobody is at a terminal" in ran.stderr
    assert "--passphrase-file" in ran.stderr
    assert "Warning" not in ran.stderr


def test_a_document_is_erased_when_somebody_says_yes(
    desk: Desk, folder_of: Callable[..., Path]
) -> None:
    desk.ok("collection", "create", "acme")
    desk.ok("ingest", str(folder_of("in", lease="The lease ends in May.")), "-c", "acme")
    nobody = desk.run("delete", "lease.txt")
    assert nobody.code == UsageError.exit_code
    assert "--yes" in nobody.err
    no = desk.run("delete", "lease.txt", stdin="n\n")
    assert no.code == 1
    assert "Erase lease.txt?" in no.err
    assert "Nothing was erased." in no.err
    assert "lease.txt" in desk.ok("list")
    assert desk.run("delete", "lease.txt", stdin="y\n").code == 0
    assert "lease.txt" not in desk.ok("list")


def test_a_folder_that_is_not_there_leaves_no_empty_results(desk: Desk, tmp_path: Path) -> None:
    desk.ok("collection", "create", "acme")
    asked = ("-c", "acme", "--ask", "When?", "--out", str(tmp_path / "results"))
    assert desk.run("process", str(tmp_path / "none"), *asked).code == InputUnreadable.exit_code
    assert not (tmp_path / "results").exists()
