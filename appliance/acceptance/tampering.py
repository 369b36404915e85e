"""P8 in short form: one byte is changed in each kind of file, and has to be found by name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from appliance.acceptance.checks import Check, failed, passed, unknown
from appliance.acceptance.ground import REMEDY, Ground
from appliance.app.view import Appliance
from appliance.audit.verify import verify
from appliance.config import Settings
from appliance.engine import models
from appliance.errors import AuditError, ModelError

TOPIC = "P8"
LARGEST_COPY = 4 << 30  # bytes of a model folder that is copied in order to be damaged


def object_of(ground: Ground, appliance: Appliance) -> Check:
    """One byte of a sealed object changed: the store names the document."""
    topic, name = TOPIC, "one byte of an object"
    before = appliance.store.verify()
    path = max((ground.settings.home / "store" / "objects").rglob("*"), key=_size)
    content = path.read_bytes()
    path.write_bytes(_flipped(content))
    found = appliance.store.verify()
    path.write_bytes(content)
    if before:
        return failed(topic, name, before[0], REMEDY)
    named = [problem for problem in found if problem.startswith("document ")]
    return _found(topic, name, named[0].replace(str(ground.folder), "") if named else "")


def record_of(ground: Ground, appliance: Appliance) -> Check:
    """One byte of a copy of the log changed: the check names file and record."""
    topic, name = TOPIC, "one byte of the log"
    copy = ground.folder / "log"
    shutil.copytree(ground.settings.home / "audit", copy)
    path = sorted(copy.rglob("*.jsonl"))[0]
    path.write_bytes(_flipped(path.read_bytes()))
    try:
        verify(copy, appliance.log.public_key)
    except AuditError as error:
        return _found(topic, name, error.message.replace(str(ground.folder), ""))
    finally:
        shutil.rmtree(copy)
    return _found(topic, name, "")


def model_of(ground: Ground, settings: Settings) -> Check:
    """One byte of a copy of a model changed: the check names the file."""
    topic, name = TOPIC, "one byte of a model"
    source = settings.models / settings.search.embedding_model
    files = [path for path in source.rglob("*") if path.is_file()]
    if sum(path.stat().st_size for path in files) > LARGEST_COPY:
        return unknown(topic, name, "the embedding model is too large for a copy")
    copy = ground.folder / "model"
    shutil.copytree(source, copy, copy_function=shutil.copyfile)
    for place, _, _ in os.walk(copy):  # those of a release can be read-only
        Path(place).chmod(0o700)
    weights = max((p for p in copy.rglob("*") if p.name != models.MANIFEST), key=_size)
    with weights.open("r+b") as file:
        file.seek(_size(weights) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    try:
        models.verify(copy)
    except ModelError as error:
        return _found(topic, name, error.message.replace(str(ground.folder), ""))
    finally:
        shutil.rmtree(copy)
    return _found(topic, name, "")


def _found(topic: str, name: str, problem: str) -> Check:
    if problem:
        return passed(topic, name, f"found: {problem[:120]}")
    return failed(topic, name, "a changed byte was not found", REMEDY)


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
