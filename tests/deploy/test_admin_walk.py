"""The administrator's section of the README, walked as it stands there.

Every command comes out of the README.  Two things are put in for others: places (a temporary
folder for the home, the medium and the prefix), and the contents of the bundle, which are small.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from appliance.cli.main import COMMANDS, cli
from deploy.installer import releases
from scripts.bundling import build, signing
from tests.deploy.bundles import small

ROOT = Path(__file__).parents[2]
SECTION = (
    (ROOT / "README.md")
    .read_text("utf-8")
    .split("## Install on an isolated server")[1]
    .split("\n## ")[0]
)
BLOCKS = [
    [shlex.split(line, comments=True) for line in block.splitlines() if line.strip()]
    for block in re.findall(r"^```sh\n(.*?)^```", SECTION, re.M | re.S)
]
CONNECTED, SERVER, SERVICES, LATER = range(4)
PAYLOADS = {"README.md": b"# Read me\n", "policies/default.cedar": b"permit nothing"}

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None or shutil.which("openssl") is None,
    reason="signing takes ssh-keygen and openssl, which this machine lacks",
)


class World:
    """A connected machine and a server, as folders."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home, self.medium = root / "home", root / "media" / "stick"
        self.prefix = root / "opt" / "appliance"
        for folder in (self.home, self.medium):
            folder.mkdir(parents=True)
        self.serial = 7
        self.fingerprint = ""

    def place(self, word: str) -> str:
        """A word of a command with its places, and the fingerprint that was read out."""
        word = word.replace("SHA256:...", self.fingerprint)
        word = re.sub(r"^~", str(self.home), word)
        return re.sub(r"^(/media/stick|/opt/appliance)", rf"{self.root}\1", word)

    def run(self, words: list[str]) -> str:
        """Run one command of the README; what it printed."""
        words = [self.place(word) for word in words]
        if words[0] == "scripts/setup":
            assert os.access(ROOT / words[0], os.X_OK)  # tests/scripts/test_setup.py
            return ""
        if words[0] == "scripts/build_bundle" and "--new-keys" not in words:
            return self.bundle(words[1:])
        if words[1].startswith(str(self.medium)):
            words += ["--prefix", str(self.prefix)]  # what root has by default
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def bundle(self, words: list[str]) -> str:
        """What ``scripts/build_bundle`` was asked for, with small contents."""
        asked = build.arguments(words)
        assert asked is not None
        made = small(self.root / f"made-{self.serial}", PAYLOADS, serial=self.serial)
        signing.sign(made.folders[0] / "MANIFEST.json", asked.keys, made.folders[0] / "keys")
        shutil.rmtree(asked.out, ignore_errors=True)
        shutil.copytree(made.folders[0], asked.out)
        return ""


def test_the_whole_way_from_keys_to_removal(tmp_path: Path) -> None:
    world = World(tmp_path)
    for words in BLOCKS[CONNECTED]:
        told = world.run(words)
        if words[0] == "ssh-keygen":
            world.fingerprint = told.split()[1]
    assert world.fingerprint.startswith("SHA256:")

    for words in BLOCKS[SERVER]:
        world.run(words)
        if "--dry-run" in words:
            assert not world.prefix.exists()
    assert releases.current(world.prefix) == "0.0.1-7"

    world.serial = 8
    shutil.rmtree(world.medium / "bundle")
    for words in BLOCKS[CONNECTED][-3:]:
        world.run(words)
    upgrade, back, remove = BLOCKS[LATER]
    world.run(upgrade)
    assert releases.current(world.prefix) == "0.0.1-8"
    shutil.rmtree(world.medium)
    world.run(back)
    assert releases.current(world.prefix) == "0.0.1-7"
    world.run(remove)
    assert not world.prefix.exists()


def test_the_services_and_their_commands_exist() -> None:
    named = set()
    for words in BLOCKS[SERVICES]:
        if words[0] == "systemctl":
            named |= {word for word in words[1:] if word.startswith("appliance-")}
            continue
        name = words[words.index("appliance", words.index("env")) + 1]
        assert name in COMMANDS
        assert cli.get_command(click.Context(cli), name) is not None
    assert named
    assert named <= {path.name for path in (ROOT / "deploy" / "systemd").iterdir()}


def test_every_option_that_the_text_names_is_one() -> None:
    """Of the builder, of install.sh, or of the proof of an offline installation."""
    help_page = subprocess.run(
        ["sh", str(ROOT / "deploy" / "install.sh"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    builder = (ROOT / "scripts" / "bundling" / "build.py").read_text("utf-8")
    proof = (ROOT / "scripts" / "proving" / "offline.py").read_text("utf-8")
    known = set(re.findall(r"--[a-z][a-z-]+", help_page + builder + proof))
    known |= {"--now", "--rollback"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", SECTION)) <= known
