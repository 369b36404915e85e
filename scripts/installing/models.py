"""Model folders: taken from hash-locked wheels, converted once, and listed file by file.

``offline-wheels/models.toml`` says which wheel holds which model and which of its files are
wanted; ``offline-wheels/models.lock`` holds the digests of the wheels themselves.  A folder is
made beside its final place and renamed when its manifest ``model.json`` is written, so that a
folder with a manifest is always whole.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.installer.files import digest
from scripts.installing.problems import SetupProblem

MANIFEST = "model.json"
BLOCK = 1 << 20


class ModelProblem(SetupProblem):
    """A wheel or a model folder is not what the lock says."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """One model: where it comes from and what it becomes.

    ``take`` maps a member of the wheel to (file in the folder, SHA-256 in hexadecimal).  With
    ``convert`` the one file taken is a GGUF file and the folder holds what it is converted to.
    """

    folder: str
    kind: str
    wheel: str
    source: str
    licence: str
    convert: bool
    take: Mapping[str, tuple[str, str]]


def sources(table: Path) -> tuple[ModelSource, ...]:
    """Read ``models.toml``."""
    models = tomllib.loads(table.read_text("utf-8"))["model"]
    return tuple(
        ModelSource(
            folder=model["folder"],
            kind=model["kind"],
            wheel=model["wheel"],
            source=model["source"],
            licence=model["licence"],
            convert=model.get("convert", False),
            take={item["member"]: (item["file"], item["sha256"]) for item in model["take"]},
        )
        for model in models
    )


def is_whole(model: ModelSource, models: Path) -> bool:
    """Whether the folder is there, made from this source, and every file has its digest."""
    try:
        manifest = json.loads((models / model.folder / MANIFEST).read_text("utf-8"))
        if manifest["source"] != model.source or manifest["name"] != model.folder:
            return False
        folder = models / model.folder
        digests = {name: entry["sha256"] for name, entry in manifest["files"].items()}
        return bool(digests) and digests == {name: digest(folder / name) for name in _files(folder)}
    except (OSError, ValueError, KeyError, TypeError):
        return False


def make(
    model: ModelSource, wheels: Path, models: Path, convert: Callable[[Path, Path], None]
) -> None:
    """Make one model folder from its wheel in ``wheels``, by ``convert(gguf, folder)`` if need be.

    Raises:
        ModelProblem: the wheel is missing, or a file in it has another digest.
    """
    wheel = next(wheels.glob(f"{model.wheel}-*.whl"), None)
    if wheel is None:
        raise ModelProblem(f"no wheel {model.wheel} in {wheels}", remedy="run set-up again")
    draft = models / f".{model.folder}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    taken = draft / "taken" if model.convert else draft
    try:
        unpack(wheel, model, taken)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelProblem(
            f"{wheel} cannot be read: {error}", remedy="remove it and run set-up again"
        ) from error
    if model.convert:
        (gguf,) = taken.iterdir()
        convert(gguf, draft)
        shutil.rmtree(taken)
    write_manifest(model, draft)
    final = models / model.folder
    shutil.rmtree(final, ignore_errors=True)
    draft.rename(final)


def unpack(wheel: Path, model: ModelSource, folder: Path) -> None:
    """Take the wanted files out of the wheel and check each digest."""
    with zipfile.ZipFile(wheel) as archive:
        for member, (name, expected) in model.take.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as inside, target.open("wb") as outside:
                shutil.copyfileobj(inside, outside, BLOCK)
            if digest(target) != expected:
                raise ModelProblem(f"{wheel.name}: {member} is not the file the lock names")


def write_manifest(model: ModelSource, folder: Path) -> None:
    """List every file of the folder with size and digest; the last write to the folder."""
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": digest(folder / name)}
        for name in _files(folder)
    }
    for name in files:
        (folder / name).chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)
    manifest = {
        "name": model.folder,
        "kind": model.kind,
        "source": model.source,
        "licence": model.licence,
        "files": files,
    }
    draft = folder / f".{MANIFEST}"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / MANIFEST)


def _files(folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if not file.is_dir())
    return sorted(str(f.relative_to(folder)) for f in files if f != folder / MANIFEST)
