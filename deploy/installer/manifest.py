"""The manifest of a bundle: every file with its hash, as canonical JSON with one file a line.

Both sides use this module: the builder writes what `encode` gives and signs it, the installer
reads nothing that `decode` does not accept.  Canonical means: keys sorted, no blanks, integers and
strings only, NFC, one entry of ``files`` a line (so that a shell can find an entry with ``grep``),
a line feed at the end.  There is no time in it: the same inputs give the same bytes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import NoReturn

SCHEMA = 1
KINDS = (
    *("doc", "installer", "licence", "lock", "model", "policy", "provenance"),
    *("python", "sbom", "source", "tool", "unit", "wheel"),
)
VARIANTS = ("cpu", "gpu", "core")
LARGEST_MANIFEST = 64 << 20  # bytes
_HEX = re.compile(r"[0-9a-f]{64}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.+-]{0,30}")


class ManifestProblem(Exception):
    """The manifest is not one; the message says where, never what a file holds."""


@dataclass(frozen=True)
class Chunk:
    """A part of a file that is larger than a volume."""

    sha256: str
    size: int
    volume: str


@dataclass(frozen=True)
class Entry:
    """One file of the release; ``path`` is where it belongs, relative to the release's folder."""

    path: str
    kind: str
    licence: str
    sha256: str
    size: int
    volume: str  # empty where the file comes in chunks
    chunks: tuple[Chunk, ...] = ()


@dataclass(frozen=True)
class Volume:
    """One medium."""

    label: str
    files: int  # pool files on it, chunks counted one by one
    bytes: int


@dataclass(frozen=True)
class Targets:
    """What the machine must offer."""

    machine: str  # as `uname -m` says
    glibc: str
    python: str  # major.minor
    driver: int = 0  # of NVIDIA; 0: none needed
    capability: int = 0  # compute capability times ten


@dataclass(frozen=True)
class Manifest:
    """Everything that is ever installed."""

    name: str
    version: str
    serial: int  # grows with every bundle; a lower one is a step back
    variant: str
    targets: Targets
    volumes: tuple[Volume, ...]
    files: tuple[Entry, ...]

    @property
    def release(self) -> str:
        """Name of the release's folder."""
        return f"{self.version}-{self.serial}"

    def of_kind(self, kind: str) -> tuple[Entry, ...]:
        """The files of one kind, by path."""
        return tuple(entry for entry in self.files if entry.kind == kind)


def encode(manifest: Manifest) -> bytes:
    """The canonical bytes."""
    files = sorted(manifest.files, key=lambda entry: entry.path)
    head = {**asdict(manifest), "schema": SCHEMA}
    head.pop("files")
    lines = ",\n".join(_canonical(asdict(entry)) for entry in files)
    # "files" sorts before every other key of the object
    return f'{{"files":[\n{lines}\n],{_canonical(head)[1:]}\n'.encode()


def decode(untrusted: bytes) -> Manifest:
    """Check every bound and make the manifest.

    Raises:
        ManifestProblem: the bytes are not canonical, or a value is out of bounds.
    """
    if len(untrusted) > LARGEST_MANIFEST:
        raise ManifestProblem("the manifest is too large")
    try:
        found = json.loads(untrusted.decode("utf-8"), parse_float=_no_float)
    except (ValueError, RecursionError) as error:
        raise ManifestProblem("the manifest is not UTF-8 JSON") from error
    head = _object(
        found,
        "the manifest",
        {"files", "name", "schema", "serial", "targets", "variant", "version", "volumes"},
    )
    if head["schema"] != SCHEMA:
        raise ManifestProblem(f"the manifest's schema is not {SCHEMA}; a newer installer is needed")
    volumes = tuple(_volume(value) for value in _list(head["volumes"], "volumes"))
    manifest = Manifest(
        name=_matching(_LABEL, head["name"], "the name"),
        version=_matching(_VERSION, head["version"], "the version"),
        serial=_count(head["serial"], "the serial"),
        variant=_among(VARIANTS, head["variant"], "the variant"),
        targets=_targets(head["targets"]),
        volumes=volumes,
        files=tuple(
            _entry(value, {volume.label for volume in volumes})
            for value in _list(head["files"], "files")
        ),
    )
    _refuse_clashes(manifest)
    if encode(manifest) != untrusted:
        raise ManifestProblem("the manifest is not in its canonical form")
    return manifest


def _refuse_clashes(manifest: Manifest) -> None:
    paths = [entry.path for entry in manifest.files]
    if len(set(paths)) != len(paths):
        raise ManifestProblem("the manifest lists a path twice")
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    if folders & set(paths):
        raise ManifestProblem("the manifest lists a path as a file and as a folder")
    labels = [volume.label for volume in manifest.volumes]
    if not labels or len(set(labels)) != len(labels):
        raise ManifestProblem("the manifest lists no volume, or one twice")


# --- values ---------------------------------------------------------------------------------------


def _entry(value: object, labels: set[str]) -> Entry:
    found = _object(
        value, "a file", {"path", "kind", "licence", "sha256", "size", "volume", "chunks"}
    )
    path = _path(found["path"])
    chunks = tuple(_chunk(chunk, labels, path) for chunk in _list(found["chunks"], path))
    size = _count(found["size"], path)
    volume = found["volume"]
    if chunks:
        if volume != "" or sum(chunk.size for chunk in chunks) != size:
            raise ManifestProblem(f"{path}: its chunks do not make the file")
    elif volume not in labels:
        raise ManifestProblem(f"{path}: its volume is not listed")
    return Entry(
        path=path,
        kind=_among(KINDS, found["kind"], path),
        licence=_text(found["licence"], path),
        sha256=_matching(_HEX, found["sha256"], path),
        size=size,
        volume=str(volume),
        chunks=chunks,
    )


def _chunk(value: object, labels: set[str], path: str) -> Chunk:
    found = _object(value, path, {"sha256", "size", "volume"})
    if found["volume"] not in labels:
        raise ManifestProblem(f"{path}: the volume of a chunk is not listed")
    return Chunk(
        _matching(_HEX, found["sha256"], path), _count(found["size"], path), str(found["volume"])
    )


def _volume(value: object) -> Volume:
    found = _object(value, "a volume", {"label", "files", "bytes"})
    return Volume(
        _matching(_LABEL, found["label"], "a volume's label"),
        _count(found["files"], "a volume"),
        _count(found["bytes"], "a volume"),
    )


def _targets(value: object) -> Targets:
    found = _object(value, "targets", {"machine", "glibc", "python", "driver", "capability"})
    return Targets(
        machine=_matching(_LABEL, found["machine"], "the machine"),
        glibc=_matching(re.compile(r"[0-9]+\.[0-9]+"), found["glibc"], "glibc"),
        python=_matching(re.compile(r"3\.[0-9]+"), found["python"], "Python"),
        driver=_count(found["driver"], "the driver"),
        capability=_count(found["capability"], "the capability"),
    )


def _path(value: object) -> str:
    """A relative path that stays where it is put, in plain spelling."""
    text = _text(value, "a path")
    path = PurePosixPath(text)
    plain = bool(text) and str(path) == text and not path.is_absolute() and ".." not in path.parts
    if not plain or text == "." or "\\" in text or len(text) > 500:
        raise ManifestProblem("a path leads elsewhere or is not spelt plainly")
    return text


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
        raise ManifestProblem(f"{what}: not a short printable text")
    if unicodedata.normalize("NFC", value) != value:
        raise ManifestProblem(f"{what}: not in normal form")
    return value


def _matching(pattern: re.Pattern[str], value: object, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ManifestProblem(f"{what}: not spelt as it must be")
    return value


def _among(words: tuple[str, ...], value: object, what: str) -> str:
    if not isinstance(value, str) or value not in words:
        raise ManifestProblem(f"{what}: not one of {', '.join(words)}")
    return value


def _count(value: object, what: str) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ManifestProblem(f"{what}: not a whole number in bounds")
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise ManifestProblem(f"{what}: not a list")
    return value


def _object(value: object, what: str, keys: set[str]) -> dict[str, object]:
    if not isinstance(value, dict) or set(value) != keys:
        raise ManifestProblem(f"{what}: unknown or missing keys")
    return value


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _no_float(_: str) -> NoReturn:
    raise ValueError("a number that is not whole")
