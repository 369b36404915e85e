"""Commands in an empty network namespace of their own, with what the kernel counted there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EMPTY = ("unshare", "--user", "--map-root-user", "--net")
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from scripts.proving.inside import main; "
    "sys.exit(main(sys.argv[2:]))"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended.

    ``attempts`` counts packets without a route (OutNoRoutes, Ip6OutNoRoutes), in the namespace and
    in those that the command made inside it; ``sent`` packets on devices other than loopback.
    """

    code: int
    output: str
    attempts: int
    sent: int
    namespaces: int  # seen that the command made for itself
    seconds: float

    @property
    def silent(self) -> bool:
        """Whether nothing was sent and nothing was tried."""
        return not self.attempts and not self.sent


def refusal() -> str:
    """Why this host gives no such namespace; empty when it does."""
    tried = subprocess.run([*EMPTY, "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else tried.stderr.strip() or "unshare failed"


def plain(home: Path) -> dict[str, str]:
    """An environment with nothing of the caller's but this Python's place for the installer."""
    python = Path(sys.base_prefix) / "bin" / "python{}.{}".format(*sys.version_info[:2])
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHON": str(python),
    }


def run(words: list[str | Path], environment: dict[str, str]) -> Ran:
    """Run a command with nothing but loopback.

    Raises:
        RuntimeError: the namespace or its counters failed, whatever the command did.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "report.json"
        command = [*EMPTY, sys.executable, "-I", "-B", "-c", _BOOT, str(ROOT), str(report)]
        done = subprocess.run(
            [*command, *(os.fspath(word) for word in words)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if not report.exists():
            raise RuntimeError(f"no empty network could be made: {done.stdout[-500:]}")
        found = json.loads(report.read_text("utf-8"))
    return Ran(
        code=done.returncode,
        output=done.stdout,
        attempts=found["attempts"] + found["nested"],
        sent=found["sent"],
        namespaces=found["namespaces"],
        seconds=time.monotonic() - begun,
    )
