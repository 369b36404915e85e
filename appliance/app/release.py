"""The release that is installed here, as its signed manifest tells; a checkout has none.

The installer has verified the manifest and every file before the release came into force; what is
read here says what belongs there, so that a change since then can be found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from appliance.config import Settings
from appliance.errors import ConfigError

MANIFEST = "MANIFEST.json"
COMPLETE = ".complete"  # of the installer: the SHA-256 of the manifest that it verified
CORE = "core"  # the variant without an engine
_IN_POOL = frozenset({"installer", "python", "source", "tool"})
LARGEST = 64 << 20  # bytes
AGAIN = "run install.sh of the release's bundle again"
CHECKOUT = "run scripts/setup"


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of the release; ``path`` is relative to its folder."""

    path: str
    kind: str
    size: int
    sha256: str

    @property
    def is_laid_out(self) -> bool:
        """Whether it lies in the release's folder; what the installer needs stays in its pool."""
        return self.kind not in _IN_POOL


@dataclass(frozen=True, slots=True)
class Release:
    """What was installed."""

    folder: Path
    version: str
    serial: int
    variant: str  # cpu | gpu | core
    digest: str  # SHA-256 of the manifest
    files: tuple[Listed, ...]

    @property
    def has_engine(self) -> bool:
        """Whether a language model's engine belongs to this variant."""
        return self.variant != CORE


def of(settings: Settings) -> Release | None:
    """The release at the root of this installation; None where a checkout runs in place.

    Raises:
        ConfigError: its manifest is damaged, or not the one that the installer verified.
    """
    path = settings.root / MANIFEST
    try:
        with path.open("rb") as file:
            untrusted = file.read(LARGEST + 1)
    except FileNotFoundError:
        if settings.journal is None:
            return None
        raise ConfigError(f"{path} is missing", remedy=AGAIN) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", remedy=AGAIN) from error
    digest = hashlib.sha256(untrusted).hexdigest()
    if _verified(settings.root) not in {None, digest} or len(untrusted) > LARGEST:
        raise ConfigError(f"{path} is not the manifest that was installed", remedy=AGAIN)
    try:
        return _release(settings.root, digest, json.loads(untrusted))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{path} is not a manifest", remedy=AGAIN) from error


def is_core(settings: Settings) -> bool:
    """Whether this is an installation without an engine, on purpose."""
    try:
        found = of(settings)
    except ConfigError:
        return False
    return found is not None and not found.has_engine


def remedy(settings: Settings) -> str:
    """What puts an installation right: of a release its installer, of a checkout its set-up."""
    installed = settings.journal is not None or (settings.root / MANIFEST).exists()
    return AGAIN if installed else CHECKOUT


def _verified(root: Path) -> str | None:
    try:
        return (root / COMPLETE).read_text("ascii").strip()
    except (OSError, ValueError):
        return None


def _release(folder: Path, digest: str, untrusted: Mapping[str, object]) -> Release:
    files = untrusted["files"]
    if not isinstance(files, list):
        raise ValueError("files")
    return Release(
        folder,
        str(untrusted["version"]),
        int(str(untrusted["serial"])),
        str(untrusted["variant"]),
        digest,
        tuple(_listed(entry) for entry in files),
    )


def _listed(untrusted: Mapping[str, object]) -> Listed:
    path = PurePosixPath(str(untrusted["path"]))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("a path leads elsewhere")
    kind, digest = str(untrusted["kind"]), str(untrusted["sha256"])
    return Listed(str(path), kind, int(str(untrusted["size"])), digest)
