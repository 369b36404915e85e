"""Ends an installation with SIGKILL at points spread over it; the next run must end in one tree."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from deploy.installer import releases
from scripts.bundling import signing
from scripts.proving import namespace

# What differs between two calm runs as well: times, and the tool's own cache.
_TIMES = ("state/installs", "cache/")
_LEAF = ("uv_cache.json", ".lock", ".pyc")


def tree(prefix: Path) -> dict[str, str]:
    """Path -> the hash of a file or the target of a link; without byte code, which holds times."""
    found: dict[str, str] = {}
    for path in sorted(prefix.rglob("*")):
        name = path.relative_to(prefix).as_posix()
        if name.startswith(_TIMES) or name.endswith(_LEAF):
            continue
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            if path.name == "RECORD":
                found[name] = _listed(path)
            else:
                with path.open("rb") as stream:
                    found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _listed(record: Path) -> str:
    lines = record.read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if "uv_cache.json" not in line)


class Killer:
    """Kills installations of one bundle into one place."""

    def __init__(self, bundle: Path, prefix: Path) -> None:
        self._prefix = prefix
        key = signing.fingerprint(bundle / "keys" / "allowed_signers")
        self._command = ["sh", str(bundle / "install.sh"), "--prefix", str(prefix)]
        self._command += [f"--fingerprint={key}", "--no-byte-code"]  # that is made after the switch
        self._calm: dict[str, str] = {}
        self.seconds = 0.0  # of the calm run

    def calm(self) -> None:
        """Install once without being disturbed.

        Raises:
            RuntimeError: that failed.
        """
        begun = time.monotonic()
        done = self._run()
        self.seconds = time.monotonic() - begun
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-500:])
        self._calm = tree(self._prefix)

    def kill(self, share: float) -> str:
        """Kill at this share of the calm run's time, run again; empty when all is as it was."""
        shutil.rmtree(self._prefix, ignore_errors=True)
        with subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=namespace.plain(self._prefix.parent),
        ) as child:
            time.sleep(self.seconds * share)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
        current = self._prefix / releases.CURRENT
        if current.is_symlink() and not current.exists():
            return "current dangles"
        done = self._run()
        if done.returncode != 0:
            return f"the next run failed: {done.stderr.strip()[-300:]}"
        found = tree(self._prefix)
        other = {name for name in found.keys() | self._calm.keys() if self._differs(name, found)}
        return f"{len(other)} files differ: {', '.join(sorted(other)[:3])}" if other else ""

    def _differs(self, name: str, found: dict[str, str]) -> bool:
        return found.get(name) != self._calm.get(name)

    def _run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=namespace.plain(self._prefix.parent),
        )
