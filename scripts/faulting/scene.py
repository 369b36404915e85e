"""What a trial runs on: documents, a prepared home with one collection, and copies of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance import config
from appliance.app.view import Appliance
from appliance.crypto.unseal import Argon2Cost

PASSPHRASE = "a passphrase for trials"  # noqa: S105 -- of throw-away stores
CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)  # a trial is not about guessing
COLLECTION = "trial"
QUESTION = "Which party delivers the samples under the agreement?"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where everything lies; nothing here is changed by a trial."""

    folder: Path

    @property
    def incoming(self) -> Path:
        """The documents."""
        return self.folder / "in"

    @property
    def socket(self) -> Path:
        """Where the engine's double answers."""
        return self.folder / "engine.sock"

    @property
    def passphrase(self) -> Path:
        """A file with the passphrase."""
        return self.folder / "passphrase"

    def desk(self, name: str) -> Desk:
        """A fresh copy of the prepared home, with an output folder that is not there yet."""
        desk = Desk(self.folder / name, self)
        shutil.rmtree(desk.folder, ignore_errors=True)
        desk.folder.mkdir()
        shutil.copytree(self.folder / "home", desk.home)
        return desk


@dataclass(frozen=True, slots=True)
class Desk:
    """One home and one output folder that a trial works on."""

    folder: Path
    scene: Scene

    @property
    def home(self) -> Path:
        """Store and audit log."""
        return self.folder / "home"

    @property
    def out(self) -> Path:
        """Results."""
        return self.folder / "out"

    @property
    def log(self) -> Path:
        """What the last command printed."""
        return self.folder / "printed"

    def process(self) -> list[str]:
        """The arguments of the main job."""
        home, incoming, out = str(self.home), str(self.scene.incoming), str(self.out)
        job = ["--home", home, "process", incoming, "--collection", COLLECTION, "--out", out]
        return [*job, "--summarize", "--vote", "--ask", QUESTION]  # a vote: the engine is used

    def opened(self) -> Appliance:
        """The store and the log, to look at."""
        settings = config.load(self.home)
        return Appliance.open(settings, PASSPHRASE, os.getuid(), "", lambda _: None)


def prepare(folder: Path, write_documents: Callable[[Path], None]) -> Scene:
    """Make the documents and the home in an empty folder."""
    scene = Scene(folder)
    scene.incoming.mkdir(parents=True)
    scene.passphrase.write_text(PASSPHRASE)
    scene.passphrase.chmod(0o600)
    write_documents(scene.incoming)
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / "appliance.toml").write_text(f'[engine]\nsocket = "{scene.socket}"\n')
    settings = config.load(home)
    Appliance.create(settings, PASSPHRASE, os.getuid(), cost=CHEAP)
    with Appliance.open(settings, PASSPHRASE, os.getuid(), "", lambda _: None) as appliance:
        appliance.create_collection(COLLECTION, "legal")
    return scene
