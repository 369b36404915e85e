"""What tests share: a store that opens quickly, and the command line run in this process."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from appliance import config
from appliance.app import Appliance
from appliance.cli.main import main
from appliance.crypto.unseal import Argon2Cost

pytest_plugins = ("tests.engine_fixture",)

settings.register_profile("house", database=None)  # leaves nothing in the checkout
settings.load_profile("house")

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples"
PASSPHRASE = "a passphrase for tests"
QUICK = Argon2Cost(memory_kib=1024, iterations=1, lanes=1)  # real stores use the default


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command left."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Desk:
    """A home folder with a store, and commands on it."""

    home: Path
    passphrase_file: Path
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str, stdin: str = "", passphrase: Path | None = None) -> Ran:
        """Run one command of the real command line in this process."""
        words = list(arguments)
        os.environ["APPLIANCE_PASSPHRASE_FILE"] = str(passphrase or self.passphrase_file)
        before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin.encode()))
        self.capture.readouterr()
        try:
            code = main(["--home", str(self.home), *words])
        finally:
            sys.stdin = before
            del os.environ["APPLIANCE_PASSPHRASE_FILE"]
        shown = self.capture.readouterr()
        return Ran(code, shown.out, shown.err)

    def ok(self, *arguments: str, stdin: str = "") -> str:
        """Run one command that has to succeed; its standard output."""
        ran = self.run(*arguments, stdin=stdin)
        assert ran.code == 0, ran.err
        return ran.out


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with the passphrase."""
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    return path


@pytest.fixture
def bare_desk(tmp_path: Path, secret: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk without a store."""
    return Desk(tmp_path / "home", secret, capsys)


@pytest.fixture
def desk(bare_desk: Desk) -> Desk:
    """A desk with an empty store."""
    Appliance.create(config.load(bare_desk.home), PASSPHRASE, os.getuid(), cost=QUICK)
    return bare_desk


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of text files from ``name=content``."""

    def make(name: str, **files: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for stem, content in files.items():
            (folder / f"{stem}.txt").write_text(content)
        return folder

    return make
