"""Proves a built bundle under a real systemd, on this very machine, and leaves nothing behind.

Boots this host's systemd as process 1 of namespaces of its own, over a copy-on-write view of the
host's files, with no device but loopback: nothing of the host changes and no packet can leave.
There it installs the bundle for the whole machine and does what README.md ("On the server") and
deploy/notes say: a store, the engine, the resident service, an operator who takes in documents and
asks, a stranger who is turned away, the proof, the check, a backup, an officer's console, sealing.

It ends at the first failure with the journal of the unit, and status 1; with 3 where this host
lacks something; with 2 where the arguments are wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from appliance.egress import facts
from deploy.installer.manifest import Manifest, ManifestProblem
from scripts.bundling import signing
from scripts.proving import machine, release
from scripts.proving.machine import Machine

LACKING = 3
GB = 10**9
NEEDED = {"core": (2 * GB, 6 * GB), "cpu": (6 * GB, 12 * GB)}  # memory, room
OPERATOR, OFFICER, STRANGER = "ben", "olga", "tom"
COLLECTION = "proof"
TIMERS = tuple(f"appliance-{name}.timer" for name in ("attest", "verify", "backup"))
_BAD = re.compile(r"\b(FAIL|UNKNOWN|WRONG)\b")
_SOCKET = "APPLIANCE_SOCKET=/run/appliance/service.sock"
_HOOK = """#!/bin/sh
exec tar -C "$APPLIANCE_HOME" -cf /var/lib/appliance-backup/appliance.tar store audit policies
"""
_CONSOLE = """
import socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    line.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    print(line.recv(4096).decode().splitlines()[0])
"""


class Failed(Exception):
    """A step that did not hold; ``unit`` is whose journal says more."""

    def __init__(self, found: str, unit: str = "") -> None:
        super().__init__(found)
        self.unit = unit


def main(words: list[str] | None = None) -> int:
    """Entry point of ``scripts/test_under_systemd``."""
    asked, manifest = _arguments(words)
    memory, room = NEEDED.get(manifest.variant, NEEDED["cpu"])
    lacking = machine.lacks(machine.Host.of(asked.scratch), memory, room)
    if manifest.variant == "gpu":
        lacking.append("devices: the machine has none of a GPU; take the variant cpu or core")
    for line in lacking:
        print(f"This host gives no machine: {line}", file=sys.stderr)
    if lacking:
        return LACKING
    signal.signal(signal.SIGTERM, _ended)
    begun = time.monotonic()
    try:
        with Machine(asked.scratch, asked.bundle) as there:
            _held("systemd runs", begun)
            return _walk(Proof(there, asked.bundle, with_engine=manifest.variant != "core"))
    except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
        print(f"FAIL  the machine: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the machine is gone", file=sys.stderr)
        return 130


def _ended(*_: object) -> NoReturn:
    raise SystemExit(143)


def _arguments(words: list[str] | None) -> tuple[argparse.Namespace, Manifest]:
    parser = argparse.ArgumentParser(
        prog="scripts/test_under_systemd",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, help="folder that scripts/build_bundle wrote")
    scratch = Path("/var/tmp")  # noqa: S108 - survives a restart and is no memory; a folder in it
    parser.add_argument("--scratch", type=Path, default=scratch, help="where there is room")
    asked = parser.parse_args(words)
    asked.bundle, asked.scratch = asked.bundle.resolve(), asked.scratch.resolve()
    try:
        manifest = release.manifest_of(asked.bundle)
    except (OSError, ManifestProblem) as problem:
        parser.error(f"{asked.bundle} is no bundle: {problem}")
    if not asked.scratch.is_dir():
        parser.error(f"{asked.scratch} is no folder")
    return asked, manifest


def _walk(proof: Proof) -> int:
    for name, step in proof.steps():
        begun = time.monotonic()
        try:
            found = step()
        except (Failed, subprocess.TimeoutExpired) as problem:
            print(f"FAIL  {name}: {problem}", file=sys.stderr)
            unit = problem.unit if isinstance(problem, Failed) else "appliance*"
            if unit:
                print(proof.journal(unit, "--lines=30"), file=sys.stderr)
            return 1
        _held(name, begun, found)
    print("Everything held.")
    return 0


def _held(what: str, begun: float, found: str = "") -> None:
    seconds = f"{time.monotonic() - begun:.1f} s"
    print(f"ok    {what:<48} {seconds:>8}  {found}".rstrip(), flush=True)


class Proof:
    """The steps, in the order in which an administrator takes them."""

    def __init__(self, there: Machine, bundle: Path, *, with_engine: bool) -> None:
        self._there = there
        self._bundle = bundle
        self._with_engine = with_engine
        self._documents: set[str] = set()
        self.journal = there.journal

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Name and step."""
        yield "the bundle is installed for the whole machine", self.install
        yield "a store, opened by a credential", self.initialise
        if self._with_engine:
            yield "appliance-engine.service", self.engine
        yield "appliance-core.service", lambda: self._start("appliance-core.service")
        yield "root adds an operator and an officer", self.people
        yield "the operator's documents are read", self.ingest
        yield "the operator searches", self.search
        if self._with_engine:
            yield "the operator asks", self.ask
        yield "a stranger is turned away", self.stranger
        yield "appliance-attest.service", lambda: self._once("appliance-attest.service")
        yield "appliance-verify.service", lambda: self._once("appliance-verify.service")
        yield f"appliance-console@{OFFICER}.service", self.console
        yield "stopping the service seals the store", self.seal
        yield "appliance-backup.service, while it is sealed", self.backup
        yield "started again, the documents are there", self.again
        yield "the timers are enabled", self.timers
        yield "no unit has failed or was started anew", self.failures
        yield "nothing was sent", self.silence

    def install(self) -> str:
        """The medium's own install.sh, with the fingerprint told."""
        key = signing.fingerprint(self._bundle / "keys" / "allowed_signers")
        self._root("sh", "/media/bundle/install.sh", f"--fingerprint={key}", "--yes")
        return self._root("readlink", "/opt/appliance/current").strip()

    def initialise(self) -> str:
        """Passphrase for the units, ``init`` and ``doctor`` as user appliance."""
        secret = secrets.token_hex(16) + "\n"
        to = ("install", "-m", "0400")
        self._root(*to, "/dev/stdin", "/etc/appliance/passphrase", text=secret)
        self._root(*to, "-o", "appliance", "/dev/stdin", "/run/passphrase", text=secret)
        home = ("APPLIANCE_HOME=/var/lib/appliance", "APPLIANCE_PASSPHRASE_FILE=/run/passphrase")
        self._as("appliance", "init", variables=home)
        self._as("appliance", "doctor", variables=home)
        self._root("rm", "/run/passphrase")
        return ""

    def engine(self) -> str:
        """The line that tells where it answers, and its unit."""
        settings = '[engine]\nsocket = "/run/appliance-engine/engine.sock"\n'
        to = ("-o", "appliance", "-m", "0600", "/dev/stdin", "/var/lib/appliance/appliance.toml")
        self._root("install", *to, text=settings)
        return self._start("appliance-engine.service")

    def people(self) -> str:
        """Accounts of the machine; root is an administrator of the service."""
        for name in (OPERATOR, OFFICER, STRANGER):
            self._root("useradd", "--create-home", name)
        for name, role in ((OPERATOR, "operator"), (OFFICER, "officer")):
            self._as("root", "user", "add", name)
            self._as("root", "role", "grant", name, role)
        return ""

    def ingest(self) -> str:
        """Every document of the demo."""
        self._as(OPERATOR, "collection", "create", COLLECTION)
        self._as(OPERATOR, "ingest", "/media/documents", "--collection", COLLECTION)
        self._documents = self._listed()
        files = sum(path.is_file() for path in machine.SAMPLES.rglob("*"))
        if len(self._documents) < files:
            raise Failed(f"{len(self._documents)} of {files}", "appliance-core.service")
        return f"{len(self._documents)} documents"

    def _listed(self) -> set[str]:
        shown = json.loads(self._as(OPERATOR, "list", "--json"))
        return {str(document["id"]) for document in shown}

    def search(self) -> str:
        """By meaning and by words."""
        found = json.loads(self._as(OPERATOR, "search", "who may terminate", "--json"))
        if not found:
            raise Failed("nothing found", "appliance-core.service")
        return f"{len(found)} passages"

    def ask(self) -> str:
        """A question that the engine answers from the documents."""
        words = ("ask", "Which law governs the agreement?", "--collection", COLLECTION)
        return self._as(OPERATOR, *words).strip().splitlines()[0][:60]

    def stranger(self) -> str:
        """An account that nobody added."""
        done = self._asked(STRANGER, "list")
        if done.returncode == 0:
            raise Failed("was given a list", "appliance-core.service")
        return f"exit {done.returncode}"

    def console(self) -> str:
        """Its pages answer to the officer, and the socket to nobody else."""
        self._start(f"appliance-console@{OFFICER}.service")
        python = "/opt/appliance/current/envs/app/bin/python"
        ask = (python, "-I", "-c", _CONSOLE, f"/run/appliance-console-{OFFICER}/console.sock")
        until = time.monotonic() + 60
        while (told := self._there.run("runuser", "-u", OFFICER, "--", *ask)).returncode:
            if time.monotonic() > until:
                raise Failed(told.stderr[-300:], f"appliance-console@{OFFICER}.service")
            time.sleep(0.5)
        if not self._there.run("runuser", "-u", OPERATOR, "--", *ask).returncode:
            raise Failed("answers the operator, too", f"appliance-console@{OFFICER}.service")
        if not re.match(r"HTTP/1.1 (200|303)", told.stdout):
            raise Failed(told.stdout, f"appliance-console@{OFFICER}.service")
        return told.stdout.strip()

    def seal(self) -> str:
        """Nobody is answered any more."""
        self._root("systemctl", "stop", "appliance-core.service")
        if not self._asked(OPERATOR, "list").returncode:
            raise Failed("the operator is still answered", "appliance-core.service")
        return ""

    def backup(self) -> str:
        """A hook as the notes have it."""
        self._root("install", "-m", "0755", "/dev/stdin", "/etc/appliance/backup.d/10", text=_HOOK)
        self._once("appliance-backup.service")
        copied = self._root("tar", "-tf", "/var/lib/appliance-backup/appliance.tar").splitlines()
        if not any(name.startswith("store/objects/") for name in copied):
            raise Failed(f"{len(copied)} files copied, no object", "appliance-backup.service")
        return f"{len(copied)} files"

    def again(self) -> str:
        """What was taken in before is listed."""
        self._start("appliance-core.service")
        if self._listed() != self._documents:
            raise Failed("other documents than before", "appliance-core.service")
        return ""

    def timers(self) -> str:
        """As README has them; when they are due is another matter."""
        self._root("systemctl", "enable", "--now", *TIMERS)
        return ""

    def failures(self) -> str:
        """None of the whole machine; and none of ours was started anew, which would hide it."""
        told = self._root("systemctl", "--failed", "--plain", "--no-legend").strip()
        if told:
            raise Failed(told, told.split()[0])
        asked = ("--property=Id", "--property=NRestarts", "appliance-*.service")
        for lines in self._root("systemctl", "show", *asked).split("\n\n"):
            shown = dict(line.split("=", 1) for line in lines.split())
            if shown.get("NRestarts", "0") != "0":
                raise Failed(f"{shown['Id']}: started anew {shown['NRestarts']} times", shown["Id"])
        return ""

    def silence(self) -> str:
        """What the kernel counted in the machine's own network."""
        seen = facts.of(self._there.process)
        others = {one.name for one in seen.devices or ()} - facts.FALLBACKS - {facts.LOOPBACK}
        if seen.devices is None or others or seen.sent or seen.no_routes:
            raise Failed(f"devices {others}, {seen.sent} sent, {seen.no_routes} attempts")
        return "no device but loopback, 0 attempts"

    def _start(self, unit: str) -> str:
        done = self._there.run("systemctl", "start", unit)
        if done.returncode:
            raise Failed(done.stderr.strip(), unit)
        return ""

    def _once(self, unit: str) -> str:
        """A unit that ends: started for real, ended well, and nothing bad in what it wrote."""
        self._start(unit)
        names = ("Result", "ExecMainStatus")
        told = self._root("systemctl", "show", unit, *(f"--property={name}" for name in names))
        if set(told.split()) != {"Result=success", "ExecMainStatus=0"}:
            raise Failed(" ".join(told.split()), unit)
        if not self.journal(unit, "JOB_TYPE=start", "JOB_RESULT=done"):
            raise Failed("did not run: a condition of the unit does not hold", unit)
        written = self.journal(unit).splitlines()
        if bad := [line.strip() for line in written if _BAD.search(line)]:
            raise Failed(f"{len(bad)} lines such as: {bad[0]}", unit)
        return f"{len(written)} lines"

    def _as(self, user: str, *words: str, variables: tuple[str, ...] = (_SOCKET,)) -> str:
        done = self._asked(user, *words, variables=variables)
        if done.returncode:
            said = f"{done.stdout[-600:]}{done.stderr[-600:]}".strip()
            raise Failed(f"appliance {words[0]}: exit {done.returncode}: {said}", "appliance-core")
        return done.stdout

    def _asked(
        self, user: str, *words: str, variables: tuple[str, ...] = (_SOCKET,)
    ) -> subprocess.CompletedProcess[str]:
        home = "HOME=/root" if user == "root" else f"HOME=/home/{user}"
        command = ("runuser", "-u", user, "--", "env", home, *variables, "appliance")
        return self._there.run(*command, *words)

    def _root(self, *words: str, text: str | None = None) -> str:
        done = self._there.run(*words, text=text)
        if done.returncode:
            said = f"{done.stdout[-600:]}{done.stderr[-600:]}".strip()
            raise Failed(f"{words[0]}: exit {done.returncode}: {said}")
        return done.stdout


if __name__ == "__main__":
    sys.exit(main())
