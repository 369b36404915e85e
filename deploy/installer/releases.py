"""Releases side by side; ``current`` points to one, and only ever to a whole one.

The pointer is a symbolic link that is replaced by renaming another one over it (rename(2) is
atomic), so that a power cut leaves the old or the new release in force, never none.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import pool
from .files import sync
from .manifest import ManifestProblem, decode
from .problems import InstallProblem

CURRENT = "current"
OURS = ("releases", "tools", "cache", "python", "state", "pool")  # below a prefix; pool goes last
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
    fresh = prefix / f".{CURRENT}"
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


@contextmanager
def alone(prefix: Path) -> Iterator[None]:
    """Hold an installation: two installers at once would remove each other's work.

    Raises:
        InstallProblem: there is none, or another one holds it.
    """
    if not prefix.is_dir():
        raise InstallProblem(f"there is no installation in {prefix}", remedy="see --prefix")
    descriptor = os.open(prefix, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems know no locks
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InstallProblem(
                    f"another install.sh is at work on {prefix}", remedy="wait until it has ended"
                ) from None
        yield
    finally:
        os.close(descriptor)


def refuse_others(prefix: Path) -> None:
    """Raise where folders named as ours are somebody else's: sweeping would remove them.

    Raises:
        InstallProblem: nothing shows that an installation was ever begun there.
    """
    begun = (prefix / "pool" / "sha256").is_dir()
    taken = [name for name in OURS if name != "python" and (prefix / name).exists()]
    if taken and not begun:
        raise InstallProblem(
            f"{prefix / taken[0]} is not of an installation",
            remedy="name the folder of the installation, or an empty one, with --prefix",
        )


def sweep(prefix: Path, keep: int) -> None:
    """Remove what is unfinished, of the whole ones not in force all but the newest ``keep``, and
    what none of those that stay needs.
    """
    known = {current(prefix), *others(prefix)[:keep]}
    swept = False
    for path in (prefix / "releases").glob("*"):
        if path.name not in known:
            (path / COMPLETE).unlink(missing_ok=True)
            shutil.rmtree(path, ignore_errors=True)
            swept = True
    if swept:
        _sweep_shared(prefix, known)


def _sweep_shared(prefix: Path, known: set[str]) -> None:
    wanted: set[str] = set()
    for name in known:
        try:
            manifest = decode((folder(prefix, name) / "MANIFEST.json").read_bytes())
        except (OSError, ManifestProblem):
            return  # what that release needs is not known
        wanted.update(entry.sha256 for entry in manifest.files)
    pool.prune(prefix / "pool", wanted)
    for path in (prefix / "python").glob("*"):
        if path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(prefix / "cache", ignore_errors=True)
