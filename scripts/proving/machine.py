"""A machine with a systemd of its own, in namespaces over a copy-on-write view of this host.

Pid, mount, uts, ipc, net and cgroup namespaces; the host's files are the lower layer of an overlay
and stay as they are; of the kernel's own settings nothing may be written; there is no device but
loopback.  Its control groups are a subtree for each hierarchy, removed at the end.

Tried on Debian 12 (systemd 252, Linux 6.18), with version 1 hierarchies beside a version 2 one, and
with version 2 alone, which had no controllers there; with its controllers it was not tried.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from scripts.proving.namespace import ROOT

SYSTEMD = Path("/lib/systemd/systemd")
SAMPLES = ROOT / "tests" / "samples" / "demo"
TOOLS = ("unshare", "nsenter", "setpriv", "runuser", "useradd", "pivot_root", "mount", "journalctl")
BOOT_S, LONGEST_S = 180, 1800
_SPACES = ("unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--net")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PLAIN = frozenset({"rw", "ro", "relatime", "noatime", "nosuid", "nodev", "noexec", "seclabel"})


@dataclass(frozen=True, slots=True)
class Host:
    """What a machine is made from; ``refused`` is what the kernel said to a trial of it."""

    root: bool
    systemd: bool
    missing: tuple[str, ...]  # of the tools
    whole: bool  # /usr, /etc, /var and /opt lie on the root's file system
    installed: bool  # an appliance for the whole machine is there
    refused: str
    memory: int  # bytes that may be used now
    disk: int

    @classmethod
    def of(cls, scratch: Path) -> Host:
        """This host, for a machine whose files lie in this folder."""
        device = Path("/").stat().st_dev
        tops = [Path("/", name) for name in ("usr", "etc", "var", "opt")]
        missing = tuple(tool for tool in TOOLS if shutil.which(tool, path=_PATH) is None)
        root = os.geteuid() == 0
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        memory = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
        return cls(
            root=root,
            systemd=SYSTEMD.exists(),
            missing=missing,
            whole=all(top.stat().st_dev == device for top in tops if top.exists()),
            installed=any(Path(n).exists() for n in ("/opt/appliance", "/var/lib/appliance")),
            refused=_trial(scratch) if root and not missing else "",
            memory=memory << 10,
            disk=shutil.disk_usage(scratch).free,
        )


def lacks(host: Host, memory: int, disk: int) -> list[str]:
    """Everything that keeps a machine from being made here, each with its remedy."""
    found = [
        ("" if host.root else "not root: run it with sudo"),
        ("" if host.systemd else f"{SYSTEMD} is missing: install systemd"),
        (f"missing tools: {', '.join(host.missing)}" if host.missing else ""),
        (
            ""
            if host.whole
            else "/usr, /etc, /var or /opt is a file system of its own: not provided"
        ),
        ("an appliance is installed on this host: take another one" if host.installed else ""),
        (f"no overlay in namespaces of its own: {host.refused}" if host.refused else ""),
        _short("memory", host.memory, memory),
        _short("room in --scratch", host.disk, disk),
    ]
    return [line for line in found if line]


def _short(what: str, there: int, needed: int) -> str:
    return "" if there >= needed else f"{what}: {there / 1e9:.1f} GB, needed {needed / 1e9:.1f} GB"


def _trial(scratch: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="machine-", dir=scratch) as name:
        for folder in ("upper", "work", "root"):
            Path(name, folder).mkdir()
        layers = f"lowerdir=/,upperdir={name}/upper,workdir={name}/work,volatile"
        words = [*_SPACES, "--cgroup", "mount", "-t", "overlay", "overlay", "-o", layers]
        done = subprocess.run([*words, f"{name}/root"], capture_output=True, text=True, check=False)
    return (done.stderr.strip() or "failed") if done.returncode else ""


def groups(mounts: str) -> list[tuple[str, str, str]]:
    """Type, options and place of every hierarchy of control groups in /proc/mounts.

    The one of processor sets is left out: nothing may be moved there before its sets are written.
    """
    found = []
    for line in mounts.splitlines():
        _, place, kind, options, *_ = line.split()
        if kind in {"cgroup", "cgroup2"} and place.startswith("/sys/fs/cgroup"):
            own = [word for word in options.split(",") if word not in _PLAIN]
            own = [
                word for word in own if kind == "cgroup" and word not in {"xattr", "clone_children"}
            ]
            if "cpuset" not in own:
                named = any(word.startswith("name=") for word in own)
                found.append((kind, ",".join((["none"] if named else []) + own) or "rw", place))
    return found


class Machine:
    """A running one; as a context it ends with the context, whatever happened inside."""

    def __init__(self, scratch: Path, bundle: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="machine-", dir=scratch))
        self._groups = groups(Path("/proc/mounts").read_text("utf-8"))
        self._subtrees = [Path(place, self._folder.name) for *_, place in self._groups]
        self._bundle = bundle
        self._starter: subprocess.Popen[bytes] | None = None
        self.process = 0  # its systemd, as this host counts

    def __enter__(self) -> Machine:
        try:
            self._start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.end()

    def _start(self) -> None:
        for name in ("upper", "work", "root"):
            (self._folder / name).mkdir()
        for subtree in self._subtrees:
            subtree.mkdir()
        words: list[str | Path] = ["setpriv", "--pdeathsig", "KILL", *_SPACES, "--propagation"]
        words += ["private", "sh", ROOT / "scripts" / "proving" / "machine.sh", self._folder]
        words += [self._folder.name, self._bundle, SAMPLES]
        log = self._folder / "boot.log"
        with log.open("wb") as stream:
            self._starter = subprocess.Popen(
                [*words, "\n".join(" ".join(group) for group in self._groups)],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,  # Ctrl-C ends it by way of `end`
                env={"PATH": _PATH},
            )
        starter = self._starter.pid
        children = Path(f"/proc/{starter}/task/{starter}/children")
        until = time.monotonic() + BOOT_S
        state = ""
        while state not in {"running", "degraded"}:
            if self._starter.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"systemd does not run: {state} {log.read_text()[-800:]}")
            time.sleep(0.5)
            self.process = int((children.read_text("ascii").split() or ["0"])[0])
            if self.process and Path(f"/proc/{self.process}/comm").read_text() == "systemd\n":
                state = self.run("systemctl", "is-system-running").stdout.strip()

    def run(
        self, *words: str, text: str | None = None, seconds: float = LONGEST_S
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as the machine's root, with nothing of the caller's environment."""
        enter = ["nsenter", f"--target={self.process}", *("-m", "-p", "-u", "-i", "-n", "-C")]
        enter += ["--root", "--wd", "env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8"]
        return subprocess.run(
            [*enter, *words],
            input=text or "",
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )

    def journal(self, unit: str, *words: str) -> str:
        """What the journal holds of a unit."""
        ask = ("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")
        return self.run(*ask, *words).stdout

    def end(self) -> None:
        """End every process of it and remove what was made for it."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # nothing may cut this short
        if self._starter is not None:
            self._starter.kill()  # and with it goes process 1, and with that everything else
            self._starter.wait()
        for subtree in self._subtrees:
            _remove_group(subtree)
        shutil.rmtree(self._folder, ignore_errors=True)


def _remove_group(subtree: Path) -> None:
    """A group goes when the last process that was killed in it is gone."""
    until = time.monotonic() + 30
    while subtree.exists() and time.monotonic() < until:
        for folder, *_ in os.walk(subtree, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()
        time.sleep(0.1)
