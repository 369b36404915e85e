"""A model is a folder of plain data that is exactly what its manifest lists.

``model.json`` names the model, its licence and every file with size and SHA-256.  Nothing else
may lie in the folder, nothing in it may be code or a pickle, and no configuration may point to
code (``auto_map``).  The digest of the manifest stands in every record that used the model.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from appliance.errors import ModelError

MANIFEST = "model.json"
LARGEST_JSON = 64 * 1024 * 1024  # bytes; the largest tokenizer.json in use is about 33 MB
SUFFIXES = frozenset({".safetensors", ".json", ".txt", ".jinja"})
NAMED = frozenset({"tokenizer.model"})  # SentencePiece's table: data, with a suffix of its own
KINDS = frozenset({"language", "embedding"})
_STEP_NS = 20_000_000  # times of files move in steps of up to 10 ms (before Linux 6.13)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model it is, to the byte: ``digest`` is the SHA-256 of the canonical manifest."""

    name: str
    kind: str  # language | embedding
    digest: str  # 64 hex digits
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class _Listed:
    size: int
    sha256: str


def verify(folder: Path, seen: Path | None = None) -> ModelIdentity:
    """Check every byte of a model folder against its manifest.

    ``seen`` is a file in a private folder that remembers which files were hashed before, by
    size, times and inode, so that a large model is read once and not at every start.

    Raises:
        ModelError: the folder or its manifest is missing or broken, a file is missing, added,
            changed or of a kind that is not data, or a configuration points to code.
    """
    manifest = _manifest(folder)
    files = _listed(folder, manifest)
    _refuse_unlisted(folder, files)
    before = _remembered(seen)
    now: dict[str, list[int | str]] = {}
    for name, listed in sorted(files.items()):
        path = folder / name
        mark = _checked_size(path, listed)
        if before.get(str(path)) != [*mark, listed.sha256]:
            _leave_step(mark)
            _check_digest(path, listed)
        now[str(path)] = [*mark, listed.sha256]
        if path.suffix == ".json":
            _refuse_code(path)
    if seen is not None and now != before:
        _remember(seen, now)
    return ModelIdentity(
        name=_text(manifest, "name", folder),
        kind=_text(manifest, "kind", folder),
        digest=hashlib.sha256(_canonical(manifest)).hexdigest(),
        source=_text(manifest, "source", folder),
        licence=_text(manifest, "licence", folder),
    )


def _manifest(folder: Path) -> Mapping[str, object]:
    path = folder / MANIFEST
    if not folder.is_dir():
        raise ModelError(
            f"there is no model folder {folder}", remedy="run scripts/setup, or name another model"
        )
    loaded = _json(path)
    if not isinstance(loaded, dict):
        raise _broken(path, "it is not a table")
    if loaded.get("kind") not in KINDS:
        raise _broken(path, "its kind is neither language nor embedding")
    return loaded


def _listed(folder: Path, manifest: Mapping[str, object]) -> dict[str, _Listed]:
    path = folder / MANIFEST
    table = manifest.get("files")
    if not isinstance(table, dict) or not table:
        raise _broken(path, "it lists no files")
    files = {}
    for name, entry in table.items():
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or str(pure) != name or name == MANIFEST:
            raise _broken(path, "it lists a file outside the folder, or itself")
        if pure.suffix not in SUFFIXES and name not in NAMED:
            raise ModelError(
                f"{folder / name} is not a kind of file that a model may hold",
                remedy="use a model with safetensors weights; pickles and code are never loaded",
            )
        size, digest = (
            (entry.get("size"), entry.get("sha256")) if isinstance(entry, dict) else (None, None)
        )
        if type(size) is not int or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise _broken(path, "a size or digest in it is missing or malformed")
        files[name] = _Listed(size, digest)
    return files


def _refuse_unlisted(folder: Path, files: Mapping[str, _Listed]) -> None:
    for where, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(where, name)
            if path.is_symlink():
                raise ModelError(
                    f"{path} is a link; a model folder holds its files itself",
                    remedy="copy the file it points to into the folder",
                )
        for name in names:
            path = Path(where, name)
            if path.relative_to(folder).as_posix() not in {*files, MANIFEST}:
                raise ModelError(
                    f"{path} is not listed in {MANIFEST}",
                    remedy="remove the file, or install the model again from its bundle",
                )


def _checked_size(path: Path, listed: _Listed) -> list[int]:
    try:
        found = path.lstat()
    except OSError as error:
        raise ModelError(
            f"{path} is missing: {error.strerror}", remedy="install the model again"
        ) from error
    if not stat.S_ISREG(found.st_mode) or found.st_size != listed.size:
        raise _changed(path)
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]


def _leave_step(mark: list[int]) -> None:
    """Wait where a change after the reading could still leave the times as they are."""
    passed = time.time_ns() - max(mark[1:3])
    if 0 <= passed < _STEP_NS:
        time.sleep((_STEP_NS - passed) / 1e9)


def _check_digest(path: Path, listed: _Listed) -> None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}", remedy="correct its permissions"
        ) from error
    if digest != listed.sha256:
        raise _changed(path)


def _refuse_code(path: Path) -> None:
    """No configuration may name a class to be imported from the folder or from a hub."""
    loaded = _json(path)
    modules = loaded if isinstance(loaded, list) else []
    foreign = any(
        not str(module.get("type", "")).startswith("sentence_transformers.")
        for module in modules
        if isinstance(module, dict) and path.name == "modules.json"
    )
    if foreign or (isinstance(loaded, dict) and "auto_map" in loaded):
        raise ModelError(
            f"{path} asks for code from outside the engine",
            remedy="use a model that needs no code of its own",
        )


def _json(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise _broken(path, "it is too large")
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing", remedy="install the model again") from error
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(path, "it cannot be read as JSON") from error


def _text(manifest: Mapping[str, object], key: str, folder: Path) -> str:
    value = manifest.get(key)
    if not isinstance(value, str) or not value:
        raise _broken(folder / MANIFEST, f"{key} is missing")
    return value


def _canonical(manifest: Mapping[str, object]) -> bytes:
    return json.dumps(
        manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _remembered(seen: Path | None) -> dict[str, list[int | str]]:
    """What was hashed before; a missing or damaged memory only costs time."""
    try:
        loaded = json.loads(seen.read_bytes()) if seen else {}
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _remember(seen: Path, now: Mapping[str, list[int | str]]) -> None:
    partial = seen.with_suffix(".partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(now, file)
        partial.replace(seen)
    except OSError as error:
        raise ModelError(
            f"{seen} cannot be written: {error.strerror}", remedy="correct its permissions"
        ) from error


def _changed(path: Path) -> ModelError:
    return ModelError(
        f"{path} differs from {MANIFEST}", remedy="install the model again from its bundle"
    )


def _broken(path: Path, why: str) -> ModelError:
    return ModelError(f"{path} is not usable: {why}", remedy="install the model again")
