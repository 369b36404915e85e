"""An environment from its locks: fetch every wheel, then install from that folder alone.

Fetching goes through pip as the machine has it configured (index, find-links, proxies,
certificates) and is resumed file by file.  Installing starts from an empty environment and reads
nothing but the folder, so that an interrupted run never leaves a half-written package behind.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.installer import numa
from scripts.installing import children, locks, stamps
from scripts.installing.children import ChildFailed, Runner
from scripts.installing.locks import Locked
from scripts.installing.problems import SetupProblem

STAMP = ".complete"
PROJECT_STAMP = ".project"
BUILD_TOOLS = ("setuptools", "wheel")
BATCH = 10  # packages that one pip brings; it keeps them only when it has them all
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
TORCH_PATIENCE = ("--timeout", "20", "--retries", "2")
HASHED = ("--no-deps", "--require-hashes", "--no-build-isolation")


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment to be made.

    ``torch_lock`` is None where torch is in ``lock`` itself; ``needs_numa`` says that something in
    it is linked against libnuma.
    """

    name: str
    folder: Path
    lock: Path
    torch_lock: Path | None
    wheels: Path
    needs_numa: bool = False

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def lock_files(self) -> tuple[Path, ...]:
        """Every lock it is made from."""
        return (self.lock, self.torch_lock) if self.torch_lock else (self.lock,)

    def stamp(self) -> dict[str, str]:
        """What its stamp says when it is whole and up to date."""
        version = "{}.{}".format(*sys.version_info[:2])
        return {"lock": self.lock.name, "sha256": locks.digest(self.lock_files), "python": version}

    def is_whole(self) -> bool:
        """Whether it is there, from these locks, for this Python."""
        return self.python.exists() and stamps.matches(self.folder / STAMP, self.stamp())


def create(environment: Environment, run: Runner) -> None:
    """An empty environment with the locked build tools still to come."""
    shutil.rmtree(environment.folder, ignore_errors=True)
    environment.folder.parent.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [sys.executable, "-I", "-m", "venv", environment.folder]
    if importlib.util.find_spec("ensurepip") is None:
        command.append("--without-pip")
    run.run(command)


def fetch(environment: Environment, run: Runner, near: Path | None) -> None:
    """Bring every wheel of the locks into ``environment.wheels``; ``near`` may hold some already.

    Raises:
        SetupProblem: something cannot be had, or has another hash than the lock says.
    """
    environment.wheels.mkdir(parents=True, exist_ok=True)
    detail = _counting((environment.wheels,), "*", _total(environment))
    if environment.torch_lock:
        _fetch_torch(environment, environment.torch_lock, run, near)
    tools = _build_tools(environment, run)
    run.bring([*_download(environment), "-r", tools], detail)
    install_from_wheels(environment, run, (tools,))
    absent = locks.missing(locks.parse(environment.lock), environment.wheels)
    for begin in range(0, len(absent), BATCH):
        some = _requirements(environment, absent[begin : begin + BATCH], run)
        run.bring([*_download(environment), "-r", some], detail)


def _fetch_torch(environment: Environment, lock: Path, run: Runner, near: Path | None) -> None:
    """PyTorch's CPU wheel: from pip as configured, else from PyTorch's own index."""
    if not locks.missing(locks.parse(lock), environment.wheels):
        return
    command = [*_download(environment), "-r", lock]
    if near is not None and near.is_dir():
        command += ["--find-links", near]
    try:
        run.bring(command)
        return
    except ChildFailed as failure:
        if children.CHANGED in failure.output:
            raise
    run.progress.note(f"      PyTorch's CPU wheel is not where pip looks; trying {TORCH_INDEX}")
    try:
        run.bring([*command, "--index-url", TORCH_INDEX, *TORCH_PATIENCE])
    except ChildFailed as failure:
        raise _no_torch(lock, failure) from failure


def _no_torch(lock: Path, failure: ChildFailed) -> SetupProblem:
    tag = "cp{}{}".format(*sys.version_info[:2])
    (package,) = locks.parse(lock)
    wheel = f"torch-{package.version}-{tag}-{tag}-manylinux_2_28_x86_64.whl"
    return SetupProblem(
        f"{wheel} is neither where pip looks (index, find-links) nor to be had from "
        f"{TORCH_INDEX} ({failure.message})",
        remedy="allow that address, or put the wheel into a folder and name it: "
        "PIP_FIND_LINKS=/that/folder scripts/setup",
    )


def install(made: Sequence[Environment], run: Runner) -> None:
    """Install everything from the folders of wheels, side by side, then write the stamps.

    pip unpacks and compiles on one core, so that two environments take as long as one.
    """
    sites = [next(one.folder.glob("lib/python3*/site-packages")) for one in made]
    for one in made:
        install_from_wheels(one, run, (_build_tools(one, run),))
    alone = replace(run, environment=children.offline(run.environment))
    detail = _counting(sites, "*.dist-info", sum(map(_total, made)))
    alone.run_all([_from_wheels(one, one.lock_files) for one in made], detail)
    for one in made:
        if one.needs_numa:
            numa.add_stand_in(one.folder)
        stamps.write(one.folder / STAMP, one.stamp())


def install_from_wheels(environment: Environment, run: Runner, files: Sequence[Path]) -> None:
    """``pip install`` of requirement files, with the folder of wheels as the only place to look."""
    alone = replace(run, environment=children.offline(run.environment))
    alone.run(_from_wheels(environment, files))


def _from_wheels(environment: Environment, files: Sequence[Path]) -> list[str | Path]:
    command = [*pip(environment), "install", "--no-index", "--find-links", environment.wheels]
    for file in files:
        command += ["-r", file]
    return [*command, *HASHED]


def link_project(environment: Environment, project: Path, run: Runner) -> None:
    """Make ``appliance`` importable and its command available, from the sources in place."""
    alone = replace(run, environment=children.offline(run.environment))
    command = [*pip(environment), "install", "--no-index", "--no-deps", "--no-build-isolation"]
    alone.run([*command, "-e", project])
    stamps.write(environment.folder / PROJECT_STAMP, project_stamp(project))


def project_stamp(project: Path) -> dict[str, str]:
    """What the stamp of the linked project says."""
    return {"project": str(project), "sha256": locks.digest((project / "pyproject.toml",))}


def pip(environment: Environment) -> list[str | Path]:
    """The command that installs into the environment: its own pip, or this Python's."""
    if any(environment.folder.glob("lib/python3*/site-packages/pip")):
        return [environment.python, "-I", "-m", "pip"]
    return [sys.executable, "-I", "-m", "pip", "--python", environment.python]


def _download(environment: Environment) -> list[str | Path]:
    return [*pip(environment), "download", "--dest", environment.wheels, *HASHED]


def _build_tools(environment: Environment, run: Runner) -> Path:
    """What building from source needs, as a requirement file of its own: it must be there first."""
    packages = locks.parse(environment.lock)
    return _requirements(environment, tuple(p for p in packages if p.name in BUILD_TOOLS), run)


def _requirements(environment: Environment, packages: tuple[Locked, ...], run: Runner) -> Path:
    """A part of the lock as a file."""
    lines = [*locks.options(environment.lock), *(package.line() for package in packages)]
    file = Path(run.environment["TMPDIR"]) / f"{environment.name}.txt"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def _total(environment: Environment) -> int:
    return sum(locks.count(locks.parse(lock)) for lock in environment.lock_files)


def _counting(folders: Sequence[Path], pattern: str, total: int) -> Callable[[], str]:
    def counted() -> str:
        there = sum(len(list(folder.glob(pattern))) for folder in folders)
        return f"{min(total, there)} of {total} packages"

    return counted
