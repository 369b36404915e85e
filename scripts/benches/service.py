"""What the resident service costs and saves: a call over its socket against the same call embedded.

The service is a process of its own on the same machine, as in use.  Embedded is the open store in
this process, so that neither figure holds what opening costs; that is measured apart, by whole
commands.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance import config
from appliance.api import answering, http_door
from appliance.api.remote import Remote, connected
from appliance.api.service import Service
from appliance.api.starting import listening
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.config import Settings
from appliance.ingest.folder import walk
from scripts.benches.figure import Figure

PASSPHRASE = "a passphrase for benches"  # noqa: S105
FOUNDER = os.getuid() or 1  # root reads nothing over a service
TIMES = 60  # calls of each kind
COMMANDS = 5
DOCUMENTS = 20


@dataclass(frozen=True, slots=True)
class _Took:
    """Seconds of one call, the median."""

    bare: float  # a keyed hash: no act, no catalogue
    listed: float  # an act with its two records
    shown: float  # the same with a text of 100,000 characters


def measure(root: Path) -> list[Figure]:
    """Round trips and whole commands, embedded and over the service."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        folder.chmod(0o711)
        settings = config.load(folder / "home")
        _prepare(settings, folder / "in")
        with Premises.open(settings, PASSPHRASE) as premises:
            here = _taken(premises.of(FOUNDER, "", lambda _: None))
        alone = _command(root, folder, embedded=True)
        with _serving(settings, folder / "socket") as path:
            with _view(path) as view:
                there = _taken(view)
            served = _command(root, folder, embedded=False)
    on = f"{DOCUMENTS} documents, a service in a process of its own, median of {TIMES}"
    return [
        Figure("service", "round trip", (there.bare - here.bare) * 1e3, "ms", on=on),
        Figure("service", "list, embedded", here.listed * 1e3, "ms", on="an open store"),
        Figure("service", "list, over the service", there.listed * 1e3, "ms", on=on),
        Figure("service", "list, ratio", there.listed / here.listed, "x", on="service / embedded"),
        Figure(
            "service", "show of 100,000 characters, ratio", there.shown / here.shown, "x", on=on
        ),
        Figure("service", "`appliance list`, embedded", alone, "s", on="with the passphrase"),
        Figure("service", "`appliance list`, over the service", served, "s", on="without one"),
    ]


def _prepare(settings: Settings, papers: Path) -> None:
    papers.mkdir()
    for number in range(DOCUMENTS):
        (papers / f"{number:02}.txt").write_text(f"Clause {number} binds both parties.\n" * 5)
    (papers / "long.md").write_text("".join(f"Line {n:05} of it.\n" for n in range(5_500)))
    Premises.create(settings, PASSPHRASE, FOUNDER)
    with Premises.open(settings, PASSPHRASE) as premises:
        app = premises.of(FOUNDER, "", lambda _: None)
        app.create_collection("c", "legal")
        list(app.ingest(walk(papers), "c", ()))


def _taken(app: Appliance) -> _Took:
    return _Took(
        _median(lambda: app.work.line(("a",))),
        _median(lambda: app.documents("c")),
        _median(lambda: app.show("long.md")),
    )


def _median(call: Callable[[], object]) -> float:
    call()
    found = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        call()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


@contextmanager
def _serving(settings: Settings, path: Path) -> Iterator[Path]:
    ready, say = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _serve(settings, path, say)
            status = 0
        finally:
            os._exit(status)
    os.close(say)
    os.read(ready, 1)
    try:
        yield path
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        os.close(ready)


def _serve(settings: Settings, path: Path, say: int) -> None:
    with Premises.open(settings, PASSPHRASE) as premises, listening(path) as listener:
        path.chmod(0o666)
        service = Service(premises, answering.answer, http_door.converse)
        signal.signal(signal.SIGTERM, lambda *_: service.seal())
        service.run(listener, lambda: os.close(say))


@contextmanager
def _view(path: Path) -> Iterator[Appliance]:
    before = os.geteuid()
    os.seteuid(FOUNDER)  # around connect(): that is whom the kernel names
    try:
        made = connected(path)
    finally:
        os.seteuid(before)
    with Remote(path, made, "", lambda _: None) as view:
        yield view  # type: ignore[misc]


def _command(root: Path, folder: Path, *, embedded: bool) -> float:
    secret = folder / "secret"
    secret.write_text(PASSPHRASE)
    environment = {
        **os.environ,
        "APPLIANCE_HOME": str(folder / "home"),
        "APPLIANCE_PASSPHRASE_FILE": str(secret),
        "APPLIANCE_SOCKET": str(folder / "socket"),
        "PYTHONPATH": str(root),
    }
    words = [sys.executable, "-m", "appliance.cli.main", "list", "--json"]
    found = []
    for _ in range(COMMANDS):
        begun = time.perf_counter()
        subprocess.run(
            [*words, *(["--embedded"] if embedded else [])],
            env=environment,
            check=True,
            capture_output=True,
        )
        found.append(time.perf_counter() - begun)
    return min(found)
