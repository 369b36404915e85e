"""A second engine beside the first, for what a small model leaves open.

It serves another installed model while one document is worked on, behind the same walls and with
a run folder of its own, and is ended afterwards: two models at a time weigh on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from appliance.config import Settings
from appliance.engine import server

FOLDER = "larger"  # in the home folder: the run folder of the second engine stands in it


def installed(settings: Settings, name: str) -> bool:
    """Whether a model folder of this name stands beside the model in force."""
    plain = name not in {"", ".", ".."} and "/" not in name and "\\" not in name
    return plain and (settings.models / name).is_dir()


def of(settings: Settings, name: str) -> Settings:
    """The settings under which the model of this name answers."""
    engine = replace(settings.engine, model=name, socket="")
    return replace(settings, home=settings.home / FOLDER, engine=engine)


@contextmanager
def serving(settings: Settings, name: str, progress: Callable[[str], None]) -> Iterator[Settings]:
    """The settings under which the larger model answers, until the end of the block.

    Raises:
        ModelError: the model differs from its manifest.
        EngineUnavailable: it did not start.
    """
    larger = of(settings, name)
    server.start(larger, progress)
    try:
        yield larger
    finally:
        server.stop(larger)
