"""An appliance with the evaluation's documents taken in, by the pipeline that a user runs.

The store lies in ``.local/evaluating``, or where it is told to, and is used again while neither the
documents nor the code that reads and cuts them change; its passphrase is public, as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from appliance import config
from appliance.app.view import Appliance
from appliance.config import Settings
from appliance.crypto.unseal import Argon2Cost
from appliance.documents import Document, ParsedDocument
from appliance.engine import server
from appliance.engine.models import ModelIdentity, verify
from appliance.ingest.folder import walk
from scripts.evaluating.options import Options

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "these documents are public"  # noqa: S105
QUICK = Argon2Cost(memory_kib=1024, iterations=1, lanes=1)
READ_BY = ("formats", "ingest", "index", "documents.py", "tables.py", "store")  # in appliance/
SECTORS = {"legal": "legal", "clinical": "health", "medical": "health", "finance": "finance"}
_NOT_DOCUMENTS = {".jsonl", ".json", ".csv", ".py"}


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open appliance; every folder of documents is a collection of the folder's name."""

    app: Appliance
    model: ModelIdentity
    documents: dict[str, Document]  # by collection and file name: "emails/a.eml"

    @property
    def settings(self) -> Settings:
        """Of the open appliance."""
        return self.app.settings

    def parsed(self, folder: str, name: str) -> ParsedDocument:
        """The text of one document, as the store holds it."""
        return self.app.warm.parsed(self.documents[f"{folder}/{name}"].id)


@contextmanager
def opened(folders: dict[str, Path], options: Options) -> Iterator[Workspace]:
    """Take in each folder as a collection, and start the engine where none runs.

    Args:
        folders: the name of each collection, and the folder with its documents.
    """
    home = options.keep / f"home-{_digest(folders)}"
    settings = _settings(home, options)
    if not (home / "done").exists():
        shutil.rmtree(home, ignore_errors=True)
        Appliance.create(settings, PASSPHRASE, os.getuid(), cost=QUICK)
    notify = _say if options.engine is None else _silent
    with Appliance.open(settings, PASSPHRASE, os.getuid(), "TREATMENT", notify) as app:
        documents = {}
        for name, folder in sorted(folders.items()):
            documents.update(_taken(app, name, folder, home / "done"))
        (home / "done").touch()
        try:
            yield Workspace(app, verify(settings.models / settings.engine.model), documents)
        finally:
            if options.engine is None:
                server.stop(settings)


def rows(file: Path) -> list[dict[str, object]]:
    """The lines of a JSONL file; none where there is no such file."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def files(folder: Path) -> list[Path]:
    """The documents of a folder."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and file.suffix not in _NOT_DOCUMENTS and file.name != "README.md"
    )


def _taken(app: Appliance, name: str, folder: Path, done: Path) -> dict[str, Document]:
    if not done.exists():
        begun = time.monotonic()
        _say(f"taking in {name} ...")
        if name not in {collection.name for collection in app.collections()}:
            app.create_collection(name, SECTORS.get(name.split("_", maxsplit=1)[0], "general"))
        for _ in app.ingest(walk(folder), name, ()):
            pass
        _say(f"  {time.monotonic() - begun:.0f} s")
    return {f"{name}/{Path(d.name).name}": d for d in app.documents(name)}


def _settings(home: Path, options: Options) -> Settings:
    settings = config.load(home)
    engine = settings.engine
    if options.engine is not None:
        engine = replace(engine, socket=str(options.engine))
    if options.model is not None:
        settings = replace(
            settings, root=_root_with(settings.root, options.model.resolve(), options.keep / "root")
        )
        engine = replace(engine, model=options.model.name)
    return replace(settings, engine=engine)


def _root_with(root: Path, model: Path, made: Path) -> Path:
    """An installation like ``root`` that also has the given model."""
    (made / "models").mkdir(parents=True, exist_ok=True)
    for source in (root / "envs", *sorted((root / "models").iterdir()), model):
        target = made / ("envs" if source.name == "envs" else f"models/{source.name}")
        target.unlink(missing_ok=True)
        target.symlink_to(source)
    return made


def _digest(folders: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, folder in sorted(folders.items()):
        for file in files(folder):
            digest.update(f"{name}/{file.relative_to(folder)}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    for part in READ_BY:
        where = ROOT / "appliance" / part
        for source in [where] if where.is_file() else _sources(where):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> Sequence[Path]:
    return sorted(folder.rglob("*.py"))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _silent(_: str) -> None:
    pass
