"""What one run of set-up has to do: only what is missing or out of date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.installing import models, stamps
from scripts.installing.environments import PROJECT_STAMP, Environment, project_stamp
from scripts.installing.models import ModelSource


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: the sources, the installation root, and the wheels, a folder per part.

    With ``fetch`` the wheels are brought there first; without, they came on a medium.
    """

    project: Path
    root: Path
    wheels: Path
    fetch: bool

    @property
    def locks(self) -> Path:
        """Folder of the locks."""
        return self.project / "offline-wheels"

    @property
    def models(self) -> Path:
        """Folder of the model folders."""
        return self.root / "models"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the installation consists of, and what of it has to be made now."""

    app: Environment
    engine: Environment
    make: tuple[Environment, ...]
    link: bool
    models: tuple[ModelSource, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is made now, as ``checks.DISK`` knows them."""
        kinds = {"app": "app", "engine": self.engine.lock.stem}
        made = tuple(kinds[environment.name] for environment in self.make)
        return (*made, "models") if self.models else made

    def steps(self, fetch: bool) -> int:
        """How many steps that is."""
        fetched = len(self.make) + bool(self.models) if fetch else 0
        return len(self.make) + bool(self.make) + self.link + len(self.models) + fetched


def plan(places: Places, gpu: bool) -> Plan:
    """Look at what is there and decide what is to be made."""
    torch = places.locks / "torch-cpu.lock"
    app = Environment(
        name="app",
        folder=places.root / "envs" / "app",
        lock=places.locks / "dev.lock",  # a checkout is where the tests are run
        torch_lock=torch,
        wheels=places.wheels / "app",
    )
    engine = Environment(
        name="engine",
        folder=places.root / "envs" / "engine",
        lock=places.locks / ("engine-gpu.lock" if gpu else "engine-cpu.lock"),
        torch_lock=None if gpu else torch,
        wheels=places.wheels / "engine",
        needs_numa=not gpu,
    )
    make = tuple(environment for environment in (app, engine) if not environment.is_whole())
    linked = stamps.matches(app.folder / PROJECT_STAMP, project_stamp(places.project))
    wanted = models.sources(places.locks / "models.toml")
    return Plan(
        app=app,
        engine=engine,
        make=make,
        link=app in make or not linked,
        models=tuple(model for model in wanted if not models.is_whole(model, places.models)),
    )
