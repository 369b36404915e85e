"""What is checked before anything is imported: the signature again, then every file of a medium.

`install.sh` has verified the signature before it ran a line of this; what it used is handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from .manifest import Entry, Manifest
from .media import Media
from .pool import PoolProblem, check, is_whole
from .problems import REFUSED, InstallProblem

# What stands on a medium beside the pool.  The manifest lists install.sh and the installer below
# deploy/; the keys are copies that nothing trusts.
BESIDE = ("MANIFEST.json", "MANIFEST.json.sig", "MANIFEST.json.ecdsa", "VOLUME", "install.sh")
FOLDERS = ("keys", "installer", "pool")


def refuse_strangers(manifest: Manifest, folder: Path) -> None:
    """Raise at the first file on a medium that the manifest does not list.

    Raises:
        InstallProblem: naming the file.
    """
    known = {entry.sha256 for entry in manifest.files}
    known |= {chunk.sha256 for entry in manifest.files for chunk in entry.chunks}
    installer = {
        entry.path.removeprefix("deploy/")
        for entry in manifest.files
        if entry.path.startswith("deploy/installer/")
    }
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        plain = not path.is_symlink() and (path.is_dir() or path.is_file())
        if not plain or not _expected(name, path.is_dir(), known, installer):
            raise InstallProblem(
                f"{name}: on the medium and not in the manifest",
                remedy="copy the bundle again; do not add files to it",
                exit_code=REFUSED,
            )


def _expected(name: str, is_folder: bool, known: set[str], installer: set[str]) -> bool:
    top, _, rest = name.partition("/")
    if is_folder:
        return top in FOLDERS
    if top == "installer":
        return name in installer
    if top == "pool":
        return rest.rpartition("/")[2] in known and _in_place(rest)
    if top == "keys":
        return rest in {"allowed_signers", "bundle_p256.pub.pem"}
    return name in BESIDE


def _in_place(rest: str) -> bool:
    parts = rest.split("/")
    return len(parts) == 3 and parts[0] == "sha256" and parts[2][:2] == parts[1]


def verify_volume(manifest: Manifest, content: bytes, folder: Path) -> None:
    """A medium belongs to this bundle: manifest and installer are the same, nothing is added.

    Raises:
        InstallProblem: naming what is not so.
    """
    path = folder / "MANIFEST.json"
    if not path.is_file() or path.read_bytes() != content:
        raise InstallProblem(
            f"{path}: missing, or the manifest of another bundle",
            remedy="use the volumes of one bundle together",
            exit_code=REFUSED,
        )
    verify_installer(manifest, folder)
    refuse_strangers(manifest, folder)


def verify_installer(manifest: Manifest, folder: Path) -> None:
    """The installer's own files on this medium are the ones that the manifest lists.

    Raises:
        InstallProblem: naming the first that is not.
    """
    for entry in manifest.files:
        if entry.path == "deploy/install.sh" or entry.path.startswith("deploy/installer/"):
            _check(folder / entry.path.removeprefix("deploy/"), entry, entry.path)


def verify_media(
    manifest: Manifest, media: Media, pool: Path, say: Callable[[Entry], None]
) -> None:
    """Read every file of the bundle; those that the pool holds whole are read there.

    Raises:
        InstallProblem: naming the first file, or chunk and volume, that is not what was signed.
    """
    for entry in _once(manifest.files):
        if not is_whole(pool, entry.sha256, entry.size):
            for piece in media.pieces(entry):
                try:
                    check(piece.source, piece.sha256, piece.size, piece.name)
                except PoolProblem as error:
                    raise refused(error) from error
        say(entry)


def _once(entries: Iterable[Entry]) -> Iterable[Entry]:
    seen: set[str] = set()
    for entry in entries:
        if entry.sha256 not in seen:
            seen.add(entry.sha256)
            yield entry


def _check(path: Path, entry: Entry, name: str) -> None:
    try:
        check(path, entry.sha256, entry.size, name)
    except PoolProblem as error:
        raise refused(error) from error


def refused(error: PoolProblem) -> InstallProblem:
    """A file that is not what was signed, as the end of the installation."""
    return InstallProblem(
        str(error), remedy="copy this medium again from its source", exit_code=REFUSED
    )
