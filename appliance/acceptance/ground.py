"""A ground of its own for the tries: homes that are made for them and removed afterwards.

Nothing here touches the customer's store.  The homes are ordinary ones, with the models and the
settings of this installation; only the passphrase is random, and so its stretching can be short.
"""

from __future__ import annotations

import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from appliance import offline
from appliance.acceptance.killed import STORED
from appliance.app.view import Appliance
from appliance.config import Settings
from appliance.crypto.unseal import Argon2Cost
from appliance.engine import server

COLLECTION, SEALED = "acceptance", "sealed"  # SEALED: the label of what nobody may read
REMEDY = "do not use this installation; install it again, and report this"
PATIENCE_S = 120.0  # for a child to take its first file in
_QUICK = Argon2Cost(memory_kib=8192, iterations=1, lanes=1)  # of 256 random bits
_PACKAGE = Path(__file__).parent.parent.parent
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from appliance.acceptance.killed import main; main(sys.argv[2:])"
)
_HIDES = f"""
@id("acceptance-seals")
@description("Nobody reads what is labelled {SEALED}.")
forbid (principal, action in Action::"read", resource)
when {{ resource.flags.contains("{SEALED}") }};
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """The folder of the tries, and the settings of its first home."""

    folder: Path
    settings: Settings
    passphrase: str

    @property
    def scratch(self) -> Path:
        """Where the child puts temporary files."""
        return self.folder / "scratch"

    @property
    def own_engine(self) -> Settings:
        """The settings of the first home with an engine of its own, never one that others use."""
        return replace(self.settings, engine=replace(self.settings.engine, socket=""))

    def other(self) -> Ground:
        """A second home on the same ground."""
        home = self.folder / "other"
        return replace(self, settings=replace(self.settings, home=home))

    def create(self) -> None:
        """An empty store with one collection, in which nobody may read what is sealed."""
        Appliance.create(self.settings, self.passphrase, os.getuid(), cost=_QUICK)
        policy = self.settings.home / "policies" / "acceptance.cedar"
        policy.write_text(_HIDES, "utf-8")
        with self.opened() as appliance:
            appliance.create_collection(COLLECTION, "general")

    def opened(self) -> Appliance:
        """The store, open."""
        return Appliance.open(
            self.settings, self.passphrase, os.getuid(), "acceptance", lambda _: None
        )

    def start_and_kill(self, folder: Path) -> bool:
        """Have a process take ``folder`` in, and kill -9 it after its first file.

        Returns whether it got that far.
        """
        words = (str(_PACKAGE), str(self.settings.home), str(folder), COLLECTION, SEALED)
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOT, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            start_new_session=True,
        )
        with process:
            try:
                return _says_stored(process, self.passphrase)
            finally:
                os.killpg(process.pid, signal.SIGKILL)

    def _environment(self) -> dict[str, str]:
        return {
            **offline.SWITCHES,
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.scratch),
            "APPLIANCE_ROOT": str(self.settings.root),
        }


@contextmanager
def prepared(settings: Settings) -> Iterator[Ground]:
    """A ground with an empty store; removed at the end, with the engine that it started."""
    with tempfile.TemporaryDirectory(prefix="appliance-accept-") as name:
        folder = Path(name)
        home = folder / "home"
        home.mkdir(mode=0o700)
        (folder / "scratch").mkdir()
        embedding = settings.search.embedding_model
        (home / "appliance.toml").write_text(f'[search]\nembedding_model = "{embedding}"\n')
        ground = Ground(folder, _moved(settings, home), secrets.token_hex(32))
        try:
            ground.create()
            yield ground
        finally:
            server.stop(ground.own_engine)


def _moved(settings: Settings, home: Path) -> Settings:
    """The same installation with another home; an engine that runs already is used."""
    socket = str(settings.engine_socket) if server.status(settings).running else ""
    return replace(settings, home=home, engine=replace(settings.engine, socket=socket))


def _says_stored(process: subprocess.Popen[bytes], passphrase: str) -> bool:
    if process.stdin is None or process.stdout is None:
        return False
    process.stdin.write(passphrase.encode() + b"\n")
    process.stdin.flush()
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        if not waiting.select(PATIENCE_S):
            return False
    return process.stdout.readline() == STORED
