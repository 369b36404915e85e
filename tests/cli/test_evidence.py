"""Evidence, reports and witnesses, from the command line to the programs that leave the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Desk


@pytest.fixture
def used(desk: Desk, folder_of: Callable[..., Path]) -> Desk:
    """A store in which something happened."""
    desk.ok("collection", "create", "Larch", "--sector", "legal")
    desk.ok("collection", "create", "Oak")
    desk.ok("ingest", str(folder_of("in", a="The rent is 900 euros.", b="Two.")), "-c", "Larch")
    desk.ok("show", "a.txt")
    assert desk.run("show", "missing.txt").code == 7
    return desk


def check(folder: Path, *arguments: str, python: str = sys.executable) -> tuple[int, str]:
    """Run the folder's own program, with no package in reach."""
    program = [python, "-I", str(folder / "verify_audit.py"), str(folder), *arguments]
    ran = subprocess.run(program, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def exported(desk: Desk, folder: Path, *arguments: str) -> Path:
    desk.ok("audit", "export", "--out", str(folder), *arguments)
    return folder


def test_an_export_verifies_with_python_alone(used: Desk, tmp_path: Path) -> None:
    folder = exported(used, tmp_path / "evidence")
    code, said = check(folder, "--key", (folder / "log-key").read_text())
    assert code == 0, said
    assert "VERIFIED" in said
    assert "a whole stretch" in said
