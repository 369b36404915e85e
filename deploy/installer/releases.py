"""Releases side by side; ``current`` points to one, and only ever to a whole one.

The pointer is a symbolic link that is replaced by renaming another one over it (rename(2) is
atomic), so that a power cut leaves the old or the new release in force, never none.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .files import sync
from .problems import InstallProblem

CURRENT = "current"
COMPLETE = ".complete"  # holds the SHA-256 of the manifest; written last


def folder(prefix: Path, release: str) -> Path:
    """Where a release lies."""
    return prefix / "releases" / release


def is_complete(prefix: Path, release: str, manifest_digest: str = "") -> bool:
    """Whether a release is there and whole, and made from this manifest where one is given."""
    try:
        found = (folder(prefix, release) / COMPLETE).read_text("ascii").strip()
    except (OSError, ValueError):
        return False
    return found == manifest_digest if manifest_digest else len(found) == 64


def complete(prefix: Path, release: str, manifest_digest: str) -> None:
    """Say that a release is whole; what was written before is on disk when this returns."""
    os.sync()
    mark = folder(prefix, release) / COMPLETE
    part = mark.with_name(mark.name + ".part")
    part.write_text(manifest_digest + "\n", "ascii")
    sync(part)
    part.rename(mark)
    sync(mark.parent)


def current(prefix: Path) -> str:
    """The release in force, empty where there is none."""
    try:
        return Path(os.readlink(prefix / CURRENT)).name
    except OSError:
        return ""


def switch(prefix: Path, release: str) -> None:
    """Put a release in force.

    Raises:
        InstallProblem: it is not whole.
    """
    if not is_complete(prefix, release):
        raise InstallProblem(f"the release {release} is not whole", remedy="install it again")
    fresh = prefix / f".{CURRENT}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("releases") / release)
    fresh.rename(prefix / CURRENT)
    sync(prefix)


def others(prefix: Path) -> tuple[str, ...]:
    """The whole releases that are not in force, newest first by their serials."""
    found = [p.name for p in (prefix / "releases").glob("*") if is_complete(prefix, p.name)]
    serial = {name: int(name.rpartition("-")[2]) for name in found}
    return tuple(
        sorted((n for n in found if n != current(prefix)), key=lambda n: serial[n], reverse=True)
    )


def sweep(prefix: Path, keep: int) -> None:
    """Remove what is unfinished, and of the whole ones not in force all but the newest ``keep``."""
    known = {current(prefix), *others(prefix)[:keep]}
    for path in (prefix / "releases").glob("*"):
        if path.name not in known:
            (path / COMPLETE).unlink(missing_ok=True)
            shutil.rmtree(path, ignore_errors=True)
