"""Changes a real bundle in every way that matters and counts what is accepted: nothing may be.

Each case works on a copy whose files are links, and writes anew only what it changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.installer import releases
from deploy.installer.manifest import Entry, Manifest, decode, encode
from scripts.bundling import signing
from scripts.bundling.signing import Keys
from scripts.proving import namespace

BESIDE = ("MANIFEST.json", "MANIFEST.json.sig", "keys/allowed_signers", "install.sh")
REFUSED = 4


@dataclass(frozen=True, slots=True)
class Case:
    """One change; ``named`` must stand in what the installer says, and ``mend`` undoes nothing."""

    name: str
    named: str
    change: Callable[[Path], None]


def flip(path: Path) -> None:
    """One bit in the middle, in a file of its own."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    _anew(path, bytes(content))


def cut(path: Path) -> None:
    """One byte less."""
    _anew(path, path.read_bytes()[:-1])


def _anew(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def pooled(bundle: Path, sha256: str) -> Path:
    """Where a file of the bundle lies."""
    return bundle / "pool" / "sha256" / sha256[:2] / sha256


def cases(manifest: Manifest) -> Iterator[Case]:
    """Every change to a bundle in one piece."""
    for name in BESIDE:
        said = {"keys/allowed_signers": "key"}.get(name, name.removesuffix(".sig"))
        yield Case(f"{name}, one bit", said, lambda b, name=name: flip(b / name))  # type: ignore[misc]
    for kind in sorted({entry.kind for entry in manifest.files}):
        entry = min((e for e in manifest.of_kind(kind) if e.size), key=lambda e: (e.size, e.path))
        yield from _of_a_file(entry, manifest)
    yield from _additions(manifest)


def _of_a_file(entry: Entry, manifest: Manifest) -> Iterator[Case]:
    beside = entry.path.removeprefix("deploy/")
    runs = entry.path == "deploy/install.sh" or beside.startswith("installer/")
    twins = [e.path for e in manifest.files if e.sha256 == entry.sha256]
    named = min(twins) if not runs else entry.path

    def place(bundle: Path) -> Path:
        return bundle / beside if runs else pooled(bundle, entry.sha256)

    yield Case(f"{entry.kind}, one bit", named, lambda b: flip(place(b)))
    yield Case(f"{entry.kind}, removed", named, lambda b: place(b).unlink())
    yield Case(f"{entry.kind}, cut", named, lambda b: cut(place(b)))


def _additions(manifest: Manifest) -> Iterator[Case]:
    one, two, *_ = sorted(manifest.of_kind("wheel"), key=lambda e: e.size)
    wheel = one.path.rpartition("/")[2].replace("-", "-99.", 1)
    planted = b"PK a newer wheel"
    sha256 = hashlib.sha256(planted).hexdigest()

    def under_its_hash(bundle: Path) -> None:
        target = pooled(bundle, sha256)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(planted)

    def swap(bundle: Path) -> None:
        content = pooled(bundle, one.sha256).read_bytes()
        _anew(pooled(bundle, one.sha256), pooled(bundle, two.sha256).read_bytes())
        _anew(pooled(bundle, two.sha256), content)

    def rename(bundle: Path) -> None:
        found = pooled(bundle, one.sha256)
        found.rename(found.with_name(found.name[:2] + "f" * 62))

    yield Case("newer wheel by its name", wheel, lambda b: (b / "pool" / wheel).touch())
    yield Case("newer wheel under its real hash", sha256, under_its_hash)
    yield Case("two wheels swapped", "wheels/", swap)
    yield Case("a wheel renamed", "f" * 62, rename)
    yield Case("a file added", "NOTES", lambda b: (b / "NOTES").touch())
    yield Case("a module added", "installer/json.py", lambda b: (b / "installer/json.py").touch())
    yield Case("a link added", "pool/link", lambda b: (b / "pool/link").symlink_to("/etc/passwd"))


def of_volumes(first: Path) -> Iterator[Case]:
    """Changes to a bundle on several volumes; each gets the folder that holds them all."""
    manifest = decode((first / "MANIFEST.json").read_bytes())
    chunked = next(entry for entry in manifest.files if entry.chunks)
    last = chunked.chunks[-1]

    def swap(root: Path) -> None:
        one, two = root / "vol1" / "VOLUME", root / "vol2" / "VOLUME"
        labels = one.read_bytes(), two.read_bytes()
        _anew(one, labels[1])
        _anew(two, labels[0])

    yield Case("two volumes swapped", "missing", swap)
    yield Case("last chunk cut", last.volume, lambda r: cut(pooled(r / last.volume, last.sha256)))
    yield Case("a volume's manifest", "vol2", lambda r: flip(r / "vol2" / "MANIFEST.json"))


def tried(bundle: Path, case: Case, scratch: Path, *, volumes: bool = False) -> str:
    """Install a changed copy; empty when it was refused by name, else what went wrong."""
    first = bundle / "vol1" if volumes else bundle
    key = signing.fingerprint(first / "keys" / "allowed_signers")
    copy, prefix = scratch / "medium", scratch / "there"
    for folder in (copy, prefix):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, copy, copy_function=os.link)
    case.change(copy)
    done = offered(copy / "vol1" if volumes else copy, prefix, f"--fingerprint={key}")
    if releases.current(prefix) or done.returncode == 0:
        return "it was accepted"
    if done.returncode != REFUSED or case.named not in done.stderr:
        return f"exit {done.returncode}, not named: {done.stderr.strip()[-300:]}"
    return ""


def replayed(bundle: Path, keys: Keys, scratch: Path, prefix: Path) -> str:
    """An older manifest, signed with the right key, over the new pool, where the new one stands."""
    copy = scratch / "old"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(bundle, copy, copy_function=os.link)
    manifest = decode((copy / "MANIFEST.json").read_bytes())
    before = releases.current(prefix)
    _anew(copy / "MANIFEST.json", encode(replace(manifest, serial=manifest.serial - 1)))
    for name in ("MANIFEST.json.sig", "MANIFEST.json.ecdsa"):
        (copy / name).unlink()
    shutil.rmtree(copy / "keys")
    signing.sign(copy / "MANIFEST.json", keys, copy / "keys")
    done = offered(copy, prefix)
    if done.returncode != REFUSED or "older" not in done.stderr:
        return f"exit {done.returncode}: {done.stderr.strip()[-300:]}"
    return "" if releases.current(prefix) == before else "another release is in force"


def offered(medium: Path, prefix: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``install.sh`` of this medium, with nobody there to answer."""
    return subprocess.run(
        ["sh", str(medium / "install.sh"), "--prefix", str(prefix), *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=namespace.plain(prefix.parent),
    )
