"""Gathers the wheels of one environment for one Python, from its lock and nothing else.

Every distribution is fetched under a hash of the lock.  What exists as source only is built here,
so that nothing but wheels enters a bundle; the lock of the bundle is then written anew against the
files that it really holds.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from functools import cache
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.installer.files import digest
from scripts.bundling.problems import BundleProblem
from scripts.installing import locks
from scripts.installing.locks import Locked

GLIBC = (2, 31)  # the oldest that every wheel here runs on
_OLDEST = 5  # manylinux_2_5
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
PAUSES_S = (0.0, 5.0, 30.0)  # before each try: a network can fail for a moment


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel on disk, with what its own METADATA says."""

    file: Path
    name: str  # in its canonical spelling
    version: str
    licence: str
    requires: tuple[str, ...]
    sha256: str
    size: int


def for_python(packages: Iterable[Locked], python: str) -> tuple[Locked, ...]:
    """The packages of a lock that a Python (major.minor) on this kind of machine needs."""
    return tuple(
        package
        for package in packages
        if not package.marker or Marker(package.marker).evaluate(_target(python))
    )


def _target(python: str) -> Mapping[str, str]:
    changed = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    return {**{key: str(value) for key, value in default_environment().items()}, **changed}


def gather(lock: Path, python: str, folder: Path, scratch: Path) -> tuple[Wheel, ...]:
    """Fetch what the lock lists into ``folder``; what lies there already is not fetched again.

    Raises:
        BundleProblem: something cannot be had, or has another hash than the lock says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packages = for_python(locks.parse(lock), python)
    source_only: set[str] = {
        canonicalize_name(option.split()[1])
        for option in locks.options(lock)
        if option.startswith("--no-binary")
    }
    fetched = _fetched(packages, source_only, python, folder, scratch)
    chosen = []
    for package in packages:
        file = next((fetched[digest] for digest in package.hashes if digest in fetched), None)
        if file is None:
            raise BundleProblem(f"{package.name} {package.version} could not be had")
        if file.suffix != ".whl":
            file = _built(file, folder, scratch)
        chosen.append(read(file))
    return tuple(chosen)


def _fetched(
    packages: tuple[Locked, ...], source_only: set[str], python: str, folder: Path, scratch: Path
) -> dict[str, Path]:
    have = _by_digest(folder)
    absent = [package for package in packages if not package.hashes & set(have)]
    binary = [p for p in absent if canonicalize_name(p.name) not in source_only]
    source = [p for p in absent if canonicalize_name(p.name) in source_only]
    if binary:
        _download(binary, [*_platform(python), "--only-binary", ":all:"], folder, scratch)
    if source:
        _download(source, ["--no-binary", ":all:", "--no-build-isolation"], folder, scratch)
    return _by_digest(folder)


def _by_digest(folder: Path) -> dict[str, Path]:
    return {_hashed(file): file for file in sorted(folder.iterdir()) if file.is_file()}


def _hashed(file: Path) -> str:
    """Each file is read once, though two locks share a folder and each asks before and after."""
    found = file.stat()
    return _digest(file, found.st_size, found.st_mtime_ns, found.st_ino)


@cache
def _digest(file: Path, _size: int, _changed: int, _inode: int) -> str:
    return digest(file)


def _platform(python: str) -> list[str]:
    words = ["--python-version", python, "--implementation", "cp"]
    for abi in (f"cp{python.replace('.', '')}", "abi3", "none"):
        words += ["--abi", abi]
    major, newest = GLIBC
    for minor in range(newest, _OLDEST - 1, -1):
        words += ["--platform", f"manylinux_{major}_{minor}_x86_64"]
    for name in ("manylinux2014", "manylinux2010", "manylinux1", "linux"):
        words += ["--platform", f"{name}_x86_64"]
    return words


def _download(packages: list[Locked], how: list[str], folder: Path, scratch: Path) -> None:
    wanted = scratch / "wanted.txt"
    lines = (Locked(p.name, p.version, "", p.hashes).line() for p in packages)
    wanted.write_text("\n".join(lines) + "\n", "utf-8")
    command = [*_pip("download"), "--dest", folder, "--find-links", folder, *how, "-r", wanted]
    ways = [command]
    if any(package.name == "torch" for package in packages):  # its CPU build is on no other index
        ways.append([*command, "--extra-index-url", TORCH_INDEX])
    for pause in PAUSES_S:
        time.sleep(pause)
        if any(map(_pip_ran, ways)):
            return
    raise BundleProblem(
        f"pip could not fetch {len(packages)} package(s) of the lock",
        remedy="its words stand above; check `pip config list`, or put the files into --wheels DIR",
    )


def _pip(verb: str) -> list[str | Path]:
    return [sys.executable, "-I", "-m", "pip", verb, "-qq", "--no-deps", "--require-hashes"]


def _pip_ran(command: list[str | Path]) -> bool:
    return subprocess.run(command, check=False).returncode == 0


def _built(source: Path, folder: Path, scratch: Path) -> Path:
    """A wheel made here of a source distribution whose hash was checked; made once."""
    made = scratch / "built" / digest(source)
    done = next(iter(made.glob("*.whl")), None)
    return done or build(source, made)


def build(source: Path, into: Path) -> Path:
    """A wheel of a source distribution or a source tree; the same source gives the same bytes.

    Raises:
        BundleProblem: its build failed.
    """
    command = [sys.executable, "-I", "-m", "pip", "wheel", "-qq", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--no-cache-dir", "--wheel-dir", str(into), str(source)]
    steady = {**os.environ, "SOURCE_DATE_EPOCH": "1577836800", "PYTHONHASHSEED": "0"}
    if subprocess.run(command, check=False, env=steady).returncode != 0:
        raise BundleProblem(f"{source.name} could not be built into a wheel")
    return next(iter(into.glob("*.whl")))


def read(file: Path) -> Wheel:
    """What a wheel says of itself.

    Raises:
        BundleProblem: it is no wheel.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            (name,) = (n for n in archive.namelist() if _METADATA.fullmatch(n))
            metadata = BytesParser().parsebytes(archive.read(name))
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise BundleProblem(f"{file.name} is not a wheel") from error
    return Wheel(
        file=file,
        name=canonicalize_name(str(metadata["Name"])),
        version=str(metadata["Version"]),
        licence=_licence(metadata.get("License-Expression"), metadata),
        requires=tuple(str(value) for value in metadata.get_all("Requires-Dist", [])),
        sha256=_hashed(file),
        size=file.stat().st_size,
    )


_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_LONGEST_LICENCE = 60  # characters; more is the text of a licence, not its name


def _licence(expression: object, metadata: object) -> str:
    """An SPDX expression where there is one, else the package's own short words."""
    if expression:
        return " ".join(str(expression).split())
    get_all = metadata.get_all  # type: ignore[attr-defined]
    given = " ".join(str(get_all("License", [""])[0]).split())
    if 0 < len(given) <= _LONGEST_LICENCE and given.upper() != "UNKNOWN":
        return given
    classes = [value for value in get_all("Classifier", []) if value.startswith("License ::")]
    return classes[0].rpartition(" :: ")[2] if classes else "not stated"


def reachable(root: Wheel, wheels: Iterable[Wheel], python: str) -> tuple[Wheel, ...]:
    """What ``root`` needs, directly or not, out of ``wheels``: leaves out what only tests need.

    Raises:
        BundleProblem: something that is needed is not there.
    """
    by_name = {wheel.name: wheel for wheel in wheels}
    found: dict[str, set[str]] = {}
    waiting: list[tuple[Wheel, str]] = [(root, "")]
    while waiting:
        wheel, extra = waiting.pop()
        for line in wheel.requires:
            need = Requirement(line)
            if need.marker and not need.marker.evaluate({**_target(python), "extra": extra}):
                continue
            name = canonicalize_name(need.name)
            if name not in by_name:
                raise BundleProblem(f"{wheel.name} needs {name}, which the lock does not hold")
            known = found.setdefault(name, set())
            for wanted in ("", *need.extras):
                if wanted not in known:
                    known.add(wanted)
                    waiting.append((by_name[name], wanted))
    return tuple(by_name[name] for name in sorted(found))


def relocked(wheels: Iterable[Wheel]) -> bytes:
    """A lock of exactly these files."""
    lines = sorted(f"{w.name}=={w.version} --hash=sha256:{w.sha256}" for w in wheels)
    return ("\n".join(lines) + "\n").encode()
