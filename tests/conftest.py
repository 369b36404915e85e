"""What tests share: a store that opens quickly, and the command line run in this process."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from appliance import config
from appliance.app.view import Appliance
from appliance.cli.main import main
from appliance.crypto.unseal import Argon2Cost
from appliance.errors import ApplianceError

pytest_plugins = ("tests.engine_fixture",)

# The same examples in each run, however slow the machine is; nothing is left in the checkout.
settings.register_profile(
    "house",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
# A shell ignores Ctrl-C for what it starts in the background, and so would all that we start.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples"
PASSPHRASE = "a passphrase for tests"
QUICK = Argon2Cost(memory_kib=1024, iterations=1, lanes=1)  # real stores use the default


BOTH_WAYS = ("tests.cli.", "tests.test_main_job.", "tests.test_bad_input.")  # see `way`
ONE_WAY = ("tests.cli.test_keys.",)  # the service has no keys to give
EMBEDDED, SERVED = "embedded", "served"
REAL_UID = os.getuid()
FOUNDER = REAL_UID or 1  # root reads nothing over a service; another account founds the store then


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The whole suite of the command line runs embedded and against a service."""
    module = f"{metafunc.module.__name__}."
    both = module.startswith(BOTH_WAYS) and not module.startswith(ONE_WAY)
    if "way" in metafunc.fixturenames and both:
        metafunc.parametrize("way", [EMBEDDED, SERVED], indirect=True)


@pytest.fixture
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How commands reach the store: they open it, or a service that has it open answers."""
    chosen: str = getattr(request, "param", EMBEDDED)
    if chosen == SERVED:
        monkeypatch.setattr("os.getuid", lambda: FOUNDER)
    return chosen


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
    way: str = EMBEDDED

    @contextmanager
    def open(self, passphrase: Path) -> Iterator[None]:
        """A service answers for the length of the block, where that is the way.

        It opens the store as the command itself would; where it cannot, none answers.
        """
        if self.way == EMBEDDED:
            yield
            return
        from appliance.app.premises import Premises
        from tests.api.serving import as_caller, running

        try:
            premises = Premises.open(config.load(self.home), passphrase.read_text().rstrip())
        except (ApplianceError, OSError, UnicodeDecodeError):
            yield
            return
        with premises, TemporaryDirectory(prefix="service-") as folder:
            Path(folder).chmod(0o711)
            path = Path(folder) / "socket"
            os.environ["APPLIANCE_SOCKET"] = str(path)
            try:
                with running(premises, path), as_caller():
                    path.chmod(0o666)
                    yield
            finally:
                del os.environ["APPLIANCE_SOCKET"]

    def run(self, *arguments: str, stdin: str = "", passphrase: Path | None = None) -> Ran:
        """Run one command of the real command line in this process."""
        words = list(arguments)
        os.environ["APPLIANCE_PASSPHRASE_FILE"] = str(passphrase or self.passphrase_file)
        before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin.encode()))
        self.capture.readouterr()
        try:
            asked = words[:1] != ["init"]  # which asks no service
            with self.open(passphrase or self.passphrase_file) if asked else nullcontext():
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
def bare_desk(tmp_path: Path, secret: Path, capsys: pytest.CaptureFixture[str], way: str) -> Desk:
    """A desk without a store."""
    return Desk(tmp_path / "home", secret, capsys, way)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Puts an empty store where it is wanted: a copy, for a store is founded once per account."""
    made: dict[int, Path] = {}

    def put(home: Path) -> None:
        founder = os.getuid()
        if founder not in made:
            made[founder] = tmp_path_factory.mktemp("founded") / "home"
            Appliance.create(config.load(made[founder]), PASSPHRASE, founder, cost=QUICK)
        shutil.copytree(made[founder], home, symlinks=True)

    return put


@pytest.fixture
def desk(bare_desk: Desk, founded: Callable[[Path], None]) -> Desk:
    """A desk with an empty store."""
    founded(bare_desk.home)
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
